import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { manyRequests } from '../support/many-requests.ts';
import { type Cluster, hostOf, startCluster } from './cluster.ts';
import { ask, Connection, type Door, values } from './door/connection.ts';
import { installSoftware, softwares } from './door/list.ts';
import { layPages } from './door/node.ts';
import type { ProxySoftware } from './door/software.ts';
import { noLab, useLab } from './lab.ts';
import type { Manifest } from './manifest.ts';
import { expectServed } from './served.ts';

const forAll = [
  'connections',
  'slow_clients',
  'body_size',
  'server_tokens',
  'tls',
  'hsts',
  'masked_logs',
  'backlog',
];

/** What each of them can do, and what its operator has to have written first. */
const kinds: Readonly<Record<string, { readonly items: readonly string[]; readonly options: string }>> = {
  nginx: { items: [...forAll, 'address_limits'], options: '' },
  haproxy: { items: [...forAll, 'address_limits'], options: '' },
  caddy: {
    items: forAll,
    options: `{
	servers {
		timeouts {
			read_header 15s
		}
	}
	log {
		format filter {
			wrap json
			fields {
				request>uri regexp "(?i)sessionToken(=|%(25)*3D)[^&]*" "sessionToken=***"
				request>headers>Referer regexp "(?i)sessionToken(=|%(25)*3D)[^&]*" "sessionToken=***"
			}
		}
	}
}
`,
  },
};

const sysctls = ['net.ipv4.tcp_syncookies', 'net.core.somaxconn', 'net.ipv4.tcp_max_syn_backlog'];

describe.skipIf(noLab).concurrent.each(softwares)('a hardened door of $name', (software) => {
  describe.sequential('step by step', () => holds(software));
});

function holds(software: ProxySoftware): void {
  const lab = useLab();
  const { items, options } = kinds[software.name] ?? { items: [], options: '' };
  let cluster: Cluster;
  let door: Door;
  let fresh: ReadonlyMap<string, Manifest>;
  let plain: ReadonlyMap<string, Manifest>;
  let kernelBefore: readonly string[];
  let found: unknown;

  const kernel = async () => (await cluster.proxy.mustExec(['sysctl', '-n', ...sysctls])).trim().split('\n');
  const changedOnProxy = (since: ReadonlyMap<string, Manifest>) =>
    cluster.changedSince(since).filter((path) => path.startsWith(`${cluster.proxy.name}:`));
  const page = () => `/${cluster.node(1).name}/html5client/door/echo`;
  const applies = async () => {
    const { code, document, stderr } = await cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code, stderr).toBe(0);
    return document;
  };
  const verified = async () => {
    const { code, document } = await cluster.json('verify');
    return { code, results: document.checks?.map(({ id, host, outcome }) => `${id} ${host} ${outcome}`) };
  };
  const expectOthersServed = async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(door, page())));
    expect([...new Set(answers.map(({ status }) => status))]).toEqual([200]);
  };

  beforeAll(async () => {
    cluster = await startCluster(lab(), {
      name: `hard-${software.name}`,
      nodes: ['3.0'],
      prepareNode: layPages,
      prepareProxy: async (host) => {
        const { path, text } = software.main;
        await installSoftware(host, { ...software, main: { path, text: options + text } });
      },
      vars: software.vars,
      hasty: true,
    });
    door = {
      address: cluster.proxy.address,
      hostname: cluster.inventory.cluster.hostname,
      ca: await readFile(lab().authority.certificate, 'utf8'),
    };
    fresh = cluster.manifests();
    await applies();
    plain = cluster.manifests();
    // A host of the lab has a network of its own, whose values it may read only.
    await cluster.proxy.mustExec('mount -o remount,bind,rw /proc/sys');
    kernelBefore = await kernel();
    found = await verified();
  });

  it('is refused for a name that there is not, and for what an item needs', async () => {
    cluster.inventory.vars.hardening = ['hstss'];
    await cluster.save();
    expect((await cluster.run('plan')).stderr).toContain('did you mean hsts?');
    cluster.inventory.vars.hardening = ['connections'];
    await cluster.save();
    const { document } = await cluster.json('plan');
    expect(hostOf(document, cluster.proxy.name).error).toMatchObject({ code: 'hardening-impossible' });
  });

  it('is set up with everything on, serves as before, and stays as it is', async () => {
    Object.assign(cluster.inventory.vars, { hardening: items, expected_users: 200 });
    await cluster.save();
    await applies();
    const hardened = cluster.manifests();
    expect(await verified()).toEqual(found);
    await expectServed(cluster, cluster.node(1), '3.0');
    const again = await applies();
    expect(again.summary).toMatchObject({ changes: 0, restarts: 0, reloads: 0 });
    expect(cluster.changedSince(hardened)).toEqual([]);
    expect((await cluster.run('check')).code).toBe(0);
    const now = (await kernel()).map(Number);
    expect(now[0]).toBeGreaterThanOrEqual(1);
    expect(now[1]).toBeGreaterThanOrEqual(4096);
    expect(now[2]).toBeGreaterThanOrEqual(8192);
    const answer = await ask(door, page());
    expect(values(answer, 'strict-transport-security')).toEqual(['max-age=63072000']);
    expect(values(answer, 'server').join()).not.toMatch(/\d/);
  });

  it('serves 5,000 first pages of one address', async () => {
    const began = Date.now();
    const { address, hostname } = door;
    const replies = await manyRequests({ address, port: 443, hostname, path: page() }, 5000, 50);
    console.warn(`${software.name}: 5,000 requests of one address in ${Date.now() - began} ms`);
    expect([...new Set(replies.map(({ status }) => status))]).toEqual([200]);
  });

  it('answers others while many send their headers slowly, and closes on those', async () => {
    const slow = await Promise.all(
      Array.from({ length: 300 }, async () => {
        const one = await Connection.open(door);
        one.listen().say(`GET ${page()} HTTP/1.1\r\nHost: ${door.hostname}\r\nX-Slow: `);
        return one;
      }),
    );
    await expectOthersServed();
    const ends = await Promise.all(slow.map((one) => one.whole()));
    expect(ends.length).toBe(300);
    await expectOthersServed();
  });

  it('answers others while many hold connections and say nothing', async () => {
    const sockets = await Promise.all(
      Array.from(
        { length: 2000 },
        () =>
          new Promise<Socket>((resolve, reject) => {
            const socket = connect(443, door.address, () => resolve(socket));
            socket.on('error', reject);
          }),
      ),
    );
    try {
      await expectOthersServed();
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    await expectOthersServed();
  });

  it('gives all of it back where the list is empty again', async () => {
    delete cluster.inventory.vars.hardening;
    await cluster.save();
    await applies();
    expect(changedOnProxy(plain)).toEqual([]);
    expect(await kernel()).toEqual(kernelBefore);
  });

  it('gives all of it back when it retires', async () => {
    cluster.inventory.vars.hardening = items;
    await cluster.save();
    await applies();
    expect(await kernel()).not.toEqual(kernelBefore);
    for (const host of [cluster.inventory.hosts.proxy, cluster.inventory.hosts.node].flat()) {
      if (typeof host === 'object') host.state = 'retired';
    }
    await cluster.save();
    await applies();
    expect(changedOnProxy(fresh)).toEqual([]);
    expect(await kernel()).toEqual(kernelBefore);
  });
}
