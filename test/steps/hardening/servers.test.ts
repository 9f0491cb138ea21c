import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutCaddy } from '../../support/caddy-oracle.ts';
import { withoutHaproxy } from '../../support/haproxy-oracle.ts';
import { withoutNginx } from '../../support/nginx-oracle.ts';
import { connected, rawRequest } from '../../support/raw-request.ts';
import {
  caddyDoor,
  caddyText,
  type Door,
  haproxyDoor,
  haproxyText,
  hostname,
  nginxDoor,
  nginxText,
} from './doors.ts';

const items = ['slow_clients', 'body_size', 'server_tokens', 'tls', 'hsts'];
const hardening = { items, cluster: 'prod' };

const programs = [
  { name: 'nginx', without: withoutNginx, open: nginxDoor, text: nginxText },
  { name: 'haproxy', without: withoutHaproxy, open: haproxyDoor, text: haproxyText },
  { name: 'caddy', without: withoutCaddy, open: caddyDoor, text: caddyText },
] as const;

describe.each(programs)('$name', ({ text }) => {
  it('is written as ever where nothing is named', () => {
    expect(text({ items: [], cluster: 'prod' })).toBe(text({}));
    expect(text({})).not.toMatch(/Strict|token|timeout(?!.*(?:30s|75s|4s))|cipher/i);
  });
  it('is written in one order, however the items are listed', () => {
    expect(text({ ...hardening, items: items.toReversed() })).toBe(text(hardening));
  });
});

describe.each(programs)('a real $name that is hardened', ({ name, without, open }) => {
  let door: Door;
  beforeAll(async () => {
    if (without === undefined) door = await open({ ...hardening, hsts_subdomains: true });
  });
  afterAll(() => door?.stop());
  const skip = without !== undefined;
  const ask = (target: string) => rawRequest(door.secure, target, { host: hostname });

  it.skipIf(skip)('tells no versions, and has browsers come by https only', async () => {
    for (const [target, status] of [
      ['/bbb-01/x', 200],
      ['/elsewhere', 404],
    ] as const) {
      const answer = await ask(target);
      expect(answer.status).toBe(status);
      expect(answer.headers.get('server') ?? '').not.toMatch(/\d/);
      expect(answer.headers.get('strict-transport-security')).toBe('max-age=63072000; includeSubDomains');
    }
  });

  it.skipIf(skip)('says nothing of HSTS without TLS', async () => {
    const answer = await plainly(door.plain);
    expect(answer).toMatch(/^HTTP\/1\.1 301/);
    expect(answer).not.toMatch(/strict-transport/i);
    expect(/^server: *(.*)$/im.exec(answer)?.[1] ?? '').not.toMatch(/\d/);
  });

  it.skipIf(skip)("takes the profile's ciphers, and none besides", async () => {
    const speak = (more: object) => connected(door.secure, hostname, more);
    const old = { maxVersion: 'TLSv1.2' };
    for (const more of [
      { minVersion: 'TLSv1.3' },
      { ...old, ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
      { ...old, ciphers: 'ECDHE-RSA-CHACHA20-POLY1305' },
      { ...old, ciphers: 'ECDHE-RSA-AES256-GCM-SHA384', ecdhCurve: 'P-256' },
    ]) {
      (await speak(more)).destroy();
    }
    for (const ciphers of ['AES128-GCM-SHA256', 'ECDHE-RSA-AES256-SHA', 'AES256-SHA'])
      await expect(speak({ ...old, ciphers })).rejects.toThrow(/alert|handshake/i);
  });

  it.skipIf(skip)('refuses bodies over a megabyte where it sees their length', async () => {
    const large = { host: hostname, method: 'POST', headers: ['Content-Length: 1048577'] };
    // HAProxy and Caddy do so in the rules for the node, which are none of this step.
    if (name === 'nginx') expect((await rawRequest(door.secure, '/bbb-01/x', large)).status).toBe(413);
  });
});

function plainly(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (data) => {
      text += data.toString();
    });
    socket.on('error', reject).on('close', () => resolve(text));
    socket.write(`GET /bbb-01/x HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
  });
}
