import type { InventoryHost } from '../inventory/inventory.ts';
import type { Problem } from '../model/operator-error.ts';
import type { CheckResult, HttpQuestion } from '../model/outside-check.ts';
import { changesNow, type HostPlan } from '../model/plan.ts';
import { queryKey } from '../model/reads.ts';
import type { RunResult } from '../model/result.ts';
import { isManaged, type Snapshot } from '../model/snapshot.ts';
import { askedQueries, askedQuery, type ResolvedAsked, resolveAsked } from '../playbook/resolve/asked.ts';
import type { ClusterView } from '../playbook/resolve/contexts.ts';
import { type Browsed, readBrowsed } from '../verify/browsed.ts';
import { judgeHttp } from '../verify/judge-http.ts';

/** One host's answer to another that asked itself for it. */
export interface Heard {
  readonly asking: InventoryHost;
  readonly browsed: Browsed | undefined;
}

/** What was asked for a host, by whom, and what came. */
interface Asked extends ResolvedAsked {
  readonly host: InventoryHost;
  readonly heard: readonly Heard[];
  /** its answer need not be as planned yet */
  readonly differs: boolean;
}

/**
 * How the hosts answer through those that ask themselves for them, from what was seen when all were looked
 * at. Only those that are set up are asked for, through those that are.
 */
export function askedResults(cluster: ClusterView, plans: readonly HostPlan[]): readonly CheckResult[] {
  const asked = plans
    .filter(({ snapshot, skipped }) => !skipped && snapshot !== undefined && isManaged(snapshot))
    .flatMap((plan) => askedFor(cluster, plan));
  const silent = silentHosts(asked);
  const results = asked.map((one) => resultOf(one, silent));
  return [
    ...silent.values(),
    ...results.map((result, index) => withSharedCause(result, asked[index], { asked, results })),
  ];
}

function askedFor(cluster: ClusterView, { host: name, problem, ...plan }: HostPlan): readonly Asked[] {
  const view = cluster.hosts.get(name);
  const resolved = view === undefined || problem !== undefined ? undefined : resolveAsked(cluster, name);
  if (view === undefined || resolved === undefined) return [];
  const heard = heardBy(cluster, view.host, resolved);
  const differs = changesNow({ host: name, problem, ...plan });
  return heard.length === 0 ? [] : [{ ...resolved, host: view.host, heard, differs }];
}

/** What the hosts that ask themselves for a host have heard, as far as they are set up. */
export function heardBy(
  cluster: ClusterView,
  host: InventoryHost,
  { by, question }: Pick<ResolvedAsked, 'by' | 'question'>,
): readonly Heard[] {
  return [...cluster.hosts.values()].flatMap(({ host: asking, snapshot }) => {
    if (asking.role !== by || asking.state !== 'active') return [];
    if (snapshot === undefined || !isManaged(snapshot)) return [];
    return heardIn(cluster, snapshot, { asking, host, question });
  });
}

/**
 * The answer to the question that applies. It was not asked where nothing worked when one before it in the
 * row was: then it is that answer, as the next one would have had the same.
 */
function heardIn(
  { inventory }: ClusterView,
  { answers }: Snapshot,
  asked: { readonly asking: InventoryHost; readonly host: InventoryHost; readonly question: HttpQuestion },
): readonly Heard[] {
  const { asking, host, question } = asked;
  const own = answers.get(queryKey(askedQuery(asking, host.name, question)));
  if (own !== undefined) return [{ asking, browsed: readBrowsed(own) }];
  const row = askedQueries(inventory, asking).filter(({ args }) => args[0] === host.name);
  return row
    .flatMap((query) => answers.get(queryKey(query)) ?? [])
    .map(readBrowsed)
    .filter((browsed) => browsed === undefined || browsed.kind === 'trouble' || browsed.status >= 500)
    .map((browsed) => ({ asking, browsed }))
    .slice(-1);
}

