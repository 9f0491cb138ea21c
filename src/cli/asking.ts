import { once } from 'node:events';
import type { Confirmer } from '../model/deciding-check.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { AskingFromHere } from '../run/options.ts';
import type { Environment } from './environment.ts';
import { usualTimeout } from './options.ts';

export interface AskingOptions {
  readonly confirm: Confirmer;
  /** seconds */
  readonly confirmTimeout: number;
  readonly browserPath?: string | undefined;
  readonly dryRun: boolean;
}

/** A browser that starts, and opens a client's page, takes longer than a request. Seconds. */
const leastForBrowser = 30;

/**
 * How checks from outside are asked. What a browser needs is looked for now, before anything is changed:
 * throws OperatorError if it is missing.
 */
export async function askingFromHere(
  { confirm, confirmTimeout, browserPath, dryRun }: AskingOptions,
  { variables, leave, signal, attend }: Pick<Environment, 'variables' | 'leave' | 'signal' | 'attend'>,
): Promise<AskingFromHere | undefined> {
  if (confirm !== 'browser' && browserPath !== undefined) {
    throw usage(
      '--browser-path names the browser for --confirm browser, which was not given',
      'add --confirm browser, or leave out --browser-path',
    );
  }
  if (dryRun) return undefined;
  if (confirm === 'browser' && confirmTimeout < leastForBrowser) {
    const message = `a browser needs more than ${confirmTimeout}s to show that a host is well`;
    throw usage(message, `give --confirm-timeout ${leastForBrowser}s or more`);
  }
  const { networkFromHere } = await import('../verify/network.ts');
  const patience = usualTimeout * 1000;
  // Hosts that wait for the answers get them also after an interrupt.
  const network = networkFromHere({ signal: confirm === 'host' ? signal : leave, patience });
  if (confirm !== 'browser') return { network, now: Date.now };
  const { openBrowser } = await import('./open-browser.ts');
  const opened = await openBrowser({ timeout: usualTimeout, browserPath }, { variables, signal: leave });
  // Killed by a signal, the program would leave the browser's profile behind, and one that hangs.
  await attend();
  await untilInterrupted(opened.start(), signal);
  return { network, now: Date.now, browser: (hosts, signal) => opened.ask(hosts, { signal }) };
}

/** Throws at an interrupt; what is under way then ends with the program. */
async function untilInterrupted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const ended = new AbortController();
  const interrupted = once(signal, 'abort', { signal: ended.signal }).then(() => signal.throwIfAborted());
  try {
    await Promise.race([work, interrupted]);
  } finally {
    ended.abort();
    await Promise.allSettled([signal.aborted ? undefined : interrupted]);
  }
}

function usage(message: string, next: string): OperatorError {
  return new OperatorError({ code: 'usage', message, next });
}
