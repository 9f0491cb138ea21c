import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { statuses } from './cluster.ts';
import { nginx } from './door/nginx.ts';
import { noLab, useLab } from './lab.ts';
import type { Manifest } from './manifest.ts';
import { Audience } from './pair/audience.ts';
import { Cloud } from './pair/cloud.ts';
import { type Pair, startPair } from './pair/pair.ts';

describe.skipIf(noLab)('a pair whose address is moved by a command', () => {
  const lab = useLab();
  let pair: Pair;
  let cloud: Cloud;
  let fresh: ReadonlyMap<string, Manifest>;

  const ready = async () => {
    const { code, document, stderr } = await pair.cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code, stderr).toBe(0);
    return document;
  };
  const asked = async () => {
    const { document } = await pair.cluster.json('verify');
    return (document.checks ?? []).filter(({ id }) => id === 'virtual-address');
  };
  /** Who has it by keepalived's word, once the network leads it there as well. */
  const owner = (): Promise<LabHost> =>
    eventually(async () => {
      const host = await pair.holder();
      if (cloud.owner !== host.name) throw new Error(`it leads to ${cloud.owner}, and not to ${host.name}`);
      return host;
    });

  beforeAll(async () => {
    pair = await startPair(lab(), { name: 'claimed', nodes: ['3.0'], software: nginx });
    cloud = await Cloud.start(pair.virtual, pair.cluster.proxies);
    await cloud.install();
    pair.cluster.inventory.cluster.virtual_address = {
      ...{ address: pair.virtual, by: 'command' },
      ...{ claim: '/usr/local/sbin/cloud-claim', owner: '/usr/local/sbin/cloud-owner' },
    };
    await pair.cluster.save();
    fresh = pair.cluster.manifests();
  });

  afterAll(() => cloud?.end());

  it('is claimed by the host that keepalived chose, and is in sync then', async () => {
    await ready();
    const host = await owner();
    const [check] = await asked();
    expect(check?.outcome, check?.found).toBe('passed');
    expect(check?.found).toBe(`${host.name} has it`);
    // It was never moved to the other one, so nobody knows whether it can.
    expect(check?.note).toContain(`${pair.other(host).name} has never claimed it`);
    expect(check?.note).toContain(`systemctl stop keepalived on ${host.name}`);
    expect(new Set(Object.values(statuses(await ready())))).toEqual(new Set(['in-sync']));
  });

  it('is proved by moving it once, and reaching it from outside', async () => {
    const before = await owner();
    const audience = new Audience(pair.door, pair.page());
    await before.mustExec('systemctl stop keepalived.service');
    const now = await owner();
    expect(now.name).toBe(pair.other(before).name);
    const { failed, retried, longestGap } = await audience.end();
    console.warn(
      `moved by a command: ${retried.length} at the second try; longest time without an answer ${longestGap} ms`,
    );
    expect(failed).toEqual([]);
    await before.mustExec('systemctl start keepalived.service');
    const [check] = await asked();
    expect(check?.outcome, check?.found).toBe('passed');
    expect(check?.note ?? '').not.toContain('never claimed');
    expect((await owner()).name).toBe(now.name);
  });

  it('is claimed again where somebody has led it elsewhere', async () => {
    const host = await owner();
    await cloud.lead(pair.other(host).name);
    await owner();
    expect((await owner()).name).toBe(host.name);
  });

  it('is found by verify where the command fails, until it works again', async () => {
    const host = await owner();
    const other = pair.other(host);
    cloud.refuses = true;
    await cloud.lead(other.name);
    await eventually(() => host.mustExec('systemctl is-failed clusterproxy-claimed-claim.service'));
    const [silent] = await asked();
    expect(silent?.outcome).toBe('failed');
    expect(silent?.found).toContain(`the command that claims ${pair.virtual} has failed on ${host.name}`);
    expect(silent?.found).toContain(`the command that tells the owner of ${pair.virtual} fails`);
    const log = await host.mustExec('journalctl -u clusterproxy-claimed-claim.service --no-pager');
    expect(log).toContain('cloud-claim ended with status 22');
    expect(log).not.toContain(cloud.token);
    cloud.refuses = false;
    expect((await owner()).name).toBe(host.name);
    const [well] = await asked();
    expect(well?.outcome, well?.found).toBe('passed');
  });

  it('is handed over before a reboot, which begins once the network leads it to the other one', async () => {
    const before = await owner();
    const { code, document, stderr } = await pair.cluster.json('reboot', before.name, '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code, stderr).toBe(0);
    expect(document.hosts.flatMap(({ warnings }) => warnings)).toEqual([]);
    expect((await owner()).name).toBe(pair.other(before).name);
    await eventually(() => before.mustExec('systemctl is-active clusterproxy-claimed-claim.timer'));
  });

  it('is given back by a proxy that leaves', async () => {
    const leaving = await owner();
    const { code, stderr } = await pair.cluster.json('retire', leaving.name, '--yes');
    expect(code, stderr).toBe(0);
    expect((await owner()).name).toBe(pair.other(leaving).name);
    const differing = pair.cluster.changedSince(fresh).filter((path) => path.startsWith(`${leaving.name}:`));
    expect(differing).toEqual([]);
    // Nothing goes on that would claim it for a host that has left.
    expect(await leaving.mustExec("systemctl list-units --all --no-legend 'clusterproxy-*'")).toBe('');
  });
});