/** Hosts on which nothing answers to anybody: their own problem, and nobody's else. */
function silentHosts(asked: readonly Asked[]): ReadonlyMap<string, CheckResult> {
  const heard = asked.flatMap((one) => one.heard.map((each) => ({ ...each, question: one.question })));
  const names = [...new Set(heard.map(({ asking }) => asking.name))];
  return new Map(
    names.flatMap((name) => {
      const own = heard.filter(({ asking }) => asking.name === name);
      const [first] = own;
      if (first === undefined || !own.every(({ browsed }) => browsed?.kind === 'trouble' && browsed.nobody))
        return [];
      const { host } = new URL(first.question.url);
      const found = first.browsed?.kind === 'trouble' ? first.browsed.words : '';
      const result: CheckResult = {
        ...{ host: name, role: first.asking.role, id: 'itself', title: `${host}, asked on this host itself` },
        ...{ outcome: 'failed', expected: `something answers for ${host} with TLS`, found },
        fix: `see on ${name} whether its web server is running and listens on port ${new URL(first.question.url).port || '443'}`,
      };
      return [[name, result] as const];
    }),
  );
}

function resultOf(asked: Asked, silent: ReadonlyMap<string, CheckResult>): CheckResult {
  const { host, check, question, heard, differs } = asked;
  const known = { host: host.name, role: host.role, id: check.id, title: check.title };
  const notAsked = (found: string): CheckResult => ({
    ...known,
    ...{ outcome: 'not-asked', expected: undefined, found, fix: undefined },
  });
  const audible = heard.filter(({ asking }) => !silent.has(asking.name));
  if (audible.length === 0) return notAsked('the host that asks does not answer itself');
  const verdicts = audible.flatMap(({ asking, browsed }) =>
    browsed === undefined ? [] : [{ asking, browsed, ...judgeHttp(question, browsed) }],
  );
  const [first] = verdicts;
  if (first === undefined)
    return notAsked(`${audible[0]?.asking.name} has neither curl nor openssl to ask with`);
  const failed = verdicts.filter(({ outcome }) => outcome === 'failed');
  const { expected } = first;
  const words = (all: typeof verdicts) =>
    all.map(({ asking, found }) => `${found} (asked by ${asking.name})`).join('; ');
  if (failed.length === 0) {
    return { ...known, outcome: 'passed', expected, found: words(verdicts), fix: undefined };
  }
  if (differs && failed.every(({ browsed }) => browsed.kind === 'answer' && browsed.status < 500)) {
    return notAsked('this host is not as planned, so neither is its answer; apply first');
  }
  return { ...known, outcome: 'failed', expected, found: words(failed), fix: check.fix };
}

/** Where no host of a role answers as it should, what is in front of them all is looked at first. */
function withSharedCause(
  result: CheckResult,
  asked: Asked | undefined,
  { asked: all, results }: { readonly asked: readonly Asked[]; readonly results: readonly CheckResult[] },
): CheckResult {
  if (asked === undefined || result.outcome !== 'failed') return result;
  const others = results.filter((_, index) => all[index]?.host.role === asked.host.role);
  const isShared = others.length > 1 && others.every(({ outcome }) => outcome === 'failed');
  return isShared ? { ...result, fix: `${asked.fix}; otherwise: ${result.fix}` } : result;
}

/** The hosts that answer wrongly with that as their problem, unless they have another one. */
export function withWrongAnswers(result: RunResult, asked: readonly CheckResult[]): RunResult {
  const hosts = result.hosts.map((host) => {
    const [wrong, ...others] = asked.filter((one) => one.host === host.plan.host && one.outcome === 'failed');
    return wrong === undefined || host.problem !== undefined
      ? host
      : { ...host, problem: wrongAnswer(wrong, others) };
  });
  return { ...result, hosts };
}

function wrongAnswer(result: CheckResult, others: readonly CheckResult[]): Problem {
  return {
    code: 'answers-wrongly',
    message: wrongWords(result),
    notes: [`expected: ${result.expected}`, ...others.map((other) => `also ${wrongAnswerWarning(other)}`)],
    next: result.fix,
    host: result.host,
  };
}

/** An answer that came from here, after a change, as it is told beside those of other hosts. */
export function foundFromHere(found: string | undefined): string {
  return `${found} ${fromHere}`;
}

const fromHere = '(asked from here after the change)';

/** Whether a warning tells from here what this result tells of another host: of one fault one is enough. */
export function tellsFromHere(warning: string, { title }: CheckResult): boolean {
  return warning.startsWith(wrongWords({ title, found: '' })) && warning.includes(fromHere);
}

/** The same as a warning, for commands that are about to change something. */
export function wrongAnswerWarning(result: CheckResult): string {
  return `${wrongWords(result)}; expected: ${result.expected}; to fix it: ${result.fix}`;
}

function wrongWords({ title, found }: Pick<CheckResult, 'title' | 'found'>): string {
  return `this check fails: ${title}; found: ${found}`;
}
