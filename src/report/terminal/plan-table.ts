import { statusWordsOf } from '../../model/status-words.ts';
import type { ReportDocument, ReportHost } from '../document/schema.ts';
import { guardWords } from '../shared/guard.ts';
import { askedGuards, outlookOf, type PolicyForHost, policyFor } from '../shared/outlook.ts';
import { count, list, oneLine } from '../shared/prose.ts';
import { differs } from '../shared/reading.ts';
import { totalWords } from '../shared/totals.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';

/** More hosts aren't shown one by one, as long as they have neighbours of which the same is said. */
const mostSingle = 12;

/** What is done with people; `no-drain`: they would be drained, and no balancer can be told. */
type Policy = PolicyForHost | 'no-drain';

/** What is done where people are, in a word. */
const policyWords: Readonly<Record<Policy, string>> = {
  'no-drain': "can't be drained",
  force: 'interrupted',
  moved: 'moved',
  wait: 'waits',
  drain: 'drained',
  later: 'queued',
  refuse: 'deferred',
};

/**
 * A plan at a glance: a line for each host with its state, what changes, who is there now and what becomes of
 * that, and what decides. Nothing for a single host whose plan stands right below.
 */
export function renderPlanTable(document: ReportDocument, style: Style): readonly string[] {
  const { rollout = [] } = document;
  const hosts = document.hosts.filter(({ status }) => status !== 'skipped');
  if (hosts.length < (style.summary ? 1 : 2)) return [];
  const noDrain = new Set(rollout.flatMap(({ role, noDrain }) => (noDrain ? [role] : [])));
  const words = statusWordsOf(document.command);
  const rows = hosts.map((host) => {
    const policy = policyFor(host, document);
    const state = stateOf(host, document, words);
    const people = noDrain.has(host.role) && policy === 'drain' ? 'no-drain' : policy;
    const cells = [state, totalWords([host]), peopleOf(host, people), decidingOf(host)];
    return { role: host.role, cells: [host.name, ...cells] };
  });
  return renderTable(
    ['host', 'state', 'changes', 'there now', 'decided by'],
    rows.length > mostSingle ? folded(rows) : rows.map(({ cells }) => cells),
    style,
  );
}

function stateOf(
  host: ReportHost,
  document: ReportDocument,
  words: ReturnType<typeof statusWordsOf>,
): string {
  const wrong = host.status === 'in-sync' && host.error !== undefined;
  if (wrong) return 'answers wrongly';
  const outlook = outlookOf(host, document);
  if (outlook !== undefined) return outlook.short;
  return host.retires && host.status === 'would-change' ? 'leaves' : words[host.status];
}

/** `deferred, running meetings: 2, with 27 people`; empty where nobody is. */
export function peopleOf(host: ReportHost, policy: Policy): string {
  const asked = askedGuards(host).filter(({ state }) => state !== 'idle');
  if (asked.length === 0) return '';
  const said = asked.map((guard) =>
    guard.state === 'unknown' ? `${oneLine(guard.guard)} unknown` : (guardWords(guard).split(';')[0] ?? ''),
  );
  return `${policyWords[policy]}, ${list(said)}`;
}

function decidingOf(host: ReportHost): string {
  if (host.deciding === undefined || !differs(host)) return '';
  return host.deciding.length === 0 ? 'its connection' : count(host.deciding.length, 'check');
}

interface Row {
  readonly role: string;
  /** the host's name, and what is said of it */
  readonly cells: readonly string[];
}

/** Neighbours of one role of which the same is said share a line: `bbb-01 to bbb-40 (40 hosts)`. */
function folded(rows: readonly Row[]): readonly (readonly string[])[] {
  const groups: Row[][] = [];
  const said = ({ role, cells }: Row) => [role, ...cells.slice(1)].join('\0');
  for (const row of rows) {
    const last = groups.at(-1);
    if (last?.[0] !== undefined && said(last[0]) === said(row)) last.push(row);
    else groups.push([row]);
  }
  return groups.flatMap((group) => {
    const [first, ...more] = group.map(({ cells }) => cells);
    if (first === undefined || more.length < 2) return group.map(({ cells }) => cells);
    return [[`${first[0]} to ${more.at(-1)?.[0]} (${group.length} hosts)`, ...first.slice(1)]];
  });
}
