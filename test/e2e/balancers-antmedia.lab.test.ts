import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type PeerCertificate } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcmeServer, startAcmeServer, withoutAcme } from '../lab/acme.ts';
import { installAntMedia } from '../lab/antmedia/install.ts';
import { eventually } from '../lab/fetch.ts';
import { untilStatus } from '../lab/haproxy.ts';
import type { LabHost } from '../lab/host.ts';
import { statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';
import type { Manifest } from './manifest.ts';
import { BalancerPair } from './pair/balancer-pair.ts';

const hostname = 'streams.example.com';
if (withoutAcme) console.warn(`Tests are skipped: ${withoutAcme}`);

/** One story: each part on the hosts as the one before left them. */
describe.skipIf(noLab || withoutAcme !== undefined)('a pair of balancers with Ant Media Server', () => {
  const lab = useLab();
  let pair: BalancerPair;
  let acme: AcmeServer | undefined;
  /** the disks before anything was done */
  let fresh: ReadonlyMap<string, Manifest>;

  const visit = async (jar: string, path: string): Promise<{ readonly node?: string }> => {
    const words = ['-sk', '--max-time', '5', '-b', jar, '-c', jar, `https://${hostname}:5443${path}`];
    return JSON.parse((await lab().run('curl', words)).stdout);
  };
  const renews = (host: LabHost) =>
    host.mustExec(['certbot', 'renew', '-q', '--force-renewal', '--no-random-sleep-on-renew']);

  beforeAll(async () => {
    const balancer = {
      services: ['haproxy'],
      // The lab's hosts renew nothing by themselves.
      prepare: async (host: LabHost) => void (await host.mustExec(['systemctl', 'unmask', 'certbot.timer'])),
    };
    const added = await lab().addHosts([
      { name: 'streams-lb-1', ...balancer },
      { name: 'streams-lb-2', ...balancer },
      { name: 'streams-01', prepare: installAntMedia },
      { name: 'streams-02', prepare: installAntMedia },
    ]);
    pair = await BalancerPair.of(
      lab(),
      { balancers: added.slice(0, 2), nodes: added.slice(2) },
      { playbook: 'antmedia', hostname, vars: { stickiness: 'all' } },
    );
    acme = await startAcmeServer(lab());
    pair.inventory.vars.certificate_authority = acme.url;
    await pair.save();
    fresh = pair.manifests();
  });
  afterAll(() => acme?.stop());

  it('is set up from nothing, and each gets a certificate of its own at the address that one has', async () => {
    await pair.changes('apply');
    await pair.holder();
    const shown = await Promise.all(pair.balancers.map((host) => certificateOf(host.address)));
    for (const { issuer, subjectaltname } of shown) {
      expect(issuer.CN).toMatch(/^Pebble Intermediate CA/);
      expect(subjectaltname).toBe(`DNS:${hostname}`);
    }
    expect(new Set(shown.map(({ serialNumber }) => serialNumber)).size).toBe(2);
    const { asked } = await pair.checks('same-configuration', 'servers');
    expect(asked).toEqual(pair.onBoth('passed', 'same-configuration', 'servers'));
  });

  it('is in sync then', async () => {
    const then = pair.manifests();
    expect(new Set(Object.values(statuses(await pair.changes('apply'))))).toEqual(new Set(['in-sync']));
    expect(pair.changedSince(then)).toEqual([]);
  });

  it('renews the certificate of either', async () => {
    const holder = await pair.holder();
    for (const host of [holder, pair.other(holder)]) {
      const old = await certificateOf(host.address);
      await renews(host);
      expect((await certificateOf(host.address)).serialNumber, host.name).not.toBe(old.serialNumber);
    }
    const both = await Promise.all(pair.balancers.map(async (host) => renews(host)));
    expect(both).toHaveLength(2);
    expect((await pair.holder()).name).toBe(holder.name);
  });

  it('gives the address away where HAProxy is dead, and players come back to their node', async () => {
    const before = await pair.holder();
    for (const host of pair.balancers)
      for (const { name } of pair.nodes) await untilStatus(host, ['ams_edge', name], { status: 'UP' });
    const jars = [1, 2, 3, 4].map((number) => join(lab().directory, `jar-${number}`));
    const known = await Promise.all(jars.map((jar) => visit(jar, '/LiveApp/streams/a.m3u8')));
    expect(new Set(known.map(({ node }) => node)).size).toBe(2);
    const begun = Date.now();
    await before.mustExec('systemctl stop haproxy.service');
    const now = await pair.holder(before);
    console.warn(`HAProxy ended: the address had moved after ${Date.now() - begun} ms`);
    for (const [index, jar] of jars.entries()) {
      const again = await eventually(() => visit(jar, '/LiveApp/streams/a0.ts'));
      expect(again.node).toBe(known[index]?.node);
    }
    await before.mustExec('systemctl start haproxy.service');
    await sleep(5_000);
    expect((await pair.holder()).name).toBe(now.name);
  });

  it('lets the holder leave', async () => {
    const leaving = await pair.holder();
    const staying = pair.other(leaving);
    await pair.changes('retire', leaving.name);
    expect((await pair.holder()).name).toBe(staying.name);
    await eventually(() => visit(join(lab().directory, 'jar-1'), '/LiveApp/streams/a0.ts'));
    expect((await leaving.exec('systemctl is-active keepalived.service')).stdout.trim()).toBe('inactive');
    // What certbot has made stays, its log, and the file that it has renewed.
    const certbots = /:\/(etc\/letsencrypt|var\/l(ib|og)\/letsencrypt|etc\/haproxy\/certs)/;
    expect(pair.changedSince(fresh, [leaving]).filter((path) => !certbots.test(path))).toEqual([]);
  });
});

/** What port 443 shows at an address. */
function certificateOf(host: string): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: 443, servername: hostname, rejectUnauthorized: false });
    socket.setTimeout(20_000, () => socket.destroy(new Error('no answer')));
    socket.once('error', reject).once('secureConnect', () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
  });
}
