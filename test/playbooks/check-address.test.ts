import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createPlain, type Server } from 'node:http';
import { createServer as createSecure, type Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderVrrp } from '../../src/steps/host/keepalived-render.ts';
import { selfSigned } from '../support/certificates.ts';

/** The command of Ant Media's balancers that waits until somebody has the address. */
const playbook = parse(readFileSync(join(import.meta.dirname, '../../playbooks/antmedia.yaml'), 'utf8'));
const { command } = playbook.roles.balancer.handlers.find(({ id }: { id: string }) => id === 'check-address');

let folder: string;
let server: Server | SecureServer | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'check-address-'));
  // Nobody here has the address, and nobody is known by hardware.
  writeFileSync(join(folder, 'ip'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(folder, 'sleep'), '#!/bin/sh\n', { mode: 0o755 });
});
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
  rmSync(folder, { recursive: true });
});

/** Starts whoever has the address, and asks by what keepalived's file of the step says. */
async function ends(address: string, scheme: 'http' | 'https', speaks: typeof scheme | undefined) {
  const asked: (string | undefined)[] = [];
  if (speaks === 'http') server = createPlain();
  else if (speaks === 'https') {
    const { certificate: cert, key } = selfSigned('lb.example.com');
    server = createSecure({ cert, key });
  } else server = undefined;
  server?.on('request', (request, response) => {
    asked.push(request.url);
    response.end();
  });
  server?.listen(0, address);
  if (server !== undefined) await once(server, 'listening');
  const { port = 9 } = (server?.address() as AddressInfo | undefined) ?? {};
  const file = join(folder, 'prod.conf');
  const program = '/usr/local/sbin/clusterproxy-prod-answers';
  const question = `${scheme}://lb.example.com:${port}/clusterproxy-answers`;
  writeFileSync(
    file,
    renderVrrp({
      ...{
        step: 'address',
        name: 'clusterproxy-prod',
        address,
        own: { interface: 'eth0', address: '192.0.2.5' },
      },
      ...{
        peers: ['192.0.2.6'],
        secure: true,
        interface: 'eth0',
        routerId: 7,
        priority: 200,
        preempt: false,
      },
      ...{ program: [program, question, '192.0.2.5', '192.0.2.6'], user: 'nobody', onMaster: '' },
    }),
  );
  const [sh, option, text, name] = command;
  const child = spawn(sh, [option, text, name, file, address], {
    env: { PATH: `${folder}:${process.env.PATH}` },
    stdio: 'ignore',
  });
  const [status] = await once(child, 'exit');
  return { status, asked };
}

describe('the address of balancers of Ant Media', () => {
  it.each(['http', 'https'] as const)('is asked for as keepalived asks: %s', async (scheme) => {
    expect(await ends('127.0.0.1', scheme, scheme)).toEqual({ status: 0, asked: ['/clusterproxy-answers'] });
  });

  it('is asked for at an IPv6 address', async () => {
    expect(await ends('::1', 'http', 'http')).toMatchObject({ status: 0 });
  });

  it('is not there where nobody answers', async () => {
    expect(await ends('127.0.0.1', 'http', undefined)).toEqual({ status: 1, asked: [] });
  });
});
