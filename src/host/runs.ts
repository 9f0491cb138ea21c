import type { Hold } from '../model/claims.ts';
import { OperatorError, type Problem } from '../model/operator-error.ts';
import type { QueuedRun } from '../model/queue.ts';
import { type PathState, unitPath } from '../model/snapshot.ts';
import type { RunRecord } from '../model/transaction.ts';
import type { UpgradedPackage } from '../model/upgrade.ts';
import type { Connection } from '../ssh/contract.ts';
import { readHold } from './claims.ts';
import { mayNotRead } from './not-permitted.ts';
import { bootstrap, framed, newNonce, program } from './program.ts';
import { readQueued } from './queued-runs.ts';
import { fieldSeparator, printable, record } from './records.ts';
import { RunLog } from './run-log.ts';
import { readStoredRecord } from './stored.ts';

/** A run that a host remembers. */
export interface RunOnHost {
  readonly run: string;
  readonly state: string;
  readonly outcome: 'commit' | 'revert' | 'keep' | undefined;
  /** which of the host's runs it is; undefined where it never began, or version 0.1 carried it out */
  readonly sequence: number | undefined;
  /**
   * when the host began to work on it, and when it entered its present state; seconds since the epoch by the
   * host's clock
   */
  readonly begunAt: number | undefined;
  readonly stateSince: number | undefined;
  readonly record: RunRecord | undefined;
  /** why its record can't be used: it is damaged, or of a newer version; undefined where all is well */
  readonly unusable: Problem | undefined;
  /** why it wasn't committed */
  readonly problem: Problem | undefined;
  readonly warnings: readonly string[];
  /** ids of the handlers that were started */
  readonly started: readonly string[];
  /** ids of those that it left undone because people were there */
  readonly owed: readonly string[];
  /** what it waits for; undefined unless its state is `queued` */
  readonly queued: QueuedRun | undefined;
  /** packages that its actions installed, in the names of the host's package manager */
  readonly installed: readonly string[];
  /** names of actions that were begun, and of those that were carried out */
  readonly acted: readonly string[];
  readonly done: readonly string[];
  /** what an upgrade made of packages */
  readonly upgraded: readonly UpgradedPackage[];
}

/** What a run changed on a host, in its previous state. */
export interface RunFiles {
  readonly run: string;
  readonly state: string;
  readonly record: RunRecord | undefined;
  /** in the order in which they were changed */
  readonly before: ReadonlyMap<string, PathState>;
  /** sha256 of each regular file as the run left it, to detect later changes */
  readonly after: ReadonlyMap<string, string>;
}

/**
 * The runs of a host in the order in which it carried them out: a controller's clock may be wrong. One exec.
 * Throws an OperatorError `runs-unreadable`, `connection-lost`, or `not-permitted` if the account may not
 * read them.
 */
export async function readRuns(connection: Connection, host?: string): Promise<readonly RunOnHost[]> {
  return (await readMemory(connection, host)).runs;
}

/** The same, with the hold of a cluster if it has one on this host. One exec. */
export async function readMemory(
  connection: Connection,
  host?: string,
  cluster = '',
): Promise<{ readonly runs: readonly RunOnHost[]; readonly hold: Hold | undefined }> {
  const answer = await ask(connection, record('list', cluster), host);
  const runs = answer.runs.map(({ run, state, outcome, sequence, files, queued }): RunOnHost => {
    const log = new RunLog();
    for (const line of (files.get('log')?.toString('utf8') ?? '').split('\n')) log.add(line);
    return {
      run,
      state,
      sequence,
      outcome: outcome === 'commit' || outcome === 'revert' || outcome === 'keep' ? outcome : undefined,
      begunAt: log.begunAt,
      stateSince: log.stateSince,
      ...readRecord(run, files.get('record'), host),
      problem: log.cause,
      warnings: [...log.warnings, ...owedWords(log)],
      started: log.started,
      owed: log.owed,
      installed: log.installed,
      queued: queued === undefined ? undefined : readQueued(queued, run),
      ...{ acted: log.acted, done: log.done, upgraded: log.upgraded },
    };
  });
  // What waits has yet to begin.
  const place = ({ state, sequence = 0 }: RunOnHost) => (state === 'queued' ? Number.MAX_VALUE : sequence);
  runs.sort((one, other) => place(one) - place(other));
  return { runs, hold: readHold(answer.hold) };
}

function owedWords({ owed, owedBecause }: RunLog): readonly string[] {
  if (owed.length === 0) return [];
  return [`postponed because people were connected (${owedBecause?.words ?? ''}): ${owed.join(', ')}`];
}

/**
 * The runs of one cluster: a host may remember runs of others. A run without a record may belong to any of
 * them.
 */
export function runsOfCluster(runs: readonly RunOnHost[], cluster: string): readonly RunOnHost[] {
  return runs.filter(({ record }) => record === undefined || record.cluster === cluster);
}

/** Names of the clusters to which other runs on the host belong. */
export function clustersBeside(runs: readonly RunOnHost[], cluster: string): readonly string[] {
  const names = runs.flatMap(({ record }) => record?.cluster ?? []).filter((name) => name !== cluster);
  return [...new Set(names)].sort();
}

