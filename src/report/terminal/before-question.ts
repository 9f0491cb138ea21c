import type { ReportDocument, ReportHost } from '../document/schema.ts';
import { askedGuards, type PolicyForHost, policyFor } from '../shared/outlook.ts';
import { count, list, oneLine } from '../shared/prose.ts';
import { differs } from '../shared/reading.ts';
import { totalWords } from '../shared/totals.ts';
import { peopleOf } from './plan-table.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';

/** More aren't named: they stand in the table. */
const mostNamed = 4;

export interface BeforeQuestion {
  /** the plan went somewhere else, so that not even its last line stands above the question */
  readonly isElsewhere: boolean;
  /** what the plan warns of at its beginning, and nobody should overlook */
  readonly warning?: string | undefined;
}

/**
 * What somebody has to know of a plan who is asked whether to carry it out, once its table is out of sight:
 * what it comes to, which restarts cut people off, who is there now, and what is removed. Of the hosts that
 * would begin; nothing where there is nothing to say.
 */
export function renderBeforeQuestion(
  document: ReportDocument,
  { columns }: Style,
  { isElsewhere, warning = '' }: BeforeQuestion,
): readonly string[] {
  const { rollout = [] } = document;
  const held = new Set(rollout.flatMap((role) => role.held));
  const hosts = document.hosts.filter((host) => isBegun(host) && !held.has(host.name));
  const policyOf = (host: ReportHost) => policyFor(host, document);
  const parts: readonly (readonly [label: string, text: string])[] = [
    ['in all', isElsewhere ? `${count(hosts.length, 'host')}; ${totalWords(hosts)}` : ''],
    ['restarts', restartWords(hosts, policyOf)],
    ['there now', peopleWords(hosts, policyOf)],
    ['removed', removedWords(hosts)],
    ['warning', oneLine(warning)],
  ];
  return parts
    .filter(([, text]) => text !== '')
    .flatMap(([label, text]) => wrap(text, { columns, first: `${label}: `, hanging: 2 }));
}

/** What is done with people on a host. */
type PolicyOf = (host: ReportHost) => PolicyForHost;

function isBegun(host: ReportHost): boolean {
  return host.status === 'would-change' && differs(host);
}

/** `60, of which 48 only while there are no meetings` */
function restartWords(hosts: readonly ReportHost[], policyOf: PolicyOf): string {
  const restarting = hosts.flatMap((host) =>
    host.handlers.flatMap(({ kinds = [], guards }) =>
      kinds
        .filter((kind) => kind === 'restart')
        .map(() => ({ guards: guards.map(oneLine), isForced: policyOf(host) === 'force' })),
    ),
  );
  const guarded = restarting.filter(({ guards }) => guards.length > 0);
  if (restarting.length === 0) return '';
  if (guarded.length === 0) return `${restarting.length}, without asking who is there`;
  const parts = [true, false].flatMap((isForced) => {
    const these = guarded.filter((one) => one.isForced === isForced);
    const what = list([...new Set(these.flatMap(({ guards }) => guards))]);
    const when = isForced ? `also while there are ${what}` : `only while there are no ${what}`;
    return these.length === 0 ? [] : [{ number: these.length, when }];
  });
  const [first] = parts;
  return first?.number === restarting.length
    ? `${restarting.length}, ${first.when}`
    : `${restarting.length}, of which ${list(parts.map(({ number, when }) => `${number} ${when}`))}`;
}

/** `bbb-02 (deferred, running meetings: 1, with 12 people); nobody on 12 others` */
function peopleWords(hosts: readonly ReportHost[], policyOf: PolicyOf): string {
  const asked = hosts.filter((host) => askedGuards(host).length > 0);
  if (asked.length === 0) return '';
  const busy = asked.filter((host) => askedGuards(host).some(({ state }) => state !== 'idle'));
  const idle = asked.length - busy.length;
  if (busy.length === 0) return 'nobody';
  const more = busy.length - mostNamed;
  return [
    ...busy.slice(0, mostNamed).map((host) => `${host.name} (${peopleOf(host, policyOf(host))})`),
    ...(more > 0 ? [`people on ${count(more, 'more host')}`] : []),
    ...(idle > 0 ? [`nobody on ${count(idle, 'other')}`] : []),
  ].join('; ');
}

/** `3 files on proxy-1 and bbb-02; the locations of bbb-09 on proxy-1; bbb-03 leaves the cluster` */
function removedWords(hosts: readonly ReportHost[]): string {
  const removing = hosts
    .map((host) => ({
      ...host,
      changes: host.changes.filter(({ action }) => action === 'delete'),
      handlers: [],
    }))
    .filter(({ changes }) => changes.length > 0);
  const names = removing.map(({ name }) => name);
  const where = names.length > mostNamed ? count(names.length, 'host') : list(names);
  const leaving = hosts.filter(({ retires }) => retires).map(({ name }) => name);
  return [
    ...(removing.length === 0 ? [] : [`${totalWords(removing)} on ${where}`]),
    ...hosts.flatMap(({ name, drops = [] }) => (drops.length === 0 ? [] : [`${list(drops)} on ${name}`])),
    ...(leaving.length === 0
      ? []
      : [`${list(leaving)} ${leaving.length === 1 ? 'leaves' : 'leave'} the cluster`]),
  ].join('; ');
}
