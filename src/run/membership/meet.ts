import { setTimeout as sleep } from 'node:timers/promises';
import type { InventoryHost } from '../../inventory/inventory.ts';
import { durationWords } from '../../model/duration.ts';
import { OperatorError, type Problem, problemsOf } from '../../model/operator-error.ts';
import type { Connector } from '../../ssh/connector.ts';
import { howToPrint } from '../../ssh/host-keys/how-to-print.ts';
import { type JudgedKey, judgeKeys, type KeyJudgement } from '../../ssh/host-keys/judge-keys.ts';
import { addressOf, type SshTarget } from '../../ssh/target.ts';
import { interrupted } from '../look.ts';
import type { RunOptions } from '../options.ts';
import { pinKeys } from '../trust-run.ts';

export interface MeetOptions extends Pick<RunOptions, 'signal' | 'progress'> {
  readonly connector: Connector;
  /** fingerprints that came with the machine; empty: it has to be known already */
  readonly given: readonly string[];
  /** whether one of them may take the place of another known key */
  readonly replace: boolean;
  /** how long the machine may take until it answers; seconds */
  readonly patience: number;
}

/** A host that has shown a key that is known, or that came with it. */
export interface Met {
  /** the host as it is to be reached: only with the keys that came with it */
  readonly host: InventoryHost;
  /** Notes these keys down where ssh looks for them, and returns the file; undefined if they are known. */
  readonly pin: (() => Promise<string>) | undefined;
}

/** Between two attempts, growing from the first to the second. Milliseconds. */
const [shortest, longest] = [1_000, 10_000];
/** A machine that is starting. */
const startingCodes: readonly string[] = ['unreachable', 'connect-timeout', 'connection-lost'];

/**
 * Waits until a machine answers over ssh, and looks at its keys, without a login. Throws an OperatorError: it
 * doesn't answer, or shows no key that it may have. Nobody is trusted because he was the first to answer.
 */
export async function meet(host: InventoryHost, options: MeetOptions): Promise<Met> {
  const target = await options.connector.resolve(host.ssh);
  const keys = await whenItAnswers(host, target, options);
  const judgement = await judgeKeys(target, keys);
  const where = addressOf(target);
  if (options.given.length === 0) {
    const unknown = unknownProblem(where, judgement);
    if (unknown !== undefined) throw new OperatorError({ ...unknown, host: host.name });
    return { host, pin: undefined };
  }
  const meant = judgement.keys.filter((key) => options.given.includes(key.fingerprint));
  const refusal = refusalOf(where, meant, judgement, options);
  if (refusal !== undefined) throw new OperatorError({ ...refusal, host: host.name });
  const hostKeys = meant.map((key) => key.fingerprint);
  const isKnown = meant.every(({ state }) => state === 'known' || state === 'unneeded');
  return {
    host: { ...host, ssh: { ...host.ssh, hostKeys } },
    pin: isKnown ? undefined : () => pinKeys(target, judgement, toPin(meant)),
  };
}

async function whenItAnswers(
  { name }: InventoryHost,
  target: SshTarget,
  { connector, signal, progress, patience }: MeetOptions,
): Promise<readonly Buffer[]> {
  const until = Date.now() + patience * 1_000;
  for (let pause = shortest; ; pause = Math.min(longest, pause * 1.5)) {
    if (signal.aborted) throw interrupted();
    try {
      return await connector.scan(target, { signal });
    } catch (error) {
      if (signal.aborted) throw interrupted();
      const [problem] = problemsOf(error);
      if (problem === undefined || !startingCodes.includes(problem.code)) throw error;
      if (Date.now() >= until) {
        const waited = patience > 0 ? `, after ${durationWords(patience)} of waiting` : '';
        throw new OperatorError({ ...problem, message: `${problem.message}${waited}`, host: name });
      }
      if (pause === shortest) {
        progress({ kind: 'message', text: `${name}: waiting until it answers (${problem.message})` });
      }
      await sleep(Math.min(pause, until - Date.now()), undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Why a host is not known by what this machine knows. */
function unknownProblem(where: string, { keys }: KeyJudgement): Problem | undefined {
  if (keys.some(({ state }) => state !== 'new')) return undefined;
  const shown = keys.map(({ type, fingerprint }) => `${type} ${fingerprint}`).join(', ');
  return {
    code: 'host-key-unknown',
    message: `the host key of ${where} is not known: ${shown}`,
    next: `give the key that came with the machine, from its image, its provider or its console (\`${howToPrint(keys.map(({ type }) => type))}\`): --fingerprint SHA256:..., or --host-key 'ssh-ed25519 AAAA...'`,
  };
}

function refusalOf(
  where: string,
  meant: readonly JudgedKey[],
  { keys, pinned, replaceable }: KeyJudgement,
  { replace }: MeetOptions,
): Problem | undefined {
  if (meant.length === 0) {
    const shown = keys.map(({ type, fingerprint }) => `${type} ${fingerprint}`).join(', ');
    return {
      code: 'host-key-not-given',
      message: `${where} shows none of the keys that came with the machine; it shows ${shown}`,
      next: 'another machine may be answering at this address: do not log in there until you know which',
    };
  }
  const revoked = meant.find(({ state }) => state === 'revoked');
  if (revoked !== undefined) {
    return {
      code: 'host-key-revoked',
      message: `${where} shows a host key marked as revoked (${revoked.type} ${revoked.fingerprint})`,
      next: 'such a key is never pinned: do not log in there until you know why it is marked',
    };
  }
  const contradicts = meant.find(({ state }) => state === 'contradicts');
  if (contradicts === undefined || (replace && replaceable)) return undefined;
  return {
    code: 'host-key-changed',
    message: `${where} shows the key that came with the machine, but another one is known: ${contradicts.type} ${contradicts.fingerprint}`,
    next:
      pinned.length > 0
        ? 'the known key is under ssh.host_keys in the inventory: if another machine has this address now, change it there'
        : 'if another machine has this address now, add --replace',
  };
}

function toPin(meant: readonly JudgedKey[]): readonly Buffer[] {
  return meant.flatMap(({ key, state }) => (state === 'new' || state === 'contradicts' ? [key] : []));
}
