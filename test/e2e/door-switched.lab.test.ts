import { beforeAll, describe, expect, it } from 'vitest';
import type { LabHost } from '../lab/host.ts';
import { type Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import { caddy } from './door/caddy.ts';
import { noLab, useLab } from './lab.ts';
import { expectServed } from './served.ts';

const units = { nginx: 'nginx.service', haproxy: 'haproxy.service', caddy: 'caddy.service' } as const;
type Software = keyof typeof units;

/** As docs/proxy-software.md says it: HAProxy's file is the distribution's, in which nothing listens. */
describe.skipIf(noLab)('a proxy that gets other software', () => {
  const lab = useLab();
  let cluster: Cluster;
  let certificates: Readonly<Record<string, unknown>>;

  beforeAll(async () => {
    cluster = await startCluster(lab(), {
      name: 'switched',
      nodes: ['3.0'],
      prepareProxy: async (host) => {
        await host.writeFile(caddy.main.path, caddy.main.text);
        await caddy.prepare?.(host);
      },
      vars: { proxy_software: 'nginx' },
      hasty: true,
    });
    const { certificate, certificate_key } = cluster.inventory.vars;
    certificates = { certificate, certificate_key };
  });

  async function choose(software: Software): Promise<void> {
    const own = software === 'caddy' ? caddy.vars : certificates;
    Object.assign(cluster.inventory.vars, own, { proxy_software: software });
    await cluster.save();
  }

  async function installInPlaceOf(host: LabHost, old: Software, software: Software): Promise<void> {
    await host.mustExec(['systemctl', '--quiet', 'disable', '--now', units[old]]);
    // HAProxy without anything that listens doesn't start; a run starts it.
    await host.mustExec(['systemctl', '--quiet', 'enable', units[software]]);
    if (software !== 'haproxy') await host.mustExec(['systemctl', 'start', units[software]]);
  }

  async function expectApplied(): Promise<void> {
    const { code, document, stderr } = await cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code, stderr).toBe(0);
    await expectServed(cluster, cluster.node(1), '3.0');
    const { document: again } = await cluster.json('check');
    expect(Object.values(statuses(again)).filter((status) => status !== 'in-sync')).toEqual([]);
  }

  it('is told who has the port, as long as the old one has it', async () => {
    await expectApplied();
    await choose('haproxy');
    const { code, document } = await cluster.json('plan');
    expect(code).not.toBe(0);
    expect(hostOf(document, cluster.proxy.name).error).toMatchObject({
      code: 'port-taken',
      message: expect.stringMatching(/^nginx listens on port (80|443) of this host, which haproxy needs$/),
    });
  });

  it.each<[Software, Software]>([
    ['nginx', 'haproxy'],
    ['haproxy', 'caddy'],
    ['caddy', 'nginx'],
  ])('goes from %s to %s, and nothing of the first is left', async (old, software) => {
    await choose(software);
    await installInPlaceOf(cluster.proxy, old, software);
    await expectApplied();
    const left = await cluster.proxy.exec(
      'grep -rl "clusterproxy: begin switched\\|clusterproxy: begin switched-01" /etc/nginx /etc/haproxy /etc/caddy',
    );
    const folders = { nginx: '/etc/nginx/', haproxy: '/etc/haproxy/', caddy: '/etc/caddy/' };
    expect(
      left.stdout
        .trim()
        .split('\n')
        .every((path) => path.startsWith(folders[software])),
    ).toBe(true);
  });
});
