import { isIP } from 'node:net';
import { packageManagers } from '../model/package-manager.ts';
import type { Reads } from '../model/reads.ts';
import { isGlob, type PathState, type Snapshot, tooLarge } from '../model/snapshot.ts';
import { AnswerReader } from './answer-reader.ts';
import { changedSince } from './changed-since.ts';
import { readHold, readLease, shifted } from './claims.ts';
import { clusterStates, otherClusters } from './cluster-states.ts';
import { cordonsIn } from './cordons.ts';
import { exposedFolders } from './exposed-folders.ts';
import { readGlobs } from './glob-parser.ts';
import { readGuarded } from './guarded-file.ts';
import { parseLedger } from './ledger-file.ts';
import { clockOffset, readOs, readSpace, readSystemdVersion } from './machine-parser.ts';
import { mayNotRead } from './not-permitted.ts';
import { type Contents, PathTable } from './path-table.ts';
import { readAnswerBody, readAnswers } from './query-answers.ts';
import { queuedIn } from './queued-runs.ts';
import { fieldSeparator, fields, printable, splitOnce } from './records.ts';
import { sharedContent, sharedText } from './shared-parts.ts';
import { bootClock, failedUnits, readBlocks, readUnits, workersSince } from './unit-parser.ts';
import { unsettled } from './unsettled-runs.ts';

/** A file changed while it was read: look again. */
export class Unstable extends Error {
  override readonly name = 'Unstable';
}

export interface ProbeContext {
  readonly nonce: string;
  readonly host: string;
  readonly reads: Reads;
  /** our clock before and after; milliseconds since the epoch */
  readonly clock: { readonly askedAt: number; readonly answeredAt: number };
  /** the cluster that asks */
  readonly cluster?: string | undefined;
}

/**
 * Parses the output of probe.sh into a snapshot. Pure. Throws `Unstable` if the probe must be repeated, an
 * OperatorError if the host is at fault, and an Error if this isn't the output of probe.sh.
 */
export function parseSnapshot(output: Buffer, context: ProbeContext): Snapshot {
  const { reads, host } = context;
  const reader = new AnswerReader(output, context.nonce, 'globs');
  const sections = readSections(reader);
  const facts = sections.facts;
  const fact = (wanted: string) => facts.find(([name]) => name === wanted)?.[1];
  const root = fact('root') ?? '';
  const table = new PathTable(root, sections.stat, sections.followed, sections.destinations);
  const missing = table.missingDestinations;
  if (missing) throw new Unstable('a symbolic link appeared or vanished');
  const paths = new Map<string, PathState>();
  const globs = readGlobs(sections.globs, root, host, reads);
  const managed = table.paths();
  for (const path of [...reads.paths.filter((path) => !isGlob(path)), ...managed]) {
    paths.set(sharedText(path), table.state(path, sections.contents));
  }
  const states = clusterStates(facts, root);
  const ledgers = new Map(
    states.map(({ path }) => [path, parseLedger(paths.get(path) ?? absent, host, path)]),
  );
  for (const path of ledgers.keys()) if (!reads.paths.includes(path)) paths.delete(path);
  const self = table.self();
  const closed = self.isRoot ? [] : closedPaths(table, sections, root);
  if (closed.length > 0) throw mayNotRead({ user: self.user, host, paths: closed });
  const clock = bootClock(facts, self.seconds);
  const offset = clockOffset(self.seconds, context.clock);
  const hold = readHold(restOf(facts, 'hold'));
  const lease = readLease(restOf(facts, 'lease'));
  const os = readOs(facts.filter(([name]) => name === 'os').map((fact) => fact[1] ?? ''));
  return {
    host,
    machineId: fact('machine-id') ?? '',
    bootId: fact('boot-id'),
    systemd: fact('systemd') !== 'no',
    systemdVersion: readSystemdVersion(fact('systemd-version')),
    ...(!self.isRoot && fact('look-only') === 'yes' ? { lookOnly: true } : {}),
    user: self.user,
    group: self.group,
    os,
    clockOffset: offset,
    freeSpace: readSpace(sections.space, root),
    paths,
    exposed: exposedFolders(sections.ways, table, { told: root, top: fact('top') ?? root }),
    secondNames: table.secondNames(),
    mountPoints: new Set(sections.mounts.map((name) => bareName(name, root))),
    foreignState: fact('foreign') === 'yes',
    globs,
    packages: readPackages(sections.packages),
    packageManager: packageManagers.find((name) => name === factOf(facts, 'package-manager')),
    units: readUnits(sections.units, [...reads.units, ...managedUnits(facts)], clock, workersSince(facts)),
    names: new Map(reads.names.map((name) => [name, sections.names.get(name) ?? []] as const)),
    answers: readAnswers(reads, sections.answers, context.nonce),
    failedUnits: failedUnits(sections.units),
    ledger: states.flatMap(({ kind, path }) => (kind === 'own-state' ? (ledgers.get(path) ?? []) : []))[0],
    others: otherClusters(states, ledgers, facts),
    remembers: fact('remembers') === 'yes',
    ...(hold === undefined ? {} : { hold: shifted(hold, -offset) }),
    ...(lease === undefined ? {} : { lease: shifted(lease, -offset) }),
    ...(facts.some(([kind]) => kind === 'cordon') ? { cordons: cordonsIn(facts) } : {}),
    ...(facts.some(([kind]) => kind === 'queued')
      ? { queued: queuedIn(facts, context.cluster, offset) }
      : {}),
    unsettled: unsettled(facts, sections.units, context.cluster),
    changedAt: table.changeTimes(),
    ...(sections.changed.length === 0 ? {} : { changedSince: changedSince(sections) }),
    owed: facts.flatMap(([name, handler = '']) => (name === 'owed' && handler !== '' ? [handler] : [])),
  };
}

