import type { FleetCluster, FleetDocument } from '../document/fleet-schema.ts';
import type { ReportDocument } from '../document/schema.ts';
import { outcomeOf, titleOf } from './outcome.ts';
import { count, list, oneLine } from './prose.ts';
import { differs } from './reading.ts';
import { type Tone, worstTone } from './tones.ts';
import { statusSummary, totalWords } from './totals.ts';

/** A line for each cluster, for views that show them as a table; none of the cells is of several lines. */
export interface FleetTable {
  readonly titles: readonly string[];
  readonly rows: readonly FleetRow[];
}

export interface FleetRow {
  readonly cluster: FleetCluster;
  /** as many as there are titles; the first is the cluster's name */
  readonly cells: readonly string[];
}

/** Clusters are named like this wherever several are told of; one that has no name yet, by its file. */
export function clusterName({ cluster, inventory }: Pick<FleetCluster, 'cluster' | 'inventory'>): string {
  return oneLine(cluster ?? inventory.slice(folderOf(inventory).length));
}

/** All clusters at a glance. */
export function tableOf({ clusters, command }: Pick<FleetDocument, 'clusters' | 'command'>): FleetTable {
  // Where all are in one ring, that says nothing.
  const hasRings = clusters.some(({ ring = 1 }) => ring > 1);
  const folder = folderOfAll(clusters);
  return {
    titles: ['cluster', ...(hasRings ? ['ring'] : []), ...columnsOf(command), 'inventory'],
    rows: clusters.map((cluster) => ({
      cluster,
      cells: [
        clusterName(cluster),
        ...(hasRings ? [String(cluster.ring ?? '')] : []),
        ...cellsOf(cluster, command),
        cluster.inventory.slice(folder.length),
      ],
    })),
  };
}

/** How a command over many clusters ended, for somebody who reads nothing else. */
export function outcomeOfFleet(document: FleetDocument): ReturnType<typeof outcomeOf> {
  const { clusters, command, summary, errors = [] } = document;
  const tones = clusters.map(toneOfCluster);
  const [error] = errors;
  return {
    title: titleOf(command.replace(/^fleet /, ''), count(clusters.length, 'cluster')),
    sentence: [
      `${sumWords(document)}.`,
      ...(error === undefined ? [] : [`No cluster was begun: ${error.message}.`]),
      ...(summary.interrupted ? ['It was interrupted.'] : []),
    ].join(' '),
    tone: errors.length > 0 ? 'bad' : worstTone(tones),
  };
}

/** The same of one of them, at a glance. */
export function toneOfCluster({ turn, document }: FleetCluster): Tone {
  return turn === 'not-begun' ? 'wait' : outcomeOf(document).tone;
}

/** Whether there is more to say of a cluster than its line in the table. */
export function isTelling({ document }: Pick<FleetCluster, 'document'>): boolean {
  const { summary, hosts, warnings, errors = [] } = document;
  return summary.exitStatus !== 0 || hosts.some(differs) || warnings.length > 0 || errors.length > 0;
}

/** With the slash at its end; empty for a file of the working folder. */
function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** The folder that all of them are in, which says nothing in a table. */
function folderOfAll(clusters: readonly FleetCluster[]): string {
  const folders = clusters.map(({ inventory }) => folderOf(inventory));
  let shared = folders[0] ?? '';
  while (!folders.every((folder) => folder.startsWith(shared))) shared = folderOf(shared.slice(0, -1));
  return shared;
}

function columnsOf(command: string): readonly string[] {
  if (command === 'fleet status') return ['hosts', 'last run', 'held'];
  const changes = ['hosts', 'changes', 'restarts'];
  return command === 'fleet plan' ? [...changes, 'decides'] : changes;
}

function cellsOf(cluster: FleetCluster, command: string): readonly string[] {
  const { document } = cluster;
  const hosts = hostWords(cluster);
  if (command === 'fleet status') return [hosts, lastWords(document), heldWords(document)];
  const cells = [hosts, ...changeNumbers(document)];
  return command === 'fleet plan' ? [...cells, decidesWords(document)] : cells;
}

/** Just numbers: a line for each of fifty clusters is to stay one. */
function changeNumbers({ hosts }: ReportDocument): readonly string[] {
  const differing = hosts.filter(differs);
  const changes = differing.reduce((sum, host) => sum + host.changes.length, 0);
  const restarts = differing
    .flatMap(({ handlers }) => handlers.flatMap(({ kinds = [] }) => kinds))
    .filter((kind) => kind === 'restart').length;
  return [changes, restarts].map((number) => (number === 0 ? '' : String(number)));
}

