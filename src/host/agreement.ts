import type { Aborted, Lease } from '../model/claims.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { Connection } from '../ssh/contract.ts';
import { anotherMachine, notThisMachine } from './another-machine.ts';
import { readAborted, readLease } from './claims.ts';
import { mayNotRead } from './not-permitted.ts';
import { bootstrap, framed, newNonce, program } from './program.ts';
import { fieldSeparator, printable, record, splitOnce } from './records.ts';

/** What a host knows of one run. */
export interface RunKnown {
  /** seconds since the epoch by the host's clock */
  readonly now: number;
  /** its lease, whether it has expired or not */
  readonly lease: Lease | undefined;
  readonly aborted: Aborted | undefined;
  /** the run that goes on with its rest */
  readonly resumedBy?: string | undefined;
  /** its controller knows that it was aborted */
  readonly heard: boolean;
  /** what was agreed on, and how it ended, as they were stored */
  readonly agreement: Buffer | undefined;
  readonly outcome: Buffer | undefined;
  /** its transactions on the host, the first stage first */
  readonly stages: readonly StageKnown[];
  /** if the host doesn't know it: ids of runs of the cluster that it knows */
  readonly others: readonly string[];
  /** if it is another cluster's: the name of that */
  readonly elsewhere: readonly string[];
}

export interface StageKnown {
  /** with its stage */
  readonly run: string;
  readonly state: string;
  /** somebody works on it */
  readonly alive: boolean;
  /** all lines of it so far */
  readonly log: readonly string[];
}

/**
 * What the host knows of a run; one exec. `brief`: without what never changes. Throws an OperatorError
 * `not-permitted`, `runs-unreadable`, or one of the connection's.
 */
export async function knownOfRun(
  connection: Connection,
  { cluster, run, brief }: { readonly cluster: string; readonly run: string; readonly brief: boolean },
  host?: string,
): Promise<RunKnown> {
  const nonce = newNonce();
  const request = record('look', cluster, run, brief ? 'yes' : 'no');
  const result = await connection.exec(bootstrap, framed(await program('agreement'), request, nonce), {
    timeout: 120,
    maximumOutput: 64 * 1024 * 1024,
  });
  const known = parse(result.stdout, nonce);
  if (known === undefined) {
    throw new OperatorError({
      code: result.code === null ? 'connection-lost' : 'runs-unreadable',
      message: 'what the host knows of the run is incomplete',
      next: 'run the command again',
      detail: printable(result.stderr.subarray(0, 2_000).toString('utf8')).trim(),
    });
  }
  if (known.closed !== undefined)
    throw mayNotRead({ user: known.closed, host, paths: ['/var/lib/clusterproxy'] });
  return known;
}

/** A run on the host that it is asked of: another machine at the same address knows nothing of it. */
export interface RunOnHost {
  readonly cluster: string;
  readonly run: string;
  readonly machineId: string;
}

/** Whether the host has noted that nothing more of the run is begun there, or the run had ended before. */
export async function abortOnHost(
  connection: Connection,
  asked: RunOnHost & { readonly by: string; readonly from: string },
): Promise<'aborted' | 'ended'> {
  const { verdict, words } = await tell(connection, 'abort', asked, asked.by, asked.from);
  if (verdict === 'aborted' || verdict === 'ended') return verdict;
  if (verdict === notThisMachine) throw new OperatorError(anotherMachine());
  throw new OperatorError({
    code: 'abort-failed',
    message: 'the host could not note that the run is aborted',
    next: 'look at /var/lib/clusterproxy on the host, then run the command again',
    detail: words,
  });
}

/** Ends the lease of a run on a host where it isn't at work; false where it is. */
export async function breakLease(connection: Connection, asked: RunOnHost): Promise<boolean> {
  return (await tell(connection, 'break', asked)).verdict === 'free';
}

/** Notes that another run goes on with the rest of a run, and ends its lease where it isn't at work. */
export async function resumedOnHost(
  connection: Connection,
  asked: RunOnHost & { readonly by: string },
): Promise<boolean> {
  return (await tell(connection, 'resumed', asked, asked.by)).verdict === 'free';
}

async function tell(
  connection: Connection,
  what: 'abort' | 'break' | 'resumed',
  { cluster, run, machineId }: RunOnHost,
  ...more: readonly string[]
): Promise<{ readonly verdict: string; readonly words: string }> {
  const nonce = newNonce();
  const request = record(what, cluster, run, machineId, ...more);
  const result = await connection.exec(bootstrap, framed(await program('agreement'), request, nonce), {
    timeout: 60,
    maximumOutput: 1024 * 1024,
  });
  const line = new RegExp(`${nonce} (.*)\n`).exec(result.stdout.toString('utf8'))?.[1] ?? '';
  const [verdict = '', words = ''] = splitOnce(line, fieldSeparator);
  return { verdict: printable(verdict), words: printable(words) };
}

interface Parsed extends RunKnown {
  /** the user who may not read it */
  readonly closed: string | undefined;
}

/** Undefined if the answer is incomplete. */
function parse(output: Buffer, nonce: string): Parsed | undefined {
  let position = output.indexOf(Buffer.from(`${nonce} begin `));
  if (position < 0) return undefined;
  const files = new Map<string, Buffer>();
  const stages: { run: string; state: string; alive: boolean; log: readonly string[] }[] = [];
  const texts = new Map<string, string[]>();
  for (;;) {
    const end = output.indexOf(10, position);
    if (end < 0) return undefined;
    const line = output.toString('utf8', position, end);
    position = end + 1;
    if (!line.startsWith(`${nonce} `)) return undefined;
    const [kind = '', rest = ''] = splitOnce(line.slice(nonce.length + 1), ' ');
    const [first = '', second = '', third = ''] = rest.split(' ');
    if (kind === 'end') break;
    if (kind === 'run')
      stages.push({ run: printable(first), state: printable(second), alive: third === 'yes', log: [] });
    else if (kind === 'file') {
      const size = Number(second);
      if (!Number.isSafeInteger(size) || size < 0 || output[position + size] !== 10) return undefined;
      const content = Buffer.from(output.subarray(position, position + size));
      const stage = stages.at(-1);
      if (first === 'log' && stage !== undefined) stage.log = linesOf(content);
      else files.set(first, content);
      position += size + 1;
    } else texts.set(kind, [...(texts.get(kind) ?? []), rest]);
  }
  const aborted = texts.get('aborted')?.[0];
  const resumed = texts.get('resumed')?.[0];
  const closed = texts.get('closed')?.[0];
  return {
    now: Number(texts.get('begin')?.[0]) || 0,
    lease: readLease(texts.get('lease')?.[0]),
    aborted: aborted === undefined ? undefined : readAborted(aborted),
    heard: texts.has('heard'),
    resumedBy: resumed === undefined ? undefined : printable(resumed),
    agreement: files.get('agreement'),
    outcome: files.get('outcome'),
    stages,
    others: (texts.get('other') ?? []).map(printable),
    elsewhere: [...new Set((texts.get('elsewhere') ?? []).map(printable))],
    closed: closed === undefined ? undefined : printable(closed),
  };
}

/** Without one that is still being written. */
function linesOf(log: Buffer): readonly string[] {
  return log.toString('utf8').split('\n').slice(0, -1);
}
