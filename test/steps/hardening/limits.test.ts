import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { limitsFor } from '../../../src/steps/hardening/address-limits.ts';
import { withoutHaproxy } from '../../support/haproxy-oracle.ts';
import { manyRequests, type Reply } from '../../support/many-requests.ts';
import { withoutNginx } from '../../support/nginx-oracle.ts';
import { type Door, haproxyDoor, hostname, nginxDoor } from './doors.ts';

const programs = [
  { name: 'nginx', without: withoutNginx, open: nginxDoor },
  { name: 'haproxy', without: withoutHaproxy, open: haproxyDoor },
] as const;

function ask({ secure: port }: Door, count: number, connections: number): Promise<readonly Reply[]> {
  const path = '/bbb-01/html5client/';
  return manyRequests({ address: '127.0.0.1', port, hostname, path }, count, connections);
}

it('lets a school of 5,000 that arrives within three minutes load the page, and all of them at once begin', () => {
  const { rate, burst, connections } = limitsFor(5000);
  expect(rate * 180 + burst).toBeGreaterThanOrEqual(5000 * 100);
  expect(burst).toBeGreaterThanOrEqual(5000);
  expect(connections).toBe(20_000);
});

describe.each(programs)('a real $name with limits for each address', ({ without, open }) => {
  const skip = without !== undefined;
  const limits = (users: number) => ({ items: ['address_limits'], cluster: 'prod', address_users: users });

  it.skipIf(skip)('serves 5,000 first pages of one address', async () => {
    const door = await open(limits(5000));
    try {
      const replies = await ask(door, 5000, 50);
      expect(replies.filter(({ status }) => status !== 200)).toEqual([]);
    } finally {
      await door.stop();
    }
  });

  it.skipIf(skip)('says to one that asks without end when to come back', async () => {
    const door = await open(limits(1));
    try {
      const replies = await ask(door, 300, 3);
      expect(replies[0]?.status).toBe(200);
      const refused = replies.filter(({ status }) => status !== 200);
      expect(refused.length).toBeGreaterThan(0);
      expect(new Set(refused.map(({ status, retryAfter }) => `${status} ${retryAfter}`))).toEqual(
        new Set(['429 10']),
      );
    } finally {
      await door.stop();
    }
  });
});

describe('a real haproxy with limits for each address', () => {
  it.skipIf(withoutHaproxy !== undefined)(
    'turns away connections beyond them, also silent ones',
    async () => {
      const door = await haproxyDoor({ items: ['address_limits'], cluster: 'prod', address_users: 2 });
      const most = limitsFor(2).connections;
      const sockets = Array.from({ length: most + 1 }, () => connect(door.secure, '127.0.0.1'));
      const ended = (socket: Socket) =>
        new Promise((resolve) => socket.once('error', resolve).once('close', resolve));
      try {
        // The kernel says that they are connected before HAProxy has counted them.
        await Promise.race(sockets.map(ended));
        await expect(ask(door, 1, 1)).rejects.toThrow(/socket|ECONNRESET/);
      } finally {
        for (const socket of sockets) socket.destroy();
        await door.stop();
      }
    },
  );
});
