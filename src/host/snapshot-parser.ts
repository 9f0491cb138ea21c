import { isIP } from 'node:net';
import { OperatorError } from '../model/operator-error.ts';
import { packageManagers } from '../model/package-manager.ts';
import {
  type Answer,
  isGlob,
  type PathState,
  type Query,
  queryKey,
  type Reads,
  type Snapshot,
  type UnitState,
  type UnsettledRun,
} from '../model/snapshot.ts';
import { AnswerReader } from './answer-reader.ts';
import { parseLedger } from './ledger-file.ts';
import { type Contents, PathTable } from './path-table.ts';
import { fieldSeparator, printable } from './records.ts';
import { finalStates } from './run-state.ts';

/** A file changed while it was read: look again. */
export class Unstable extends Error {
  override readonly name = 'Unstable';
}

export interface ProbeContext {
  readonly nonce: string;
  readonly host: string;
  readonly reads: Reads;
  /** the controller's clock before and after; milliseconds since the epoch */
  readonly clock: { readonly askedAt: number; readonly answeredAt: number };
}

const ledgerPath = '/var/lib/clusterproxy/ledger.json';

/**
 * The output of probe.sh as a snapshot. Pure. Throws `Unstable` where it has to be asked again, an OperatorError where
 * the host is at fault, and an Error where this is no answer of probe.sh.
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
    paths.set(path, table.state(path, sections.contents));
  }
  const ledgerState = paths.get(ledgerPath);
  if (!reads.paths.includes(ledgerPath)) paths.delete(ledgerPath);
  const self = table.self();
  const clock = bootClock(facts, self.seconds);
  const os = readOs(facts.filter(([name]) => name === 'os').map((fact) => fact[1] ?? ''));
  return {
    host,
    machineId: fact('machine-id') ?? '',
    bootId: fact('boot-id'),
    systemd: fact('systemd') !== 'no',
    user: self.user,
    group: self.group,
    os,
    clockOffset: clockOffset(self.seconds, context.clock),
    freeSpace: readSpace(sections.space, root),
    paths,
    globs,
    packages: readPackages(sections.packages),
    packageManager: packageManagers.find((name) => name === factOf(facts, 'package-manager')),
    units: readUnits(sections.units, [...reads.units, ...managedUnits(facts)], clock, workersSince(facts)),
    names: new Map(reads.names.map((name) => [name, sections.names.get(name) ?? []] as const)),
    answers: readAnswers(reads.queries, sections.answers, context.nonce),
    failedUnits: failedUnits(sections.units),
    ledger: ledgerState === undefined ? undefined : parseLedger(ledgerState, host),
    remembers: fact('remembers') === 'yes',
    unsettled: unsettled(facts, sections.units),
    changedAt: table.changeTimes(),
    owed: facts.flatMap(([name, handler = '']) => (name === 'owed' && handler !== '' ? [handler] : [])),
  };
}

function factOf(facts: readonly string[][], name: string): string | undefined {
  return facts.find(([one]) => one === name)?.[1];
}

function managedUnits(facts: readonly string[][]): readonly string[] {
  return facts.flatMap(([name, unit = '']) => (name === 'managed-unit' ? [unit] : []));
}

interface Sections {
  globs: readonly string[][];
  facts: readonly string[][];
  stat: readonly string[];
  followed: readonly string[];
  destinations: readonly string[];
  contents: Contents;
  space: readonly string[];
  units: readonly ReadonlyMap<string, string>[];
  packages: readonly string[][];
  names: Map<string, readonly string[]>;
  answers: Map<string, Buffer>;
}

function readSections(reader: AnswerReader): Sections {
  const sections: Sections = {
    globs: [],
    facts: [],
    stat: [],
    followed: [],
    destinations: [],
    contents: new Map(),
    space: [],
    units: [],
    packages: [],
    names: new Map(),
    answers: new Map(),
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
        sections[name] = reader.lines().map(fields);
        break;
      case 'stat':
      case 'followed':
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
        throw new Error(`the answer has a section that isn't known: ${printable(name)}`);
    }
  }
}

/** An answer's own last line, its status, looks like a section; it belongs to the answer. */
function readAnswerBody(reader: AnswerReader): Buffer {
  const output = reader.body();
  const status = reader.section();
  reader.body();
  return Buffer.concat([output, Buffer.from(`\0${status}`)]);
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
    // A copy: one file that is kept shall not keep the whole answer in memory.
    contents.set(path, Buffer.from(bytes.subarray(position, end)));
    position = end;
  }
  return contents;
}

