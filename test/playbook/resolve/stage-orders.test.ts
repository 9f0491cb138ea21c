import { expect, it } from 'vitest';
import { viewCluster } from '../../../src/playbook/resolve/contexts.ts';
import { resolveHost } from '../../../src/playbook/resolve/resolve.ts';
import { loadInventoryText } from '../../support/load-inventory.ts';
import { emptySnapshot } from '../../support/snapshot.ts';

const host = (name: string, address: string) => `{name: ${name}, address: ${address}}`;
const unit = { load: 'loaded', active: 'active', sub: 'running', enabled: 'enabled' };

async function stagesOf(vars: string) {
  const inventory = await loadInventoryText(`playbook: bigbluebutton
cluster: {name: prod, hostname: bbb.example.com, virtual_address: 192.0.2.10}
vars: ${vars}
hosts:
  proxy:
    - ${host('proxy-1', '192.0.2.11')}
    - ${host('proxy-2', '192.0.2.12')}
  node:
    - {name: bbb-01, hostname: bbb-01.example.com}
`);
  const snapshots = ['proxy-1', 'proxy-2'].map(
    (name) => [name, { ...emptySnapshot(name), units: new Map([['nginx.service', unit]]) }] as const,
  );
  const { stages, steps } = resolveHost(viewCluster(inventory, new Map(snapshots)), 'proxy-1');
  return { stages, stageOf: (id: string) => stages[(steps.find((step) => step.id === id)?.stage ?? 0) - 1] };
}

it('come in the usual order where no other one applies', async () => {
  const { stages, stageOf } = await stagesOf('{}');
  expect(stages).toEqual(['preparation', 'certificate', 'proxy', 'address']);
  expect(stageOf('server-block')).toBe('proxy');
  expect(stageOf('address')).toBe('address');
});

it('come in the order whose condition holds, with the same steps in each', async () => {
  const { stages, stageOf } = await stagesOf('{certificate_from: certbot}');
  expect(stages).toEqual(['preparation', 'address', 'certificate', 'proxy']);
  expect(stageOf('certified-server-block')).toBe('proxy');
  expect(stageOf('address')).toBe('address');
  expect(stageOf('certbot-webroot')).toBe('certificate');
});
