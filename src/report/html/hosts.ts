import type { ReportCheck, ReportDocument, ReportHost } from '../document/schema.ts';
import { endOnHost } from '../shared/ends.ts';
import { hasFailed } from '../shared/outcome.ts';
import { outlookOf } from '../shared/outlook.ts';
import { count } from '../shared/prose.ts';
import { stateWords } from '../shared/state-words.ts';
import { type Tone, toneOf, toneOfEnd } from '../shared/tones.ts';

/** A host as the page shows it, whatever the command tells of it. */
export interface HostShown {
  readonly name: string;
  readonly role: string;
  readonly tone: Tone;
  /** its state in a few words */
  readonly words: string;
  /** it leaves the cluster */
  readonly leaves: boolean;
  readonly host: ReportHost | undefined;
  readonly checks: readonly ReportCheck[];
}

/** A role with its hosts. */
export interface RoleShown {
  readonly role: string;
  /** its hosts are run by somebody else */
  readonly external: boolean;
  readonly hosts: readonly HostShown[];
}

/** All roles of the cluster, as the inventory has them; what else the document tells of comes behind. */
export function rolesOf(document: ReportDocument): readonly RoleShown[] {
  const roles = new Map<string, { external: boolean; names: Map<string, boolean> }>();
  const role = (name: string, external = false) => {
    const known = roles.get(name) ?? { external, names: new Map<string, boolean>() };
    roles.set(name, known);
    return known.names;
  };
  for (const one of document.picture?.roles ?? []) {
    const names = role(one.role, one.external);
    for (const { name, state } of one.hosts) names.set(name, state === 'retired');
  }
  const known = new Set([...roles.values()].flatMap(({ names }) => [...names.keys()]));
  const told = [
    ...document.hosts.map(({ name, role: of, retires }) => ({ name, of, leaves: retires === true })),
    ...(document.checks ?? []).map(({ host, role: of }) => ({ name: host, of, leaves: false })),
    ...(document.runs?.[0]?.hosts ?? []).map(({ name, role: of }) => ({ name, of, leaves: false })),
  ];
  for (const { name, of, leaves } of told) {
    if (known.has(name)) continue;
    known.add(name);
    role(of).set(name, leaves);
  }
  const shown = showing(document);
  return [...roles].map(([name, { external, names }]) => ({
    ...{ role: name, external },
    hosts: [...names].map(([host, leaves]) => shown(host, name, leaves)),
  }));
}

function showing(document: ReportDocument): (name: string, role: string, leaves: boolean) => HostShown {
  const hosts = new Map(document.hosts.map((host) => [host.name, host] as const));
  const checks = new Map<string, ReportCheck[]>();
  for (const check of document.checks ?? []) {
    const those = checks.get(check.host) ?? [];
    those.push(check);
    checks.set(check.host, those);
  }
  return (name, role, leaves) => {
    const host = hosts.get(name);
    const own = checks.get(name) ?? [];
    const state = host === undefined ? stateWithout(document, name, own) : stateOf(host, own, document);
    return { name, role, ...state, leaves: leaves || host?.retires === true, host, checks: own };
  };
}

type State = Pick<HostShown, 'tone' | 'words'>;

function stateOf(host: ReportHost, checks: readonly ReportCheck[], document: ReportDocument): State {
  const words = stateWords(host, document);
  const isWrong = host.status === 'in-sync' && host.error !== undefined;
  const failed = checks.filter(({ outcome }) => outcome === 'failed').length;
  if (isWrong || failed > 0) return { tone: 'bad', words: `${words}, answers wrongly` };
  return { tone: outlookOf(host, document) === undefined ? toneOf(host.status) : 'wait', words };
}

function stateWithout(document: ReportDocument, name: string, checks: readonly ReportCheck[]): State {
  if (document.checks !== undefined) return stateOfChecks(checks);
  if (document.runs !== undefined) return stateOfRuns(document.runs, name);
  if (document.schedule?.runs !== undefined && document.schedule.runs.length > 0) {
    const number = (document.schedule.differences ?? []).filter(({ host }) => host === name).length;
    if (number === 0 && hasFailed(document.schedule)) return { tone: 'off', words: 'not known' };
    if (number === 0) return { tone: 'good', words: 'nothing differs' };
    return { tone: 'change', words: count(number, 'difference') };
  }
  return { tone: 'off', words: 'nothing is known' };
}

function stateOfChecks(checks: readonly ReportCheck[]): State {
  const asked = checks.filter(({ outcome }) => outcome !== 'not-applicable');
  const of = (outcome: ReportCheck['outcome']) => asked.filter((check) => check.outcome === outcome).length;
  if (asked.length === 0) return { tone: 'off', words: 'nothing to ask' };
  if (of('failed') > 0) return { tone: 'bad', words: `${of('failed')} of ${asked.length} failed` };
  if (of('not-asked') > 0) return { tone: 'wait', words: `${of('not-asked')} of ${asked.length} not asked` };
  return { tone: 'good', words: asked.length === 1 ? 'passed' : `all ${asked.length} passed` };
}

function stateOfRuns(runs: NonNullable<ReportDocument['runs']>, name: string): State {
  for (const run of runs) {
    const host = run.hosts.find((one) => one.name === name);
    if (host !== undefined) return { tone: toneOfEnd(host.state), words: endOnHost(host) };
  }
  return { tone: 'off', words: 'in no run' };
}