/** What a run changed, undefined if the host doesn't remember it. One exec. */
export async function readRunFiles(
  connection: Connection,
  run: string,
  host?: string,
): Promise<RunFiles | undefined> {
  const [found] = (await ask(connection, record('files', run), host)).runs;
  if (found === undefined) return undefined;
  const before = new Map<string, PathState>();
  const after = new Map<string, string>();
  for (const line of (found.files.get('manifest')?.toString('utf8') ?? '').split('\n')) {
    const fields = line.split(fieldSeparator);
    if (fields[0] === 'unit-state') {
      const [, , unit = '', enabled = '', active = ''] = fields;
      before.set(unitPath(unit), { kind: 'unit', enabled, active });
    }
    if (fields[0] !== 'change') continue;
    const [, number = '', path = ''] = fields;
    before.set(path, stateBefore(fields.slice(3, 9), found.files.get(`before/${number}`)));
    if (fields[9] === 'file') after.set(path, fields[10] ?? '');
  }
  return {
    run: found.run,
    state: found.state,
    record: readRecord(found.run, found.files.get('record'), host).record,
    before,
    after,
  };
}

function stateBefore(fields: readonly string[], content: Buffer | undefined): PathState {
  const [kind, , mode = '', user = '', group = '', target = ''] = fields;
  const ownership = { mode: Number.parseInt(mode, 8), user, group };
  switch (kind) {
    case 'file':
      return content === undefined
        ? { kind: 'unreadable', reason: 'the host no longer keeps the previous state' }
        : { kind: 'file', content, ...ownership };
    case 'directory':
      return { kind: 'directory', ...ownership };
    case 'symlink':
      return { kind: 'symlink', target };
    default:
      return { kind: 'absent' };
  }
}

interface RawRun {
  readonly run: string;
  readonly state: string;
  readonly outcome: string;
  readonly sequence: number | undefined;
  readonly files: Map<string, Buffer>;
  /** the record of what it waits for */
  queued?: string;
}

interface RawAnswer {
  readonly runs: readonly RawRun[];
  /** the record of a hold */
  readonly hold: string | undefined;
}

async function ask(connection: Connection, request: string, host?: string): Promise<RawAnswer> {
  const nonce = newNonce();
  const result = await connection.exec(bootstrap, framed(await program('runs'), request, nonce), {
    timeout: 60,
    maximumOutput: 128 * 1024 * 1024,
  });
  const user = new RegExp(`^${nonce} closed (.*)$`, 'm').exec(result.stdout.toString('utf8'))?.[1];
  if (user !== undefined) throw mayNotRead({ user: printable(user), host, paths: ['/var/lib/clusterproxy'] });
  const answer = parseRuns(result.stdout, nonce);
  if (answer !== undefined && answer.runs.length > mostRuns) {
    throw new OperatorError({
      code: 'runs-unreadable',
      message: `the host remembers more than ${mostRuns} runs`,
      next: 'look at /var/lib/clusterproxy/runs on the host, and move away what is none of clusterproxy',
    });
  }
  if (answer === undefined) {
    throw new OperatorError({
      code: result.code === null ? 'connection-lost' : 'runs-unreadable',
      message: 'the list of runs from the host is incomplete',
      next: 'run the command again',
      detail: printable(result.stderr.subarray(0, 2_000).toString('utf8')).trim(),
    });
  }
  return answer;
}

/** A host remembers 20 runs, or what `--keep` says. Nobody has as many as this. */
const mostRuns = 10_000;

/** Undefined if the answer is incomplete. Stops reading once there are too many runs. */
function parseRuns(output: Buffer, nonce: string): RawAnswer | undefined {
  const begin = Buffer.from(`${nonce} begin\n`);
  let position = output.indexOf(begin);
  if (position < 0) return undefined;
  position += begin.length;
  const runs: RawRun[] = [];
  let hold: string | undefined;
  for (;;) {
    const end = output.indexOf(10, position);
    if (end < 0) return undefined;
    const line = output.toString('utf8', position, end);
    const [mark, kind, name = '', value = '', outcome = '', sequence = ''] = line.split(' ');
    position = end + 1;
    if (mark !== nonce) return undefined;
    if (kind === 'end' || runs.length > mostRuns) return { runs, hold };
    if (kind === 'hold') hold = line.slice(`${nonce} hold `.length);
    if (kind === 'run') {
      const number = sequence === '' ? undefined : Number(sequence);
      runs.push({ run: name, state: value, outcome, sequence: number, files: new Map() });
    }
    const last = runs.at(-1);
    if (kind === 'queued' && last !== undefined) last.queued = line.slice(`${nonce} queued `.length);
    if (kind !== 'file') continue;
    const size = Number(value);
    if (!Number.isSafeInteger(size) || size < 0 || output[position + size] !== 10) return undefined;
    last?.files.set(name, Buffer.from(output.subarray(position, position + size)));
    position += size + 1;
  }
}

/** A run that never began may have none. */
function readRecord(
  run: string,
  content: Buffer | undefined,
  host: string | undefined,
): Pick<RunOnHost, 'record' | 'unusable'> {
  if (content === undefined) return { record: undefined, unusable: undefined };
  const stored = readStoredRecord(content.toString('utf8'), run);
  if (stored.kind === 'read') return { record: stored.content, unusable: undefined };
  const folder = `/var/lib/clusterproxy/runs/${printable(run)}`;
  const newer = {
    code: 'record-newer',
    message: `the run ${printable(run)} was carried out on this host by a newer clusterproxy`,
    next: 'use that version or a later one',
  };
  const damaged = {
    code: 'record-damaged',
    message: `the record of the run ${printable(run)} on this host is damaged (${folder}/record.json)`,
    next: `restore it from a backup, or move ${folder} away: the run can't be undone then`,
    detail: stored.kind === 'damaged' ? printable(stored.words) : undefined,
  };
  return { record: undefined, unusable: { ...(stored.kind === 'newer' ? newer : damaged), host } };
}
