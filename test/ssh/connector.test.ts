import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Connector, createConnector } from '../../src/ssh/connector.ts';
import type { SshSettings } from '../../src/ssh/settings.ts';
import { type Sample, sampleHost } from '../host/sample.ts';

let sample: Sample;
let settings: SshSettings;
let connector: Connector;
beforeEach(async () => {
  vi.stubEnv('SSH_AUTH_SOCK', '');
  sample = await sampleHost({ units: [] });
  const { host, port, user, identityFiles, hostKeys } = sample.host.target;
  settings = { host, port, user, identityFiles, hostKeys, config: 'none' };
  connector = createConnector();
});
afterEach(async () => {
  await connector.close();
  await sample.close();
  vi.unstubAllEnvs();
});

test('a host that hangs up before the login is tried again', async () => {
  sample.host.unplug(true);
  const opening = connector.connect(settings);
  setTimeout(() => sample.host.unplug(false), 100);
  await (await opening).close();
  expect(sample.host.connections).toBe(1);
});

test('and is given up when it keeps doing so', async () => {
  sample.host.unplug(true);
  await expect(connector.connect(settings)).rejects.toMatchObject({ code: 'connection-lost' });
});

test('an interruption ends the waiting between two attempts', async () => {
  sample.host.unplug(true);
  const controller = new AbortController();
  const opening = connector.connect(settings, { signal: controller.signal });
  setTimeout(() => controller.abort(), 150);
  await expect(opening).rejects.toMatchObject({ code: /connection-lost|interrupted/ });
});

test('an answer is not tried again: a login that is refused could lock an account', async () => {
  const { identityFiles: _, ...without } = settings;
  const refused = connector.connect({ ...without, identityFiles: ['/nonexistent'] });
  await expect(refused).rejects.toMatchObject({ code: 'authentication-failed' });
  expect(sample.host.connections).toBe(1);
});

test('a jump host is logged in to once, however many go through it at once', async () => {
  // The embedded server lets nothing through: what matters here is that it is reached, and how often.
  const proxyJump = `${settings.user}@${settings.host}:${settings.port}`;
  const known = { ...settings, hostKeys: undefined, proxyJump, host: '192.0.2.1' };
  const all = await Promise.allSettled([1, 2, 3].map(() => connector.connect(known)));
  for (const one of all) {
    expect(one).toMatchObject({
      status: 'rejected',
      reason: { code: 'host-key-unknown', message: expect.stringMatching(/^on the way to it: /) },
    });
  }
  expect(sample.host.connections).toBe(1);
});
