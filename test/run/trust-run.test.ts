import { expect, test } from 'vitest';
import { resultOf, type ScannedHost } from '../../src/run/trust-run.ts';
import { plainTarget } from '../../src/ssh/resolve-target.ts';

const key = Buffer.from('a key');
const scanned: ScannedHost = {
  ...{
    name: 'bbb-01',
    role: 'node',
    target: plainTarget({ host: 'bbb-01', user: 'ops' }),
    address: 'bbb-01:22',
  },
  judgement: {
    ...{ name: 'bbb-01', old: [], pinned: [], replaceable: true },
    keys: [{ type: 'ssh-rsa', fingerprint: 'SHA256:new', key, state: 'contradicts' }],
  },
  ...{ problem: undefined, pinned: false, written: [], durationMs: 0 },
};

test('a key that contradicts is an error, with the file of its type', () => {
  const { status, problem } = resultOf(scanned, new Set());
  expect([status, problem?.code]).toEqual(['failed', 'host-key-changed']);
  expect(problem?.next).toContain('/etc/ssh/ssh_host_rsa_key.pub');
});

test('it is none where --replace is for this host', () => {
  expect(resultOf(scanned, new Set(['bbb-01']))).toMatchObject({
    status: 'would-change',
    problem: undefined,
  });
  expect(resultOf(scanned, new Set(['bbb-02'])).problem?.code).toBe('host-key-changed');
});

test('nor is one forgiven that no yes can pin', () => {
  const judgement = { ...scanned.judgement, replaceable: false } as ScannedHost['judgement'];
  expect(resultOf({ ...scanned, judgement }, new Set(['bbb-01'])).problem?.code).toBe('host-key-changed');
});
