import { Agent, request } from 'node:https';
import { describe, expect, it } from 'vitest';
import { limitsFor } from '../../../src/steps/hardening/address-limits.ts';
import { withoutHaproxy } from '../../support/haproxy-oracle.ts';
import { withoutNginx } from '../../support/nginx-oracle.ts';
import { type Door, haproxyDoor, hostname, nginxDoor } from './doors.ts';

const programs = [
  { name: 'nginx', without: withoutNginx, open: nginxDoor },
  { name: 'haproxy', without: withoutHaproxy, open: haproxyDoor },
] as const;

interface Reply {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/** So many requests of this one address, as quickly as they go over so many connections. */
async function ask(door: Door, count: number, connections: number): Promise<readonly Reply[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, rejectUnauthorized: false });
  const one = () =>
    new Promise<Reply>((resolve, reject) => {
      const options = { agent, host: '127.0.0.1', port: door.secure, servername: hostname };
      const headers = { Host: hostname };
      const asked = request({ ...options, headers, path: '/bbb-01/html5client/' }, (response) => {
        response
          .resume()
          .on('end', () =>
            resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] }),
          );
      });
      asked.on('error', reject).end();
    });
  try {
    return await Promise.all(Array.from({ length: count }, one));
  } finally {
    agent.destroy();
  }
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
