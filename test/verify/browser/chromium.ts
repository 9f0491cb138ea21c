import { homedir } from 'node:os';
import { findBrowser, thisMachine } from '../../../src/verify/browser/installed.ts';

/** The browser of this machine; undefined, with a message, where there is none. */
export function chromiumHere(): string | undefined {
  try {
    return findBrowser(undefined, thisMachine(process.env, homedir(), process.platform));
  } catch (error) {
    console.warn(`Tests in a browser are skipped: ${(error as Error).message}`);
    return undefined;
  }
}
