import { mustRun } from '../../lab/command.ts';
import type { LabHost } from '../../lab/host.ts';

/** Whether the address is on one of a host's interfaces; a host without power has none. */
export async function has(host: LabHost, address: string): Promise<boolean> {
  if (!host.isRunning()) return false;
  const { stdout } = await host.exec(['ip', '-o', 'address', 'show', 'dev', 'host0']);
  return stdout.includes(` ${address}/`);
}

/**
 * Whether two hosts hear nothing of one another, while both reach everybody else: ports of a bridge that are
 * isolated pass nothing on to each other; bridge(8).
 */
export async function isolate(hosts: readonly LabHost[], isolated: boolean): Promise<void> {
  for (const host of hosts) {
    const port = await portOf(host);
    await mustRun('ip', ['link', 'set', port, 'type', 'bridge_slave', 'isolated', isolated ? 'on' : 'off']);
  }
}

/** This machine's end of a host's cable. */
async function portOf(host: LabHost): Promise<string> {
  const inside = await host.mustExec(['ip', '-o', 'link', 'show', 'dev', 'host0']);
  const index = /host0@if(\d+):/.exec(inside)?.[1];
  const links = await mustRun('ip', ['-o', 'link', 'show']);
  const port = new RegExp(`^${index}: ([^@:\\s]+)`, 'm').exec(links)?.[1];
  if (port === undefined) throw new Error(`${host.name} has no cable: ${inside}`);
  return port;
}

/** A power cut, which takes the host's addresses away: its network would outlive it otherwise. */
export async function cutPower(host: LabHost, address: string): Promise<void> {
  const namespaces = (await mustRun('ip', ['netns', 'list'])).split(/\s+/);
  const own = namespaces.find((name) => name.endsWith(`-${host.name}`));
  await host.powerOff();
  await mustRun('ip', ['-netns', own ?? '', 'address', 'delete', `${address}/32`, 'dev', 'host0']);
}

/**
 * Gives hosts and this machine addresses of IPv6 in one network, beside those that they have; the last part
 * is that of their other address. Those of the hosts, and one that is still free there.
 */
export async function withIpv6(
  hosts: readonly LabHost[],
): Promise<{ readonly addresses: ReadonlyMap<LabHost, string>; readonly free: string }> {
  const [first] = hosts;
  const [, , number = '', last = ''] = first?.address.split('.') ?? [];
  const prefix = `fd00:213:${number}`;
  const route = await mustRun('ip', ['route', 'get', first?.address ?? '']);
  const bridge = / dev (\S+)/.exec(route)?.[1] ?? '';
  await mustRun('ip', ['-6', 'address', 'replace', `${prefix}::1/64`, 'dev', bridge, 'nodad']);
  const addresses = new Map<LabHost, string>();
  for (const host of hosts) {
    const address = `${prefix}::${host.address.split('.').at(-1)}`;
    await host.mustExec(['ip', '-6', 'address', 'replace', `${address}/64`, 'dev', 'host0', 'nodad']);
    addresses.set(host, address);
  }
  return { addresses, free: `${prefix}::1:${last}` };
}
