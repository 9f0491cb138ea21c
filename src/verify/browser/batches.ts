import type { BrowserCheck } from '../../model/outside-check.ts';
import { type Asked, notAsked } from '../ask.ts';
import type { BrowserAnswers, HostInBrowser } from './ask-browser.ts';

/** A check that is to be asked in a browser, and whose it is. */
export interface AskedInBrowser extends Pick<HostInBrowser, 'host' | 'role'> {
  readonly check: BrowserCheck;
  /** aborted when nobody wants the answer any more */
  readonly signal: AbortSignal;
}

/** Opens the clients of these hosts in a browser that it starts for them, and ends. Never throws. */
export type OpenInBrowser = (hosts: readonly HostInBrowser[], signal: AbortSignal) => Promise<BrowserAnswers>;

interface Waiting extends AskedInBrowser {
  readonly resolve: (asked: Asked) => void;
}

/**
 * Asks checks in a browser one by one, as it seems: those that are wanted at the same time are asked
 * together, since one look at a page answers all that is asked of it. No two browsers run at once, and what
 * is wanted while one runs waits for the next.
 */
export function inBatches(open: OpenInBrowser): (one: AskedInBrowser) => Promise<Asked> {
  let waiting: readonly Waiting[] = [];
  let isRunning = false;
  const run = async () => {
    while (waiting.length > 0) {
      const batch = batchOf(waiting);
      waiting = waiting.filter((one) => !batch.includes(one));
      await askBatch(batch, open);
    }
    isRunning = false;
  };
  return (one) =>
    new Promise((resolve) => {
      waiting = [...waiting, { ...one, resolve }];
      if (isRunning) return;
      isRunning = true;
      // After all that is wanted in the same turn.
      setImmediate(() => void run());
    });
}

/** All that can be asked at once: a host's question may be another one after its change than before. */
function batchOf(waiting: readonly Waiting[]): readonly Waiting[] {
  const first = new Map<string, string>();
  return waiting.filter(({ host, check }) => {
    const question = JSON.stringify(check.question);
    const known = first.get(`${host} ${check.id}`) ?? question;
    first.set(`${host} ${check.id}`, known);
    return known === question;
  });
}

async function askBatch(batch: readonly Waiting[], open: OpenInBrowser): Promise<void> {
  const wanted = batch.filter(({ signal }) => !signal.aborted);
  for (const { signal, resolve } of batch) if (signal.aborted) resolve(notAsked('interrupted'));
  if (wanted.length === 0) return;
  const nobody = new AbortController();
  const given = () => {
    if (wanted.every(({ signal }) => signal.aborted)) nobody.abort();
  };
  for (const { signal } of wanted) signal.addEventListener('abort', given);
  const { checks } = await open(hostsOf(wanted), nobody.signal);
  for (const { signal } of wanted) signal.removeEventListener('abort', given);
  for (const { host, check, resolve } of wanted) {
    const found = checks.find((one) => one.host === host && one.id === check.id);
    resolve(found ?? notAsked('the browser was not asked'));
  }
}

function hostsOf(wanted: readonly Waiting[]): readonly HostInBrowser[] {
  return [...new Set(wanted.map(({ host }) => host))].map((host) => {
    const own = wanted.filter((one) => one.host === host);
    const checks = new Map(own.map(({ check }) => [check.id, check]));
    return { host, role: own[0]?.role ?? '', checks: [...checks.values()] };
  });
}
