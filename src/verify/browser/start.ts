import type { Browser, BrowserType } from 'playwright-core';
import { OperatorError } from '../../model/operator-error.ts';
import { nativeImport } from '../../native-import.ts';
import { notInstalled } from '../../not-installed.ts';

/**
 * playwright-core's part for Chromium, which isn't bundled: it is as large as everything else together, and
 * only this needs it. Throws OperatorError.
 */
export async function loadPlaywright(
  load: () => Promise<{ readonly chromium: BrowserType }> = async () =>
    (await nativeImport('playwright-core')) as { readonly chromium: BrowserType },
): Promise<BrowserType> {
  try {
    return (await load()).chromium;
  } catch (error) {
    throw notInstalled(
      { code: 'no-playwright', name: 'playwright-core', which: 'which drives the browser' },
      error,
    );
  }
}

export interface StartOptions {
  readonly program: string;
  readonly playwright: BrowserType;
  /** of servers that are trusted although the browser doesn't know their authority */
  readonly keys: readonly string[];
  /** milliseconds */
  readonly patience: number;
}

/**
 * Where Chromium goes of its own accord, whatever it is told, and no client of ours ever goes: for it these
 * names don't resolve (tried with Debian's Chromium 156).
 */
const ownServices = [
  'accounts.google.com',
  'update.googleapis.com',
  'clients2.google.com',
  'optimizationguide-pa.googleapis.com',
  'content-autofill.googleapis.com',
  'safebrowsing.googleapis.com',
];

/**
 * Starts the browser without a window, with an empty profile that goes with it. playwright-core itself turns
 * off what Chromium does of its own accord: updates, synchronisation, reports.
 */
export function start({ program, playwright, keys, patience }: StartOptions): Promise<Browser> {
  return playwright.launch({
    executablePath: program,
    headless: true,
    timeout: patience,
    // Chromium refuses to start as root with its sandbox.
    chromiumSandbox: process.getuid?.() !== 0,
    // Signals are the command's: it closes the browser, and tells what it knows.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: [
      '--use-fake-device-for-media-stream',
      '--disable-gpu',
      '--disable-quic',
      '--disable-domain-reliability',
      '--disable-client-side-phishing-detection',
      '--dns-prefetch-disable',
      `--host-resolver-rules=${ownServices.map((name) => `MAP ${name} ~NOTFOUND`).join(', ')}`,
      ...(keys.length === 0 ? [] : [`--ignore-certificate-errors-spki-list=${keys.join(',')}`]),
    ],
  });
}

/** A browser starts within seconds, or not at all; milliseconds. */
export const longestStart = 60_000;

/** Starts the browser and ends it. Throws OperatorError if it doesn't start on this machine. */
export async function tryStart(given: Pick<StartOptions, 'program' | 'playwright'>): Promise<void> {
  try {
    const browser = await start({ ...given, keys: [], patience: longestStart });
    await browser.close();
  } catch (error) {
    throw new OperatorError({
      code: 'browser-not-started',
      message: `the browser ${given.program} does not start on this machine: ${startTrouble(error)}`,
      next: 'get it to start, name another one by --browser-path, or do without a browser: --confirm outside',
    });
  }
}

/** Why it did not start, from playwright-core's message with the browser's log. */
export function startTrouble(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/No usable sandbox|setuid sandbox|Failed to move to new namespace/.test(message)) {
    return 'its sandbox cannot be set up on this machine; allow unprivileged user namespaces (Ubuntu: an AppArmor profile for the browser)';
  }
  const missing = /error while loading shared libraries: (\S+?):/.exec(message)?.[1];
  if (missing !== undefined) return `the library ${missing} is missing; install the browser's package`;
  const [first = ''] = message.split('\n');
  return first.replace(/^browserType\.launch: /, '');
}
