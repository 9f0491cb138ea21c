import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { installPebble, pebbleDirectory, rootOf, withoutPebble } from '../lab/pebble.ts';
import { type Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import type { Door } from './door/connection.ts';
import { haproxy } from './door/haproxy.ts';
import { installSoftware } from './door/list.ts';
import { nginx } from './door/nginx.ts';
import { layPages } from './door/node.ts';
import { OpenSocket } from './door/socket.ts';
import type { ProxySoftware } from './door/software.ts';
import { noLab, useLab } from './lab.ts';
import type { Manifest } from './manifest.ts';
import { Audience, statusOf } from './pair/audience.ts';
import { has } from './pair/network.ts';

const missing = noLab || withoutPebble;
if (!noLab && missing) console.warn('A pair with certbot is not tried: pebble is not installed');

const renew =
  'certbot renew --force-renewal --no-random-sleep-on-renew || { grep -A4 \'"error"\' /var/log/letsencrypt/letsencrypt.log >&2; exit 1; }';
const serialOf = (text: string) => /serial=(\w+)/.exec(text)?.[1] ?? '';

const softwares = [nginx, haproxy];
describe.skipIf(missing).each(softwares)('a pair of proxies with $name and certbot', (software) => {
  keepsCertificates(software);
});

/** One story: each part on the hosts as the one before left them. */
function keepsCertificates(software: ProxySoftware): void {
  const lab = useLab();
  const name = `certified-${software.name}`;
  const hostname = `${name}.example.com`;
  const live = `/etc/letsencrypt/live/${hostname}/fullchain.pem`;
  let cluster: Cluster;
  let authority: LabHost;
  let virtual: string;
  let door: Door;
  /** the disks before anything was done */
  let fresh: ReadonlyMap<string, Manifest>;

  const page = () => `/${cluster.node(1).name}/html5client/door/echo`;
  const applies = async () => {
    const { code, document, stderr } = await cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code, stderr).toBe(0);
    return document;
  };
  const kept = async (host: LabHost) =>
    serialOf(await host.mustExec(`openssl x509 -noout -serial -in ${live}`));
  const shown = async (host: LabHost) =>
    serialOf(
      await host.mustExec(
        `openssl s_client -connect ${host.address}:443 -servername ${hostname} </dev/null 2>/dev/null | openssl x509 -noout -serial`,
      ),
    );
  const holder = async () => {
    const having = await Promise.all(
      cluster.proxies.map(async (host) => ((await has(host, virtual)) ? [host] : [])),
    );
    const [host, ...others] = having.flat();
    if (host === undefined || others.length > 0) throw new Error('not exactly one has the address');
    return host;
  };

  beforeAll(async () => {
    const [first] = await lab().addHosts([{ name: `${name}-ca`, prepare: installPebble }]);
    if (first === undefined) throw new Error('no host');
    authority = first;
    cluster = await startCluster(lab(), {
      ...{ name, nodes: ['3.0'], proxies: 2, prepareNode: layPages },
      // The lab's hosts renew nothing by themselves.
      prepareProxy: async (host) => {
        await host.mustExec(['systemctl', 'unmask', 'certbot.timer']);
        await installSoftware(host, software);
      },
      vars: {
        ...software.vars,
        certificate_from: 'certbot',
        certificate_authority: pebbleDirectory(`${authority.name}.example.com`),
      },
    });
    virtual = cluster.proxy.address.replace(/\d+$/, '250');
    cluster.inventory.cluster.virtual_address = virtual;
    await cluster.save();
    // The authority asks whoever has the address.
    await authority.mustExec(
      `sed -i 's/ ${hostname}//' /etc/hosts && echo '${virtual} ${hostname}' >> /etc/hosts`,
    );
    door = { address: virtual, hostname, ca: await rootOf(authority) };
    fresh = cluster.manifests();
  });

  it('gets one for each proxy in one apply, although the authority reaches only one of them', async () => {
    const planned = await cluster.json('plan');
    expect(hostOf(planned.document, cluster.proxy.name).changes.map(({ path }) => path)).toContain(
      `fetch certificate ${hostname}`,
    );
    await applies();
    await eventually(async () => expect(await statusOf(door, page(), 2_000)).toBe('200'));
    const serials = await Promise.all(cluster.proxies.map(shown));
    expect(await Promise.all(cluster.proxies.map(kept))).toEqual(serials);
    expect(new Set(serials).size).toBe(2);
    for (const host of cluster.proxies)
      expect((await host.exec('systemctl is-enabled certbot.timer')).stdout.trim()).toBe('enabled');
  });

  it('is in sync then', async () => {
    const then = cluster.manifests();
    expect(new Set(Object.values(statuses(await applies())))).toEqual(new Set(['in-sync']));
    expect(cluster.changedSince(then)).toEqual([]);
  });

  it('tells soon that none has the answer to a challenge, and is asked for nothing else', async () => {
    const unknown = `http://${virtual}/.well-known/acme-challenge/nobody-has-it`;
    const asked = async (host: LabHost) =>
      Number(await host.mustExec('grep -c nobody-has-it /var/log/nginx/access.log || :'));
    const answer = await authority.mustExec(
      `curl -q -s -o /dev/null -w '%{http_code}' -H 'Host: ${hostname}' ${unknown}`,
    );
    expect(answer).toMatch(/^404$|^503$/);
    if (software.name === 'nginx') expect(await Promise.all(cluster.proxies.map(asked))).toEqual([1, 1]);
    // Nothing but a token is looked for.
    const other = await authority.mustExec(
      `curl -q -s -o /dev/null -w '%{http_code} %{redirect_url}' -H 'Host: ${hostname}' ${unknown}/more`,
    );
    expect(other).toBe(`301 https://${hostname}/.well-known/acme-challenge/nobody-has-it/more`);
  });

  it('renews both and shows them at once, and nobody is cut or turned away', async () => {
    const before = await holder();
    const then = await Promise.all(cluster.proxies.map(shown));
    const sockets = await Promise.all(
      Array.from({ length: 10 }, () =>
        OpenSocket.open(door, `/${cluster.node(1).name}/html5client/door/socket`),
      ),
    );
    const audience = new Audience(door, page());
    // At the same time, as timers may have it.
    await Promise.all(cluster.proxies.map((host) => host.mustExec(renew, { timeoutMs: 120_000 })));
    const now = await Promise.all(cluster.proxies.map(kept));
    expect(now.filter((one) => then.includes(one))).toEqual([]);
    await eventually(async () => expect(await Promise.all(cluster.proxies.map(shown))).toEqual(now));
    const { answered, retried, failed } = await audience.end();
    console.warn(`while both renewed: ${answered} answered at once, ${retried.length} at the second try`);
    expect([retried, failed]).toEqual([[], []]);
    expect(answered).toBeGreaterThan(10);
    expect(await Promise.all(sockets.map((one) => one.echoes('still there')))).toEqual(
      sockets.map(() => true),
    );
    for (const one of sockets) one.close();
    expect((await holder()).name).toBe(before.name);
    const { document } = await cluster.json('check');
    expect(document.hosts.flatMap(({ changes }) => changes)).toEqual([]);
    for (const { name: proxy } of cluster.proxies) {
      expect(hostOf(document, proxy).notes).toEqual([
        expect.stringMatching(/is renewed by certbot, next about \d{4}-\S+; certbot\.timer is active$/),
      ]);
    }
    expect(new Set(Object.values(statuses(document)))).toEqual(new Set(['in-sync']));
  });

  it('leaves nothing behind on a proxy that leaves, but what certbot has', async () => {
    const leaving = await holder();
    const { code, document, stderr } = await cluster.json('retire', leaving.name, '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code, stderr).toBe(0);
    const certbots = /^\/(etc\/letsencrypt|var\/l(ib|og)\/letsencrypt|tmp)(\/|$)/;
    const differing = cluster
      .changedSince(fresh)
      .filter((path) => path.startsWith(`${leaving.name}:`))
      .map((path) => path.slice(leaving.name.length + 1));
    expect(differing.filter((path) => !certbots.test(path))).toEqual([]);
    expect(differing.filter((path) => path.includes('renewal-hooks/deploy/clusterproxy'))).toEqual([]);
    expect((await leaving.exec(`test -s ${live}`)).code).toBe(0);
    await eventually(async () => expect(await statusOf(door, page(), 2_000)).toBe('200'));
  });
}
