import { rm, writeFile } from 'node:fs/promises';
import { OperatorError, type Problem } from '../../model/operator-error.ts';
import { hostKeyFamilies } from '../algorithms.ts';
import { interrupted, tooLate } from '../connect-problems.ts';
import { type KnownKeys, readKnownKeys } from '../host-keys/host-keys.ts';
import type { Keyring } from '../keys/keyring.ts';
import type { SshTarget } from '../target.ts';
import { type Answer, offerAnswer } from './answer.ts';
import { isAtLeast, loginArguments, type Pinned } from './arguments.ts';
import { type LockedKeys, lockedKeys } from './keys.ts';
import { readLog } from './log.ts';
import { type Login, startLogin } from './login.ts';
import { lacksHostKeyType, loginProblem, noProgram, notStartable, tooOld } from './problems.ts';
import type { Workshop } from './workshop.ts';

export interface LogInOptions {
  readonly workshop: Workshop;
  readonly keyring: Keyring;
  /** login on the host before this one */
  readonly jump: Login | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface LoggedIn {
  readonly login: Login;
  /** fingerprint of the verified key */
  readonly hostKey: string | undefined;
}

/**
 * Logs in with ssh(1). Throws an OperatorError with the codes of connect.ts.
 *
 * A pinned fingerprint does not tell the type of its key, so the types are requested one after the other. A
 * passphrase is requested only if nothing else was accepted: another key, or one of the agent's, may work.
 */
export async function logIn(target: SshTarget, options: LogInOptions): Promise<LoggedIn> {
  const known = await readKnownKeys(target);
  const keys = await lockedKeys(target, options.keyring, { ask: false });
  const families = await pinnedFamilies(known, target, options.workshop);
  try {
    return await overFamilies(target, { ...options, known, keys }, families);
  } finally {
    for (const pinned of families) if (pinned !== undefined) await rm(pinned.knownHosts, { force: true });
  }
}

async function overFamilies(
  target: SshTarget,
  options: Omit<Attempt, 'pinned'>,
  families: readonly (Pinned | undefined)[],
): Promise<LoggedIn> {
  const { keyring } = options;
  let { keys } = options;
  let refused: Problem | undefined;
  for (const pinned of families) {
    let outcome = await attempt(target, { ...options, keys, pinned });
    if ('problem' in outcome && isLocked(outcome.problem, keys) && keyring.canAsk) {
      keys = await lockedKeys(target, keyring, { ask: true });
      outcome = await attempt(target, { ...options, keys, pinned });
    }
    if ('login' in outcome) return outcome;
    const { problem, lacksType } = outcome;
    const isOtherType = pinned !== undefined && (lacksType || problem.code === 'host-key-changed');
    if (!isOtherType) throw new OperatorError(problem);
    if (refused === undefined || !lacksType) refused = problem;
  }
  throw new OperatorError(refused ?? interrupted(target));
}

interface Attempt extends LogInOptions {
  readonly known: KnownKeys;
  readonly keys: LockedKeys;
  readonly pinned: Pinned | undefined;
}

type Outcome = LoggedIn | { readonly problem: Problem; readonly lacksType: boolean };

async function attempt(target: SshTarget, options: Attempt): Promise<Outcome> {
  const { workshop, known, keys, pinned } = options;
  const socket = workshop.path('s');
  const { opened } = keys;
  const agent = opened.length === 0 ? undefined : await workshop.agent(opened, target.agent);
  const password = await target.password?.();
  let answer: Answer | undefined;
  try {
    if (password !== undefined) answer = await offerAnswer(workshop.path('answer'), password);
    const outcome = await startLogin({
      args: loginArguments(target, {
        socket,
        jump: options.jump?.socket,
        pinned,
        agent,
        answers: answer !== undefined,
        version: workshop.version,
      }),
      socket,
      environment: {
        ...process.env,
        LC_ALL: 'C',
        ...(answer && {
          SSH_ASKPASS: await workshop.program('askpass'),
          SSH_ASKPASS_REQUIRE: 'force',
          // OpenSSH before 8.4 required this, in addition to having no terminal.
          DISPLAY: process.env.DISPLAY || ':0',
          CLUSTERPROXY_ANSWER: answer.path,
        }),
      },
      timeout: target.connectTimeout,
      signal: options.signal,
      watchdog: workshop.watchdog,
    });
    if (outcome.kind === 'unstartable') return { problem: notStartable(outcome.reason), lacksType: false };
    if (outcome.kind === 'missing') return { problem: noProgram(target), lacksType: false };
    const log = readLog(outcome.lines);
    if (outcome.kind === 'ready') return { login: outcome.login, hostKey: log.hostKey?.fingerprint };
    if (outcome.kind === 'interrupted') return { problem: interrupted(target), lacksType: false };
    if (outcome.kind === 'late') return { problem: tooLate(target, log.reached), lacksType: false };
    const failure = {
      log,
      known,
      tried: keys.tried,
      locked: keys.locked,
      password: answer && { askedFor: await answer.refused() },
      jumpSaid: options.jump?.lines ?? [],
    };
    return { problem: loginProblem(target, failure), lacksType: lacksHostKeyType(log) };
  } finally {
    await answer?.close();
  }
}

function isLocked(problem: Problem, { locked }: LockedKeys): boolean {
  return problem.code === 'authentication-failed' && locked.length > 0;
}

/**
 * OpenSSH takes keys, not fingerprints: one of our programs gives it the key that the host shows if its
 * fingerprint is right. Revocation marks still count.
 */
async function pinnedFamilies(
  known: KnownKeys,
  target: SshTarget,
  workshop: Workshop,
): Promise<readonly (Pinned | undefined)[]> {
  if (known.pinned.length === 0) return [undefined];
  if (!isAtLeast(workshop.version, 8, 5)) throw new OperatorError(tooOld(target));
  const program = await workshop.program('known-keys');
  const revoked = known.entries
    .filter(({ marker }) => marker === 'revoked')
    .map(({ type, key }) => `@revoked * ${type} ${key.toString('base64')}\n`)
    .join('');
  return Promise.all(
    hostKeyFamilies.map(async (hostKeyAlgorithms) => {
      const knownHosts = workshop.path('known');
      await writeFile(knownHosts, revoked, { mode: 0o600 });
      const command = ['/bin/sh', program, '%H', '%t', '%K', '%f', ...known.pinned].join(' ');
      return { knownHosts, command, hostKeyAlgorithms };
    }),
  );
}