/** `12 would change, 3 in sync`; why there is nothing to say of hosts; why the cluster had no turn */
function hostWords({ turn, document }: FleetCluster): string {
  const words = statusSummary(document.hosts.map(({ status }) => status)).replace(/^\d+ hosts?(?:: )?/, '');
  const [error] = document.errors ?? [];
  const parts = [
    ...(turn === 'not-begun' ? ['not begun'] : []),
    ...(error === undefined ? [] : [`error ${error.code}`]),
    ...(words === '' || turn === 'not-begun' ? [] : [words]),
    ...(document.summary.interrupted && error?.code !== 'interrupted' ? ['interrupted'] : []),
    ...checkWords(document),
  ];
  return parts.join('; ');
}

function checkWords({ checks = [] }: ReportDocument): readonly string[] {
  const failed = checks.filter(({ outcome }) => outcome === 'failed').length;
  return failed === 0 ? [] : [`${count(failed, 'check')} failed`];
}

/** What stands between a plan and its being carried out: a hold, people, a window, checks from outside. */
function decidesWords(document: ReportDocument): string {
  const { hosts, rollout = [], policies = [] } = document;
  const put = (words: string, number: number) => (number === 0 ? [] : [`${words} (${number})`]);
  const busy = hosts.filter(
    ({ guards, status }) => status === 'would-change' && guards.some(({ state }) => state !== 'idle'),
  ).length;
  const windows = rollout.flatMap(({ window }) => window ?? []);
  const late = new Set(windows.flatMap(({ deferred, pastDeadline }) => [...deferred, ...pastDeadline])).size;
  const byDay = windows.filter(({ state, interrupting }) => state === 'by-day' && interrupting.length > 0);
  const outside = hosts.filter(({ deciding = [] }) => deciding.length > 0).length;
  return [
    ...(heldWords(document) === '' ? [] : ['hold']),
    ...put('people', busy),
    ...put('window', late),
    ...(byDay.length > 0 ? ['by day'] : []),
    ...put('outside', outside),
    ...put('policy', policies.filter(({ deny }) => deny.length > 0).length),
  ].join(', ');
}

/** `2026-11-21 07:45 by ada (apply)`: the latest that any host remembers */
function lastWords({ hosts }: ReportDocument): string {
  const runs = hosts.flatMap(({ lastRun }) => lastRun ?? []);
  const last = [...runs].sort((one, other) => one.run.localeCompare(other.run)).at(-1);
  if (last === undefined) return '';
  return `${last.run} (${last.command} by ${oneLine(last.operator)})`;
}

function heldWords({ holds = [] }: ReportDocument): string {
  return list(holds.map(({ by, reason }) => `by ${oneLine(by)}: ${oneLine(reason)}`));
}

/** `5 clusters with 60 hosts: 3 in order, 1 failed, 1 not begun; 12 files, 4 restarts` */
export function sumWords({ clusters, command, summary }: FleetDocument): string {
  const had = clusters.filter(({ turn }) => turn !== 'not-begun');
  const number = (...statuses: readonly number[]) =>
    had.filter(({ document }) => statuses.includes(document.summary.exitStatus)).length;
  const isLook = command !== 'fleet apply';
  const [asPlanned, differing] = [number(0) - changing(had), number(2) + changing(had)];
  const part = (some: number, words: string) => (some === 0 ? [] : [`${some} ${words}`]);
  const parts = isLook
    ? [
        ...part(asPlanned, asPlanned === 1 ? 'as it should be' : 'as they should be'),
        ...part(
          differing,
          command === 'fleet plan' ? 'would change' : differing === 1 ? 'differs' : 'differ',
        ),
      ]
    : [...part(number(0), 'done')];
  const all = [
    ...parts,
    ...part(number(5), 'put off in part'),
    ...part(summary.failed, 'failed'),
    ...part(summary.notBegun, 'not begun'),
  ];
  const totals = totalWords(had.flatMap(({ document }) => document.hosts.filter(differs)));
  const what = `${count(summary.clusters, 'cluster')} with ${count(summary.hosts, 'host')}`;
  return `${what}${all.length === 0 ? '' : `: ${all.join(', ')}`}${totals === '' ? '' : `; ${totals}`}`;
}

/** Those that have ended well, and of which a host differs. */
function changing(clusters: readonly FleetCluster[]): number {
  return clusters.filter(
    ({ document: { hosts, summary } }) => summary.exitStatus === 0 && hosts.some(differs),
  ).length;
}
