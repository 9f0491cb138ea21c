import { expect, it } from 'vitest';
import { askCheck } from '../../src/verify/ask.ts';
import type { Network } from '../../src/verify/network.ts';
import { isOwnTrouble } from '../../src/verify/trouble-words.ts';

const failing = (code: string) => Object.assign(new Error(code), { code });

it.each([
  ['EAI_AGAIN', true],
  ['ENETUNREACH', true],
  ['EPERM', true],
  ['EAFNOSUPPORT', true],
  ['ENOTFOUND', false],
  ['ECONNREFUSED', false],
  ['ETIMEDOUT', false],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', false],
])('%s is trouble of this machine: %s', (code, own) => {
  expect(isOwnTrouble(failing(code))).toBe(own);
});

it('a name with several addresses could be asked if one of them could', () => {
  const unused = failing('ENETUNREACH');
  expect(isOwnTrouble(new AggregateError([unused, unused]))).toBe(true);
  expect(isOwnTrouble(new AggregateError([unused, failing('ECONNREFUSED')]))).toBe(false);
});

it('what this machine could not send was not asked, and is no failure of the server', async () => {
  const trouble = { kind: 'trouble', words: 'there is no route', fix: 'mend it' } as const;
  const network = (answer: { readonly isHere?: true }): Network => ({
    get: async () => ({ ...trouble, ...answer }),
    upgrade: async () => ({ ...trouble, ...answer }),
    certificate: async () => ({ ...trouble, ...answer }),
    talk: async () => ({ ...trouble, ...answer }),
    line: async () => ({ ...trouble, ...answer }),
    addresses: async () => ({ ...trouble, ...answer }),
  });
  const question = { kind: 'certificate', hostname: 'bbb.example.com', port: 443 } as const;
  const check = { id: 'a', title: 'a', fix: 'renew it', question };
  const asking = { now: Date.now, signal: new AbortController().signal };
  expect(await askCheck(check, { ...asking, network: network({ isHere: true }) })).toEqual({
    ...{ outcome: 'not-asked', expected: undefined, found: 'there is no route', fix: undefined },
  });
  expect(await askCheck(check, { ...asking, network: network({}) })).toMatchObject({ outcome: 'failed' });
});
