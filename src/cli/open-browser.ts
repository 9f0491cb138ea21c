import { access, constants, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { OperatorError } from '../model/operator-error.ts';
import type { ProgressEvent } from '../model/progress.ts';
import { askBrowser, type BrowserAnswers, type HostInBrowser } from '../verify/browser/ask-browser.ts';
import { findBrowser, thisMachine } from '../verify/browser/installed.ts';
import { loadPlaywright, tryStart } from '../verify/browser/start.ts';
import { trustedHere } from '../verify/network.ts';
import type { Environment } from './environment.ts';

export interface OpenBrowserOptions {
  /** seconds that a page may take for each step */
  readonly timeout: number;
  readonly browserPath?: string | undefined;
  readonly screenshots?: string | undefined;
}

/** A browser of this machine. */
export interface OpenedBrowser {
  /** starts one for these hosts, asks, and ends it */
  readonly ask: (
    hosts: readonly HostInBrowser[],
    more: {
      readonly progress?: (event: ProgressEvent) => void;
      /** closes the browser, besides the command's own signal */
      readonly signal?: AbortSignal;
    },
  ) => Promise<BrowserAnswers>;
  /** throws OperatorError if it doesn't start on this machine */
  readonly start: () => Promise<void>;
}

/**
 * Finds what a browser needs on this machine, and gives what asks one. Throws OperatorError if something is
 * missing; nothing is started before there is something to ask.
 */
export async function openBrowser(
  { timeout, browserPath, screenshots }: OpenBrowserOptions,
  { variables, signal }: Pick<Environment, 'variables' | 'signal'>,
): Promise<OpenedBrowser> {
  const program = findBrowser(browserPath, thisMachine(variables, homedir(), process.platform));
  const playwright = await loadPlaywright();
  const folder = screenshots === undefined ? undefined : await prepared(screenshots);
  return {
    ask: (hosts, { progress, signal: closing }) => {
      if (hosts.length > 0) progress?.({ kind: 'message', text: `opening clients in ${program}` });
      return askBrowser(hosts, {
        ...{ program, playwright, patience: timeout * 1000, screenshots: folder },
        signal: closing === undefined ? signal : AbortSignal.any([signal, closing]),
        context: trustedHere(),
      });
    },
    start: () => tryStart({ program, playwright }),
  };
}

/** A new folder is for the operator alone; one that is there stays as it is. */
async function prepared(folder: string): Promise<string> {
  try {
    // Not with those above it: Node's recursive mkdir() never ends where a file system makes none.
    await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await access(folder, constants.W_OK);
    return resolve(folder);
  } catch (error) {
    throw new OperatorError({
      code: 'screenshot-folder',
      message: `the folder ${folder} for screenshots can't be made or written to`,
      next: 'give --screenshots a folder that you may write to, or a new one in such a folder',
      detail: error instanceof Error ? error.message : undefined,
    });
  }
}