const reasons = new Map([
  ['large', 'larger than 1 MiB'],
  ['denied', 'permission denied'],
  ['kernel', 'a file of the kernel'],
  ['full', 'beyond the 32 MiB that are read of a host'],
]);

function length(digits: string): number {
  if (!/^[0-9]{1,9}$/.test(digits)) throw new Error('the answer has a length that is no number');
  return Number(digits);
}

function readGlobs(
  records: readonly string[][],
  root: string,
  host: string,
  reads: Reads,
): ReadonlyMap<string, readonly string[]> {
  const globs = new Map(reads.paths.filter(isGlob).map((pattern) => [pattern, [] as string[]] as const));
  for (const [kind, pattern = '', match = ''] of records) {
    if (kind === 'too-many') {
      throw new OperatorError({
        code: 'too-many-matches',
        message: `${pattern} matches ${match} files`,
        next: 'narrow the pattern in the step',
        host,
      });
    }
    globs.get(pattern)?.push(match.slice(root.length));
  }
  for (const matches of globs.values()) matches.sort();
  return globs;
}

/** `ID` and `PRETTY_NAME` of os-release(5), whose values may be quoted as in sh(1). */
function readOs(lines: readonly string[]): { id: string; name: string } {
  const value = (key: string) => {
    const line = lines.find((candidate) => candidate.startsWith(`${key}=`)) ?? '';
    const raw = line.slice(key.length + 1).trim();
    const quoted = /^(["'])(.*)\1$/.exec(raw)?.[2] ?? raw;
    return printable(quoted.replace(/\\(.)/g, '$1'));
  };
  return { id: value('ID'), name: value('PRETTY_NAME') };
}

/** The host tells whole seconds, so what is within a second and the time that the answer took counts as equal. */
function clockOffset(seconds: number, clock: ProbeContext['clock']): number {
  const middle = (clock.askedAt + clock.answeredAt) / 2_000;
  const tolerance = (clock.answeredAt - clock.askedAt) / 2_000 + 1;
  const offset = seconds + 0.5 - middle;
  return Math.abs(offset) <= tolerance ? 0 : Math.round(offset);
}

function readSpace(lines: readonly string[], root: string): ReadonlyMap<string, number> {
  const space = new Map<string, number>();
  for (const line of lines) {
    const [free, total, path] = fields(line);
    if (path === undefined || !(Number(total) > 0)) continue;
    space.set(path.slice(root.length) || '/', Math.round((Number(free) / Number(total)) * 1_000) / 10);
  }
  return space;
}

function readBlocks(text: string): readonly ReadonlyMap<string, string>[] {
  return text
    .split(/\n{2,}/)
    .map((block) => new Map(block.split('\n').map((line) => splitOnce(line, '=') as [string, string])))
    .filter((block) => block.has('Id'));
}

/** systemctl shows a unit under its own name when it was asked for by an alias; `Names` holds both. */
function readUnits(
  blocks: readonly ReadonlyMap<string, string>[],
  asked: readonly string[],
  clock: (seconds: number) => number,
  nginxWorkers: number | undefined,
): ReadonlyMap<string, UnitState> {
  const units = new Map<string, UnitState>();
  for (const name of asked) {
    const full = /\.[a-z]+$/.test(name) ? name : `${name}.service`;
    const block = blocks.find(
      (candidate) => candidate.get('Id') === full || candidate.get('Names')?.split(' ').includes(full),
    );
    units.set(name, {
      load: block?.get('LoadState') ?? 'not-found',
      active: block?.get('ActiveState') ?? 'inactive',
      sub: block?.get('SubState') ?? 'dead',
      enabled: block?.get('UnitFileState') ?? '',
      startedAt: startedAt(block, full === 'nginx.service' ? nginxWorkers : undefined, clock),
    });
  }
  return units;
}

/** Seconds since the host was started, as seconds since the epoch by its clock of now, which may have been set since. */
function bootClock(facts: readonly string[][], now: number): (seconds: number) => number {
  const uptime = Number(facts.find(([name]) => name === 'uptime')?.[1]?.split(' ')[0] ?? Number.NaN);
  return (seconds) => now - uptime + seconds;
}

/** Start of the oldest nginx worker that takes connections: proc_pid_stat(5) counts in hundredths of a second. */
function workersSince(facts: readonly string[][]): number | undefined {
  const starts = facts.flatMap(([name, ticks]) => (name === 'nginx-worker' ? [Number(ticks) / 100] : []));
  return starts.length === 0 ? undefined : Math.min(...starts);
}

/** systemd tells microseconds since the host was started, 0 for what never was. */
function startedAt(
  block: ReadonlyMap<string, string> | undefined,
  workers: number | undefined,
  clock: (seconds: number) => number,
): number | undefined {
  if (block?.get('ActiveState') !== 'active') return undefined;
  const main = Number(block.get('ExecMainStartTimestampMonotonic') ?? 0) / 1e6;
  const active = Number(block.get('ActiveEnterTimestampMonotonic') ?? 0) / 1e6;
  const seconds = clock(workers ?? (main || active));
  return (workers ?? (main || active)) > 0 && Number.isFinite(seconds) ? Math.round(seconds) : undefined;
}

function failedUnits(blocks: readonly ReadonlyMap<string, string>[]): readonly string[] {
  const failed = blocks.filter((block) => block.get('ActiveState') === 'failed');
  return [...new Set(failed.map((block) => printable(block.get('Id') ?? '')))].sort();
}

function readPackages(records: readonly string[][]): ReadonlyMap<string, string> {
  const packages = new Map<string, string>();
  for (const [status, name, version] of records) {
    if (status === 'installed' && name !== undefined && version !== undefined) packages.set(name, version);
  }
  return packages;
}

/** Of `getent ahosts`: an address, a socket type, on the first line the canonical name. */
function readAddresses(lines: readonly string[]): readonly string[] {
  const addresses = lines.map((line) => line.split(/\s+/)[0] ?? '');
  return [...new Set(addresses.filter((address) => isIP(address) !== 0))];
}

function readAnswers(
  queries: readonly Query[],
  bodies: ReadonlyMap<string, Buffer>,
  nonce: string,
): ReadonlyMap<string, Answer> {
  const answers = new Map<string, Answer>();
  for (const [index, query] of queries.entries()) {
    const body = bodies.get(String(index));
    if (body === undefined) continue;
    const end = body.lastIndexOf(0);
    const status = /^status ([0-9]{1,3})$/.exec(body.toString('utf8', end + 1))?.[1];
    if (status === undefined) throw new Error(`the answer to a query has no status (${nonce})`);
    answers.set(queryKey(query), {
      status: Number(status),
      output: cleaned(query, body.toString('utf8', 0, end)),
    });
  }
  return answers;
}

/** A list of meetings keeps the separator between the number of participants and the name. */
function cleaned(query: Query, output: string): string {
  if (query.kind !== 'bbb-meetings') return printable(output);
  return output
    .split('\n')
    .map((line) =>
      splitOnce(line, fieldSeparator)
        .map(printable)
        .join(line.includes(fieldSeparator) ? fieldSeparator : ''),
    )
    .join('\n');
}

/** Runs that aren't finished, or that somebody has to know of. A later run that was committed supersedes the latter. */
function unsettled(
  facts: readonly string[][],
  units: readonly ReadonlyMap<string, string>[],
): Snapshot['unsettled'] {
  let runs: UnsettledRun[] = [];
  for (const [kind, run = '', state = '', outcome = '', who = ''] of facts) {
    if (kind !== 'run') continue;
    if (state === 'committed') runs = runs.filter((one) => one.state !== 'conflict' && one.state !== 'kept');
    if (finalStates.has(state)) continue;
    const unit = units.find((block) => block.get('Id') === `clusterproxy-${run}.service`)?.get('ActiveState');
    runs.push({
      run: printable(run),
      state: printable(state),
      outcome: outcome === 'commit' || outcome === 'revert' || outcome === 'keep' ? outcome : undefined,
      who: who === '' ? undefined : printable(who),
      alive: unit === 'active' || unit === 'activating' || unit === 'deactivating',
    });
  }
  return runs;
}

function fields(line: string): string[] {
  return line.split(fieldSeparator);
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}
