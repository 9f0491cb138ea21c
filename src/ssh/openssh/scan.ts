import { readFile, rm } from 'node:fs/promises';
import { OperatorError, type Problem } from '../../model/operator-error.ts';
import { hostKeyFamilies } from '../algorithms.ts';
import { interrupted, tooLate } from '../connect-problems.ts';
import type { SshTarget } from '../target.ts';
import { isAtLeast, loginArguments } from './arguments.ts';
import { readLog } from './log.ts';
import { startLogin } from './login.ts';
import { lacksHostKeyType, loginProblem, noProgram, notStartable, tooOld } from './problems.ts';
import type { LogInOptions } from './reach-host.ts';

const nothingKnown = { pinned: [], entries: [], portless: [], types: [] };

/**
 * The public keys that a host shows to ssh(1), at most one of each kind, like scanHostKeys(): for hosts that
 * ssh2 can't reach. ssh is told that none of them is known, so that it never logs in. Throws an
 * OperatorError.
 */
export async function scanByOpenSsh(
  target: SshTarget,
  options: Omit<LogInOptions, 'keyring'>,
): Promise<readonly Buffer[]> {
  if (!isAtLeast(options.workshop.version, 8, 5)) throw new OperatorError(tooOld(target));
  const keys: Buffer[] = [];
  let missing: Problem | undefined;
  for (const family of hostKeyFamilies) {
    const shown = await shownKey(target, family, options);
    if (Buffer.isBuffer(shown)) keys.push(shown);
    else if (shown.lacksType) missing = shown.problem;
    // The keys that have been seen are true all the same, and one of them is enough to log in.
    else if (shown.problem.code === 'source-penalty' && keys.length > 0) break;
    else throw new OperatorError(shown.problem);
  }
  if (keys.length === 0 && missing !== undefined) throw new OperatorError(missing);
  return keys;
}

async function shownKey(
  target: SshTarget,
  hostKeyAlgorithms: readonly string[],
  { workshop, jump, signal }: Omit<LogInOptions, 'keyring'>,
): Promise<Buffer | { readonly problem: Problem; readonly lacksType: boolean }> {
  const file = workshop.path('shown');
  const program = await workshop.program('note-key');
  const command = ['/bin/sh', program, file, '%t', '%K'].join(' ');
  const socket = workshop.path('s');
  const outcome = await startLogin({
    args: loginArguments(target, {
      socket,
      jump: jump?.socket,
      pinned: { knownHosts: '/dev/null', command, hostKeyAlgorithms },
      answers: false,
      version: workshop.version,
    }),
    socket,
    environment: { ...process.env, LC_ALL: 'C' },
    timeout: target.connectTimeout,
    signal,
    watchdog: workshop.watchdog,
  });
  const found = await readFile(file, 'utf8').catch(() => '');
  await rm(file, { force: true });
  const encoded = found.split('\n')[0]?.split(' ')[1];
  if (encoded !== undefined) return Buffer.from(encoded, 'base64');
  const failed = (problem: Problem) => ({ problem, lacksType: false });
  if (outcome.kind === 'unstartable') return failed(notStartable(outcome.reason));
  if (outcome.kind === 'missing') return failed(noProgram(target));
  if (outcome.kind === 'interrupted') return failed(interrupted(target));
  const log = readLog(outcome.lines);
  if (outcome.kind === 'late') return failed(tooLate(target, log.reached));
  // There can't be a login without a shown key.
  if (outcome.kind === 'ready') await outcome.login.close();
  const failure = { log, known: nothingKnown, tried: [], locked: [], jumpSaid: jump?.lines ?? [] };
  return { problem: loginProblem(target, failure), lacksType: lacksHostKeyType(log) };
}