const absent: PathState = { kind: 'absent' };

/** Parts that are closed to an account that isn't root: what is there is unknown. */
function closedPaths(table: PathTable, { facts, contents }: Sections, root: string): readonly string[] {
  const bare = (path: string) => bareName(path, root);
  const told = facts.flatMap(([name, path = '']) => (name === 'closed' ? [bare(path)] : []));
  const denied = [...contents].flatMap(([path, content]) =>
    content === reasons.get('denied') ? [bare(path)] : [],
  );
  return [...new Set([...told, ...table.closed, ...denied])].map(printable).sort();
}

function bareName(path: string, root: string): string {
  return path.startsWith(`${root}/`) ? path.slice(root.length) : path;
}

function factOf(facts: readonly string[][], name: string): string | undefined {
  return facts.find(([one]) => one === name)?.[1];
}

/** A fact that is a record itself. */
function restOf(facts: readonly string[][], name: string): string | undefined {
  const rest = facts.find(([one]) => one === name)?.slice(1);
  return rest?.join(fieldSeparator);
}

function managedUnits(facts: readonly string[][]): readonly string[] {
  return facts.flatMap(([name, unit = '']) => (name === 'managed-unit' ? [unit] : []));
}

interface Sections {
  globs: readonly string[][];
  facts: readonly string[][];
  ways: readonly string[][];
  stat: readonly string[];
  followed: readonly string[];
  destinations: readonly string[];
  mounts: readonly string[];
  contents: Contents;
  space: readonly string[];
  units: readonly ReadonlyMap<string, string>[];
  packages: readonly string[][];
  names: Map<string, readonly string[]>;
  answers: Map<string, Buffer>;
  changed: readonly string[][];
  clock: readonly string[][];
  traces: readonly string[][];
}

function readSections(reader: AnswerReader): Sections {
  const sections: Sections = {
    globs: [],
    facts: [],
    ways: [],
    stat: [],
    followed: [],
    destinations: [],
    mounts: [],
    contents: new Map(),
    space: [],
    units: [],
    packages: [],
    names: new Map(),
    answers: new Map(),
    ...{ changed: [], clock: [], traces: [] },
  };
  let listed: readonly string[][] = [];
  for (;;) {
    const title = reader.section();
    if (title === 'end') return sections;
    const [name = '', argument = ''] = splitOnce(title, ' ');
    switch (name) {
      case 'globs':
      case 'facts':
      case 'packages':
      case 'ways':
      case 'changed':
      case 'clock':
      case 'traces':
        sections[name] = reader.lines().map(fields);
        break;
      case 'stat':
      case 'followed':
      case 'mounts':
      case 'space':
        sections[name] = reader.lines();
        break;
      case 'destinations':
        sections.destinations = reader.body().toString('utf8').split('\0').slice(0, -1);
        break;
      case 'files':
        listed = reader.lines().map(fields);
        break;
      case 'contents':
        sections.contents = readContents(reader, listed);
        break;
      case 'guarded':
        sections.contents.set(
          argument,
          readGuarded(reader, () => new Unstable(`${argument} was replaced`)),
        );
        break;
      case 'units':
        sections.units = readBlocks(reader.body().toString('utf8'));
        break;
      case 'name':
        sections.names.set(argument, readAddresses(reader.lines()));
        break;
      case 'answer':
        sections.answers.set(argument, readAnswerBody(reader));
        break;
      default:
        throw new Error(`the answer has an unknown section: ${printable(name)}`);
    }
  }
}

function readContents(reader: AnswerReader, listed: readonly string[][]): Contents {
  const contents: Contents = new Map();
  let total = 0;
  for (const [, , size] of listed) total += size === undefined ? 0 : length(size);
  const bytes = reader.counted(total);
  if (bytes === undefined) throw new Unstable('the length of a file changed while it was read');
  let position = 0;
  for (const [verdict = '', path = '', size] of listed) {
    if (verdict !== 'content' || size === undefined) {
      contents.set(path, reasons.get(verdict) ?? 'not readable');
      continue;
    }
    const end = position + length(size);
    // Not a view, so that keeping one file does not keep the whole answer in memory.
    contents.set(path, sharedContent(bytes.subarray(position, end)));
    position = end;
  }
  return contents;
}

const reasons = new Map([
  ['large', tooLarge],
  ['denied', 'permission denied'],
  ['kernel', 'a file of the kernel'],
  ['barred', 'reached by a link in a folder in which users other than root can create or rename files'],
  ['full', 'beyond the limit of 32 MiB read from a host'],
]);

function length(digits: string): number {
  if (!/^[0-9]{1,9}$/.test(digits)) throw new Error('the answer has a length that is not a number');
  return Number(digits);
}

function readPackages(records: readonly string[][]): ReadonlyMap<string, string> {
  const packages = new Map<string, string>();
  for (const [status, name, version] of records) {
    if (status === 'installed' && name !== undefined && version !== undefined)
      packages.set(sharedText(name), sharedText(version));
  }
  return packages;
}

/** Output of `getent ahosts`: an address, a socket type and, on the first line, the canonical name. */
function readAddresses(lines: readonly string[]): readonly string[] {
  const addresses = lines.map((line) => line.split(/\s+/)[0] ?? '');
  return [...new Set(addresses.filter((address) => isIP(address) !== 0))];
}
