import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { installPebble, pebbleDirectory, rootOf, withoutPebble } from '../lab/pebble.ts';
import { CERTIFICATE } from '../lab/prepare-host.ts';
import { long } from '../support/random.ts';
import { type Cluster, startCluster, statuses } from './cluster.ts';
import type { Door } from './door/connection.ts';
import { haproxy } from './door/haproxy.ts';
import { installSoftware } from './door/list.ts';
import { nginx } from './door/nginx.ts';
import { layPages } from './door/node.ts';
import type { ProxySoftware } from './door/software.ts';
import { noLab, useLab } from './lab.ts';
import { Audience, statusOf } from './pair/audience.ts';
import { has } from './pair/network.ts';

const missing = noLab || withoutPebble;
if (!noLab && missing) console.warn('A pair that switches to certbot is not tried: pebble is not installed');

/** With HAProxy, whose certificates certified-pair tries, only by `npm run test:long`: three minutes each. */
const softwares = long ? [nginx, haproxy] : [nginx];
describe.skipIf(missing).each(softwares)('a running pair of proxies with $name', (software) => {
  switches(software);
});

/** One story: each part on the hosts as the one before left them. */
function switches(software: ProxySoftware): void {
  const lab = useLab();
  const name = `moving-${software.name}`;
  const hostname = `${name}.example.com`;
  let cluster: Cluster;
  let authority: LabHost;
  let virtual: string;
  let given: Readonly<Record<string, unknown>>;
  /** the authority of the files, and the one that certbot asks */
  let roots: { readonly files: string; readonly certbot: string };

  const page = () => `/${cluster.node(1).name}/html5client/door/echo`;
  const door = (ca: string): Door => ({ address: virtual, hostname, ca });
  const both = () => door(`${roots.files}\n${roots.certbot}`);
  const choose = async (vars: Readonly<Record<string, unknown>>) => {
    const { certificate: _, certificate_key: __, certificate_from: ___, ...others } = cluster.inventory.vars;
    cluster.inventory.vars = { ...others, ...vars };
    await cluster.save();
  };
  const certified = () => ({
    certificate_from: 'certbot',
    certificate_authority: pebbleDirectory(`${authority.name}.example.com`),
  });
  const applies = async () => {
    const { code, document, stderr } = await cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code, stderr).toBe(0);
    return document;
  };
  const issuers = () =>
    Promise.all(
      cluster.proxies.map((host) =>
        host.mustExec(
          `openssl s_client -connect ${host.address}:443 -servername ${hostname} </dev/null 2>/dev/null | openssl x509 -noout -issuer`,
        ),
      ),
    );
  const isHeldBy = (host: LabHost) =>
    eventually(async () => {
      const having = await Promise.all(cluster.proxies.map((one) => has(one, virtual)));
      expect(having).toEqual(cluster.proxies.map((one) => one === host));
      expect(await statusOf(both(), page(), 2_000)).toBe('200');
    });
  /** Nobody takes it back later. */
  const giveTo = async (host: LabHost) => {
    const others = cluster.proxies.filter((one) => one !== host);
    for (const one of others) await one.mustExec('systemctl stop keepalived.service');
    await isHeldBy(host);
    for (const one of others) await one.mustExec('systemctl start keepalived.service');
    await isHeldBy(host);
  };

  beforeAll(async () => {
    const [first] = await lab().addHosts([{ name: `${name}-ca`, prepare: installPebble }]);
    if (first === undefined) throw new Error('no host');
    authority = first;
    const names = [hostname, `${name}-proxy.example.com`, `${name}-proxy-2.example.com`];
    const issued = await lab().authority.issue(names);
    cluster = await startCluster(lab(), {
      ...{ name, nodes: ['3.0'], proxies: 2, prepareNode: layPages, vars: software.vars },
      prepareProxy: async (host) => {
        await host.writeFile(CERTIFICATE.fullchain, await readFile(issued.certificate));
        await host.writeFile(CERTIFICATE.privateKey, await readFile(issued.privateKey), 0o600);
        await host.mustExec(['systemctl', 'unmask', 'certbot.timer']);
        await installSoftware(host, software);
      },
    });
    const { certificate, certificate_key } = cluster.inventory.vars;
    given = { certificate, certificate_key };
    virtual = cluster.proxy.address.replace(/\d+$/, '250');
    cluster.inventory.cluster.virtual_address = virtual;
    await cluster.save();
    await authority.mustExec(
      `sed -i 's/ ${hostname}//' /etc/hosts && echo '${virtual} ${hostname}' >> /etc/hosts`,
    );
    roots = {
      files: await readFile(lab().authority.certificate, 'utf8'),
      certbot: await rootOf(authority),
    };
    await applies();
  });

  it.each([2, 1])('gets certificates by certbot while proxy %i has the address', async (number) => {
    const holder = cluster.proxies[number - 1];
    if (holder === undefined) throw new Error('no such proxy');
    await giveTo(holder);
    await choose(certified());
    const audience = new Audience(both(), page());
    await applies();
    await audience.end();
    expect([audience.retried, audience.failed]).toEqual([[], []]);
    expect(await issuers()).toEqual(cluster.proxies.map(() => expect.stringContaining('Pebble')));
    await isHeldBy(holder);
    const { document } = await cluster.json('check');
    expect(document.hosts.flatMap(({ changes }) => changes)).toEqual([]);
    expect(new Set(Object.values(statuses(document)))).toEqual(new Set(['in-sync']));
    for (const host of cluster.proxies)
      await host.mustExec('certbot renew --force-renewal --no-random-sleep-on-renew', { timeoutMs: 120_000 });
    // As if certbot had never been here.
    await choose(given);
    await applies();
    for (const host of cluster.proxies)
      await host.mustExec(`certbot delete --non-interactive --cert-name ${hostname}`);
  });
}
