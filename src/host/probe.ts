import { OperatorError } from '../model/operator-error.ts';
import { queriesIn, type Reads } from '../model/reads.ts';
import { isGlob, type Snapshot } from '../model/snapshot.ts';
import type { Connection } from '../ssh/contract.ts';
import { programsIn, queryFields, sentPrograms } from './own-programs.ts';
import { bootstrap, framed, newNonce, program } from './program.ts';
import { printable, record } from './records.ts';
import { parseSnapshot, Unstable } from './snapshot-parser.ts';

export interface ProbeOptions {
  /** the cluster whose ledger and pending handlers are wanted; undefined: none */
  readonly cluster?: string | undefined;
  /** whether guards may name people and meetings; default: no */
  readonly names?: boolean | undefined;
  /** seconds; long enough for the slowest query, which has its own time limit on the host */
  readonly timeout?: number;
}

/** A larger answer isn't from probe.sh, which sends at most 32 MiB of contents. Bytes. */
const maximumOutput = 64 * 1024 * 1024;

/** How often the probe is repeated if a file changed while it was read. */
const attempts = 3;

/**
 * Looks at a host with one command and writes nothing there. Throws an OperatorError: `probe-failed` if the
 * answer is malformed, `files-changing`, `connection-lost`, `too-many-matches`, `ledger-unreadable`, or one
 * of the connection's.
 */
export async function probe(
  connection: Connection,
  host: string,
  reads: Reads,
  options: ProbeOptions = {},
): Promise<Snapshot> {
  const text = await program('probe');
  const programs = await sentPrograms(programsIn(queriesIn(reads)));
  const request = probeRequest(reads, programs, options);
  for (let attempt = 1; ; attempt++) {
    const nonce = newNonce();
    const askedAt = Date.now();
    const result = await connection.exec(
      bootstrap,
      Buffer.concat([framed(text, request, nonce), ...programs]),
      {
        timeout: options.timeout ?? 60,
        maximumOutput,
      },
    );
    const clock = { askedAt, answeredAt: Date.now() };
    try {
      return parseSnapshot(result.stdout, { nonce, host, reads, clock, cluster: options.cluster });
    } catch (error) {
      if (error instanceof OperatorError) throw error;
      if (result.code === null) throw cutOff(host);
      if (!(error instanceof Unstable)) throw notUnderstood(host, error, result.stdout, result.stderr);
      if (attempt >= attempts) throw changing(host, error.message);
    }
  }
}

/** The request for probe.sh: what to read, one item per line; the texts of the programs follow it. */
function probeRequest(
  reads: Reads,
  programs: readonly Buffer[],
  { cluster, names = false }: ProbeOptions,
): string {
  const asked = programsIn(queriesIn(reads));
  return [
    ...(cluster === undefined ? [] : [record('cluster', cluster)]),
    ...(names ? [record('people-by-name', 'yes')] : []),
    ...reads.paths.map((path) => record(isGlob(path) ? 'glob' : 'path', path)),
    ...(reads.includes ?? []).map((path) => record('includes', path)),
    ...reads.packages.map((name) => record('package', name)),
    ...reads.units.map((name) => record('unit', name)),
    ...reads.names.map((name) => record('name', name)),
    ...programs.map((text, index) => record('program', index + 1, text.length)),
    ...queriesIn(reads).map((query, index) => {
      const kind = index < reads.queries.length ? 'query' : 'guard';
      return record(kind, index, ...queryFields(query, asked));
    }),
  ].join('\n');
}

function cutOff(host: string): OperatorError {
  return new OperatorError({
    code: 'connection-lost',
    message: 'the connection was lost while the host was being looked at',
    next: 'nothing was changed there; run the command again',
    host,
  });
}

function notUnderstood(host: string, error: unknown, stdout: Buffer, stderr: Buffer): OperatorError {
  const words = [
    error instanceof Error ? error.message : String(error),
    stderr.subarray(0, 2_000).toString(),
    stdout.subarray(0, 500).toString(),
  ];
  return new OperatorError({
    code: 'probe-failed',
    message: "the host's answer can't be parsed",
    next: 'check that the host has a POSIX sh, GNU coreutils, grep, sed, util-linux and systemd, and that no login script ends the session early',
    host,
    detail: printable(words.join('\n').trim()),
  });
}

function changing(host: string, words: string): OperatorError {
  return new OperatorError({
    code: 'files-changing',
    message: `files changed on each of the ${attempts} attempts to look at the host`,
    next: 'find out what writes there (a package upgrade, configuration management), and run the command again later',
    host,
    detail: words,
  });
}
