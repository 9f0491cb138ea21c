import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type AskingOptions, askingFromHere } from '../../src/cli/asking.ts';

const { signal } = new AbortController();
const environment = { variables: {}, signal, leave: signal, attend: async () => undefined };
const ask = (given: Partial<AskingOptions>) =>
  askingFromHere({ confirm: 'browser', confirmTimeout: 120, dryRun: false, ...given }, environment);

describe('how checks from outside are asked while hosts wait', () => {
  it('not at all in a dry run, and without a browser where none is wanted', async () => {
    expect(await ask({ dryRun: true })).toBeUndefined();
    for (const confirm of ['host', 'outside'] as const) {
      const asking = await ask({ confirm });
      expect([asking?.network === undefined, asking?.browser]).toEqual([false, undefined]);
    }
  });

  it('refuses a browser that is missing or does not start, and what makes no sense', async () => {
    const code = async (given: Partial<AskingOptions>) =>
      ask(given).then(
        () => undefined,
        (error) => error.problem,
      );
    expect(await code({ browserPath: '/nowhere/chromium' })).toMatchObject({ code: 'no-browser' });
    // A program, but no browser.
    expect(await code({ browserPath: '/bin/false' })).toMatchObject({
      code: 'browser-not-started',
      next: expect.stringContaining('--confirm outside'),
    });
    expect(await code({ confirmTimeout: 10 })).toMatchObject({
      code: 'usage',
      next: 'give --confirm-timeout 30s or more',
    });
    expect(await code({ confirm: 'outside', browserPath: '/bin/true' })).toMatchObject({ code: 'usage' });
  });

  it('is heard when interrupted while a browser hangs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'asking-'));
    const browserPath = join(folder, 'browser');
    writeFileSync(browserPath, '#!/bin/sh\nexec sleep 20\n', { mode: 0o755 });
    const interrupting = new AbortController();
    const attended: string[] = [];
    const asked = askingFromHere(
      { confirm: 'browser', confirmTimeout: 120, dryRun: false, browserPath },
      {
        ...environment,
        signal: interrupting.signal,
        attend: async () => {
          attended.push('signals');
          setTimeout(() => interrupting.abort(), 200);
        },
      },
    );
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
    expect(attended).toEqual(['signals']);
    rmSync(folder, { recursive: true });
  });
});
