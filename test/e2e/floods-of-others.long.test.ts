import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { offerDebianPackages } from '../lab/packages.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { caddy } from './door/caddy.ts';
import type { Door } from './door/connection.ts';
import { amongSilent, floodOfBeginnings, lend, others, withoutFloods, writable } from './door/flood.ts';
import { haproxy } from './door/haproxy.ts';
import { installSoftware } from './door/list.ts';
import { layPages } from './door/node.ts';
import { noLab, useLab } from './lab.ts';
import { expectServed } from './served.ts';

if (withoutFloods !== undefined) console.warn(withoutFloods);

/** What each can be had with; Caddy's times and masks are for its global options to say. */
const items = ['untracked', 'connections', 'body_size', 'server_tokens', 'tls', 'hsts', 'backlog'];
const hardened = [
  { software: haproxy, hardening: [...items, 'slow_clients', 'masked_logs'] },
  { software: caddy, hardening: items },
];

describe.skipIf(noLab || withoutFloods !== undefined).each(hardened)(
  'a hardened door with $software.name',
  ({ software, hardening }) => {
    const lab = useLab();
    let cluster: Cluster;
    let door: Door;
    const page = () => `/${cluster.node(1).name}/html5client/door/echo`;

    beforeAll(async () => {
      cluster = await startCluster(lab(), {
        ...{ name: `flood-${software.name}`, nodes: ['3.0'], prepareNode: layPages, hasty: true },
        vars: { ...software.vars, hardening, expected_users: 1000 },
        prepareProxy: (host) => installSoftware(host, software),
      });
      door = {
        address: cluster.proxy.address,
        hostname: cluster.inventory.cluster.hostname,
        ca: await readFile(lab().authority.certificate, 'utf8'),
      };
      await lend(cluster.proxy, 'nft');
      await lend(cluster.node(1), 'hping3');
      await offerDebianPackages(cluster.proxy, [{ name: 'nftables' }]);
      await cluster.proxy.mustExec('apt-get update -q');
      await cluster.proxy.mustExec(writable);
      const { code, document, stderr } = await cluster.json('apply', '--yes');
      expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
      expect(code, stderr).toBe(0);
    });

    it('lets more wait from its next restart on, as the plan says', async () => {
      const queue = async () =>
        (await cluster.proxy.mustExec("ss -H -l -t -n 'sport = :443' | awk '{ print $3 }'"))
          .trim()
          .split('\n');
      await cluster.proxy.mustExec(`systemctl restart ${software.unit}`);
      expect(new Set(await queue())).toEqual(new Set(['4096']));
      await expectServed(cluster, cluster.node(1), '3.0');
    });

    it('answers others during a flood of beginnings', async () => {
      const quiet = await others(door, page(), 100);
      const flood = floodOfBeginnings(cluster.proxy, cluster.node(1), door.address);
      const meanwhile = await others(door, page(), 100);
      const { sent, cookies } = await flood;
      console.warn(
        `${software.name}: ${sent} beginnings, ${cookies} cookies: ${meanwhile}; without: ${quiet}`,
      );
      expect(cookies).toBeGreaterThan(0);
    });

    it('answers others among connections that say nothing', async () => {
      const meanwhile = await amongSilent(door, 5000, () => others(door, page(), 100));
      console.warn(`${software.name}: 5,000 connections that say nothing: ${meanwhile}`);
    });
  },
);
