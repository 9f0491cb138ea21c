import type { BrowserContext } from 'playwright-core';
import { expect, it } from 'vitest';
import { visit } from '../../../src/verify/browser/visit.ts';

/** Opens a page in a browser whose every attempt ends in this way. */
async function opened(page: string, message: string) {
  let attempts = 0;
  const goto = () => {
    attempts += 1;
    return Promise.reject(new Error(message));
  };
  const open = async () => ({ on: () => {}, addInitScript: async () => {}, goto, close: async () => {} });
  const context = { newPage: open } as unknown as BrowserContext;
  const asked = { elsewhere: undefined, sockets: [], reads: [], screenshot: undefined, media: false };
  const seen = await visit(
    { ...asked, page, enter: `${page}?checksum=s3cret` },
    { context, patience: 20_000 },
  );
  return { seen, attempts };
}

it('is made again while the network of this machine changes, and not without end', async () => {
  const { seen, attempts } = await opened('https://a.example.com/', 'net::ERR_NETWORK_CHANGED at https://a/');
  expect(seen).toMatchObject({ kind: 'unseen', complaint: { cause: 'unreachable' } });
  expect(attempts).toBe(3);
});

it('is made once where a server refuses', async () => {
  const { attempts } = await opened('https://a.example.com/', 'net::ERR_CONNECTION_REFUSED at https://a/');
  expect(attempts).toBe(1);
});

it('tells nobody the way into a meeting, whatever the browser says', async () => {
  const interrupted = 'Navigation to "https://a.example.com/?checksum=s3cret" is interrupted by another one';
  const { seen } = await opened('https://a.example.com/', interrupted);
  expect(JSON.stringify(seen)).toContain('checksum=…');
});
