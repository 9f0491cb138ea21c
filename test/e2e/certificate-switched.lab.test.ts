import { beforeAll, describe, expect, it } from 'vitest';
import type { LabHost } from '../lab/host.ts';
import { installPebble, pebbleDirectory, withoutPebble } from '../lab/pebble.ts';
import { type Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import { haproxy } from './door/haproxy.ts';
import { installSoftware } from './door/list.ts';
import { nginx } from './door/nginx.ts';
import { layPages } from './door/node.ts';
import type { ProxySoftware } from './door/software.ts';
import { noLab, useLab } from './lab.ts';
import type { Manifest } from './manifest.ts';

const missing = noLab || withoutPebble;
if (!noLab && missing) console.warn('Switching to certbot and back is not tried: pebble is not installed');

/** What can be had on a host of the lab. */
const hardening = [
  'slow_clients',
  'body_size',
  'server_tokens',
  'tls',
  'hsts',
  'masked_logs',
  'address_limits',
];
const certbots = /^[^:]+:\/(etc\/letsencrypt|var\/l(ib|og)\/letsencrypt|var\/log|tmp)(\/|$)/;

const softwares = [nginx, haproxy];
describe.skipIf(missing).each(softwares)('a hardened proxy with $name', (software) => {
  changesItsCertificate(software);
});

/** One story: each part on the hosts as the one before left them. */
function changesItsCertificate(software: ProxySoftware): void {
  const lab = useLab();
  const name = `switched-${software.name}`;
  const hostname = `${name}.example.com`;
  let cluster: Cluster;
  let authority: LabHost;
  let given: Readonly<Record<string, unknown>>;
  let before: ReadonlyMap<string, Manifest>;

  const choose = async (vars: Readonly<Record<string, unknown>>) => {
    const { certificate: _, certificate_key: __, certificate_from: ___, ...others } = cluster.inventory.vars;
    cluster.inventory.vars = { ...others, ...vars };
    await cluster.save();
  };
  const certified = () => ({
    certificate_from: 'certbot',
    certificate_authority: pebbleDirectory(`${authority.name}.example.com`),
  });
  const warnings = async () =>
    hostOf((await cluster.json('plan')).document, cluster.proxy.name).warnings.filter((one) =>
      one.includes('certbot'),
    );
  const applies = async () => {
    const { code, document, stderr } = await cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code, stderr).toBe(0);
  };
  const isInSync = async () => {
    const { document } = await cluster.json('check');
    expect(document.hosts.flatMap(({ changes, handlers }) => [...changes, ...handlers])).toEqual([]);
    expect(new Set(Object.values(statuses(document)))).toEqual(new Set(['in-sync']));
  };
  const issuer = () =>
    cluster.proxy.mustExec(
      `openssl s_client -connect 127.0.0.1:443 -servername ${hostname} </dev/null 2>/dev/null | openssl x509 -noout -issuer`,
    );
  const renew = () =>
    cluster.proxy.mustExec('certbot renew --force-renewal --no-random-sleep-on-renew', {
      timeoutMs: 120_000,
    });

  beforeAll(async () => {
    const [first] = await lab().addHosts([{ name: `${name}-ca`, prepare: installPebble }]);
    if (first === undefined) throw new Error('no host');
    authority = first;
    cluster = await startCluster(lab(), {
      ...{ name, nodes: ['3.0'], prepareNode: layPages },
      prepareProxy: async (host) => {
        await host.mustExec(['systemctl', 'unmask', 'certbot.timer']);
        await installSoftware(host, software);
      },
      vars: { ...software.vars, hardening },
    });
    const { certificate, certificate_key } = cluster.inventory.vars;
    given = { certificate, certificate_key };
    await applies();
    before = cluster.manifests();
  });

  it('gets one by certbot in place of files of its operator, and is as hardened on port 80', async () => {
    await choose(certified());
    await applies();
    expect(await issuer()).toContain('Pebble');
    await isInSync();
    const answer = await cluster.proxy.mustExec(
      `curl -q -s -D - -o /dev/null -H 'Host: ${hostname}' 'http://127.0.0.1/join?sessionToken=telltale'`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 301/);
    expect(answer).not.toMatch(/nginx\/\d/);
    if (software.name === 'nginx')
      expect(await cluster.proxy.mustExec('cat /var/log/nginx/access.log')).not.toContain('telltale');
  });

  it('goes back to what it had by rollback, and to certbot once more without another certificate', async () => {
    const kept = () =>
      cluster.proxy.mustExec(`openssl x509 -noout -serial -in /etc/letsencrypt/live/${hostname}/cert.pem`);
    const serial = await kept();
    const { code, stderr } = await cluster.json('rollback', '--yes');
    expect(code, stderr).toBe(0);
    expect(await issuer()).not.toContain('Pebble');
    expect(cluster.changedSince(before).filter((path) => !certbots.test(path))).toEqual([]);
    await applies();
    expect(await issuer()).toContain('Pebble');
    expect(await kept()).toBe(serial);
    await isInSync();
    await renew();
    expect(await kept()).not.toBe(serial);
    await isInSync();
  });

  it('keeps what certbot has if nobody is to get one any more, and tells where that can not be renewed', async () => {
    await choose({ certificate: '', certificate_key: '', certificate_from: 'existing' });
    const [told] = await warnings();
    await applies();
    expect(await issuer()).toContain('Pebble');
    await isInSync();
    if (software.name === 'nginx') {
      expect(told).toContain(`can't renew the certificate ${hostname}`);
      const command = /(certbot certonly .*)$/.exec(told ?? '')?.[1];
      await cluster.proxy.mustExec(`${command} --non-interactive`, { timeoutMs: 120_000 });
    }
    expect(await warnings()).toEqual([]);
    await renew();
    await isInSync();
  });

  it('goes back to the files of its operator, and nothing but what certbot has is left', async () => {
    await choose(given);
    await applies();
    expect(await issuer()).not.toContain('Pebble');
    await isInSync();
    const left = cluster.changedSince(before).filter((path) => !certbots.test(path));
    expect(left).toEqual([]);
    expect(
      (await cluster.proxy.exec(`test -e /etc/letsencrypt/renewal-hooks/deploy/clusterproxy-${name}`)).code,
    ).toBe(1);
  });
}
