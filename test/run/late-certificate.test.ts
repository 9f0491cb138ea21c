import { expect, it } from 'vitest';
import type { HostPlan, Stage } from '../../src/model/plan.ts';
import type { ApplyOptions } from '../../src/run/options.ts';
import { outsideProofs } from '../../src/run/outside-proof.ts';

const day = 86_400_000;
const now = Date.parse('2026-11-27T00:00:00Z');

/** Whether a host that joins is left as it was changed, where it shows this certificate for 90 days. */
async function isKept(left: number, mistrust?: string): Promise<boolean> {
  const [validFrom, validTo] = [now + (left - 90) * day, now + left * day];
  const certificate = async () => ({ kind: 'certificate', mistrust, serial: '0A', validFrom, validTo });
  const signal = new AbortController().signal;
  const options = {
    ...{ confirm: 'outside', leave: signal, signal, progress: () => undefined },
    asking: { network: { certificate }, now: () => now },
  } as unknown as ApplyOptions;
  const question = { kind: 'certificate', hostname: 'bbb.example.com', port: 443 } as const;
  const check = { id: 'certificate', title: 'a certificate', fix: 'renew it', question };
  const prove = outsideProofs(options, () => [{ host: 'bbb-01', role: 'node', check, always: true }]);
  const proof = await prove({ host: 'bbb-01' } as HostPlan, {} as Stage);
  if (proof === undefined) throw new Error('nothing decides');
  return proof.confirm(0.01);
}

it('lets no certificate that is only late decide about a change', async () => {
  expect(await isKept(60)).toBe(true);
  expect(await isKept(3)).toBe(true);
  expect(await isKept(60, 'it is self-signed')).toBe(false);
  expect(await isKept(3, 'it is self-signed')).toBe(false);
  expect(await isKept(-1)).toBe(false);
});
