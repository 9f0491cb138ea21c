import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckResult } from '../model/outside-check.ts';
import { exitStatus, type RunResult, worstOf } from '../model/result.ts';
import type { Told } from '../report/document/document.ts';
import type { RunOptions } from '../run/options.ts';
import type { Verified } from '../run/verify-run.ts';
import { usualTimeout } from './options.ts';
import type { Session } from './session.ts';
import { statusOf } from './verify.ts';

/** How long a server may take to answer where there is no `--timeout`; milliseconds. */
export const usualPatience = usualTimeout * 1000;

/** Services that have just been restarted get this long before a failure counts. Milliseconds. */
const secondThought = 3_000;

/**
 * Ends a command that changes hosts. With `--verify` the whole cluster is asked first, whatever `--limit`
 * says and however the run ended: what one host was changed for may be seen at another.
 */
export async function endVerified(
  session: Session,
  result: RunResult,
  told: Told & { readonly exitStatus: number },
  options: RunOptions & { readonly verify?: boolean; readonly leave: AbortSignal },
): Promise<number> {
  if (options.verify !== true || options.signal.aborted) return session.end(result, told);
  const { checks, problems } = await ask(options);
  const interrupted = result.interrupted || options.signal.aborted;
  const asked = interrupted ? exitStatus.interrupted : statusOf(checks, problems.length > 0, exitStatus);
  const errors = [...(told.errors ?? []), ...problems];
  const all = { ...told, checks, errors, exitStatus: worstOf(told.exitStatus, asked) };
  session.show('checks', { ...result, interrupted }, all);
  return session.end({ ...result, interrupted }, all);
}

async function ask(options: RunOptions & { readonly leave: AbortSignal }): Promise<Verified> {
  const [{ verifyRun }, { networkFromHere }] = await Promise.all([
    import('../run/verify-run.ts'),
    import('../verify/network.ts'),
  ]);
  const { signal } = options;
  const network = networkFromHere({ signal, patience: usualPatience });
  const once = { withMeeting: false, withStream: false };
  const all = () => verifyRun({ ...options, ...once, limit: [], network, now: Date.now });
  const first = await all();
  if (!first.checks.some(isFailure) || signal.aborted) return first;
  await sleep(secondThought, undefined, { signal }).catch(() => undefined);
  return all();
}

function isFailure({ outcome }: CheckResult): boolean {
  return outcome === 'failed';
}
