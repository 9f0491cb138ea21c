import { spawnSync } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { expect } from 'vitest';
import type { LabHost } from '../../lab/host.ts';
import { ask, type Door } from './connection.ts';

const programs = ['nft', 'hping3'];
const missing = programs.filter((name) => spawnSync('which', [name]).status !== 0);

/** Why floods are left out on this machine; undefined where they are not. */
export const withoutFloods =
  missing.length === 0 ? undefined : `Floods are left out: this machine has no ${missing.join(', no ')}`;

/** A program of this machine, with the libraries that a host of the lab lacks. */
export async function lend(host: LabHost, program: string): Promise<void> {
  const listed = `for path in $(which ${program}) $(ldd $(which ${program}) | grep -o '/[^ ]*'); do realpath -s "$path"; done | tar -chf - -T - 2>/dev/null`;
  const { stdout } = spawnSync('sh', ['-c', listed], { maxBuffer: 100_000_000 });
  await host.writeFile('/root/lent.tar', stdout);
  await host.mustExec('tar -x --skip-old-files -f /root/lent.tar -C / && rm /root/lent.tar');
}

/** A host of the lab has a network of its own, whose values it may read only, anew after each start. */
export const writable = 'mount -o remount,bind,rw /proc/sys';

/** How long others wait for a page meanwhile, in milliseconds: half of them, and the slowest. */
export async function others(door: Door, page: string, count: number): Promise<string> {
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    const began = performance.now();
    expect((await ask(door, page)).status).toBe(200);
    times.push(performance.now() - began);
  }
  times.sort((one, other) => one - other);
  return `half within ${Math.ceil(times[count >> 1] ?? 0)} ms, the slowest ${Math.ceil(times.at(-1) ?? 0)} ms`;
}

/**
 * Begins 20,000 connections that don't go on, as they come from an address that there is not. The kernel
 * keeps each for a minute at least (tcp_synack_retries), so that the queue of 4,096 is full whatever else
 * this machine does. How many were begun, and how many cookies were the answer.
 */
export async function floodOfBeginnings(
  proxy: LabHost,
  from: LabHost,
  address: string,
): Promise<{ readonly sent: string; readonly cookies: number }> {
  const before = await kernelCounts(proxy, 'SyncookiesSent');
  const nobody = address.replace(/\d+$/, '250');
  const { stdout, stderr } = await from.exec(
    `timeout 60 hping3 -q -S -p 443 -a ${nobody} -i u100 -c 20000 ${address}`,
  );
  const sent = /(\d+) packets transmitted/.exec(`${stdout}${stderr}`)?.[1] ?? 'many';
  return { sent, cookies: (await kernelCounts(proxy, 'SyncookiesSent')) - before };
}

async function kernelCounts(host: LabHost, name: string): Promise<number> {
  const [names = '', values = ''] = (await host.mustExec('grep ^TcpExt: /proc/net/netstat')).split('\n');
  return Number(values.split(' ')[names.split(' ').indexOf(name)]);
}

/** Does something while so many connections are open that say nothing. */
export async function amongSilent<Result>(
  { address }: Door,
  count: number,
  work: () => Promise<Result>,
): Promise<Result> {
  const opened = Array.from(
    { length: count },
    () =>
      new Promise<Socket>((resolve, reject) => {
        const socket = connect(443, address, () => {
          // The door may close it whenever it has waited long enough.
          socket.off('error', reject).on('error', () => undefined);
          resolve(socket);
        });
        socket.on('error', reject);
      }),
  );
  const sockets = await Promise.all(opened);
  try {
    return await work();
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}
