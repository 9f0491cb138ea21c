import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { askSsh } from '../../src/ssh/config/ask-ssh.ts';
import { configurationMatters } from '../../src/ssh/config/config-files.ts';
import { createConfigLookup } from '../../src/ssh/config/config-lookup.ts';
import { plainTarget, resolveTarget } from '../../src/ssh/resolve-target.ts';
import type { SshSettings } from '../../src/ssh/settings.ts';
import type { SshTarget } from '../../src/ssh/target.ts';
import { runs } from '../support/random.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-resolve-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.unstubAllEnvs();
});

function written(text: string, name = 'config'): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const resolve = (config: string, settings: Partial<SshSettings> = {}): Promise<SshTarget> =>
  resolveTarget({ host: 'bbb-01', ...settings, config: written(config) }, createConfigLookup());

describe('which name is looked up', () => {
  const hosts = [
    'Host bbb-01',
    '  HostName 192.0.2.1',
    'Host bbb-01.example.com',
    '  User public',
    'Host 192.0.2.7',
    '  Port 77',
    'Host plain',
    '  User somebody',
  ].join('\n');

  test('that of the inventory, where it gives no address and a Host of that name has a HostName', async () => {
    const settings = { host: 'bbb-01.example.com', alias: 'bbb-01' };
    expect(await resolve(hosts, settings)).toMatchObject({ name: 'bbb-01', host: '192.0.2.1' });
  });

  test('else its DNS name', async () => {
    const settings = { host: 'bbb-01.example.com', alias: 'plain' };
    const target = await resolve(hosts, settings);
    expect(target).toMatchObject({ name: 'bbb-01.example.com', host: 'bbb-01.example.com', user: 'public' });
  });

  test('an address of the inventory counts for itself', async () => {
    expect(await resolve(hosts, { host: '192.0.2.7' })).toMatchObject({ host: '192.0.2.7', port: 77 });
  });
});

describe('the inventory comes before the configuration, and that before the defaults', () => {
  const config = [
    'Host *',
    '  User configured',
    '  Port 2222',
    '  IdentityFile ~/configured',
    '  UserKnownHostsFile ~/known %d/%h.%p.%r',
    '  GlobalKnownHostsFile none',
    '  ConnectTimeout 33',
    '  ServerAliveInterval 9',
  ].join('\n');

  test('the configuration', async () => {
    expect(await resolve(config)).toMatchObject({
      user: 'configured',
      port: 2222,
      identityFiles: [join(homedir(), 'configured')],
      identitiesNamed: true,
      knownHostsFiles: [join(homedir(), 'known'), join(homedir(), 'bbb-01.2222.configured')],
      connectTimeout: 33,
      keepalive: { interval: 9, count: 3 },
    });
  });

  test('the inventory', async () => {
    const settings = {
      user: 'ops',
      port: 22,
      identityFiles: ['/key'],
      knownHostsFiles: ['/known'],
      connectTimeout: 5,
    };
    expect(await resolve(config, settings)).toMatchObject({ ...settings, identitiesNamed: true });
  });

  test('the defaults', async () => {
    vi.stubEnv('SSH_AUTH_SOCK', '/agent');
    expect(await resolve('')).toMatchObject({
      user: userInfo().username,
      port: 22,
      identitiesNamed: false,
      agent: '/agent',
      knownHostsFiles: [
        join(homedir(), '.ssh/known_hosts'),
        join(homedir(), '.ssh/known_hosts2'),
        '/etc/ssh/ssh_known_hosts',
        '/etc/ssh/ssh_known_hosts2',
      ],
      connectTimeout: 10,
      keepalive: { interval: 5, count: 3 },
      transport: 'node',
    });
  });

  test.each([
    ['none', undefined],
    ['SSH_AUTH_SOCK', '/agent'],
    ['$OTHER_AGENT', '/other'],
    ['~/agent.sock', join(homedir(), 'agent.sock')],
    ['/run/%r.sock', '/run/ops.sock'],
  ])('IdentityAgent %s', async (value, agent) => {
    vi.stubEnv('SSH_AUTH_SOCK', '/agent');
    vi.stubEnv('OTHER_AGENT', '/other');
    expect((await resolve(`Host *\n  IdentityAgent ${value}`, { user: 'ops' })).agent).toBe(agent);
  });
});

describe('the way there', () => {
  const ways = [
    'Host one',
    '  HostName 192.0.2.1',
    '  User u1',
    'Host two',
    '  HostName 192.0.2.2',
    '  ProxyJump one',
    'Host three',
    '  HostName 192.0.2.3',
    '  ProxyJump none',
    'Host bbb-01',
    '  ProxyJump two,three',
    'Host round',
    '  ProxyJump round',
    'Host far',
    '  ProxyJump near',
    'Host near',
    '  ProxyJump far',
    'Host command',
    '  ProxyCommand ssh -W %h:%p one',
    'Host behind',
    '  ProxyJump command',
  ].join('\n');
  const places = ({ jumps }: SshTarget) => jumps.map(({ host }) => host);

  test('each hop by its own configuration, the first one by the way that it says', async () => {
    const target = await resolve(ways, { user: 'ops' });
    expect(places(target)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3']);
    expect(target.jumps.map(places)).toEqual([[], ['192.0.2.1'], ['192.0.2.1', '192.0.2.2']]);
    expect(target.jumps[0]?.user).toBe('u1');
  });

  test('the inventory in its place', async () => {
    expect(places(await resolve(ways, { proxyJump: 'x@three:23' }))).toEqual(['192.0.2.3']);
    expect(places(await resolve(ways, { proxyJump: 'none' }))).toEqual([]);
    expect(await resolve(ways, { host: 'command', proxyJump: 'none' })).toMatchObject({
      proxyCommand: undefined,
      transport: 'node',
    });
  });

  test('a circle is refused', async () => {
    await expect(resolve(ways, { host: 'far' })).rejects.toMatchObject({ code: 'proxy-jump-loop' });
    // The smallest one ssh sees itself.
    await expect(resolve(ways, { host: 'round' })).rejects.toMatchObject({
      code: 'ssh-config-invalid',
      problem: { detail: expect.stringContaining('loop') },
    });
  });

  test('what one hop needs, all are reached by', async () => {
    expect(await resolve(ways, { host: 'behind' })).toMatchObject({
      transport: 'openssh',
      transportReason: expect.stringContaining('ProxyCommand'),
      jumps: [{ transport: 'openssh' }],
    });
  });

  test('keys, known_hosts and the time limit of the inventory hold on the way as well; user and port do not', async () => {
    const settings = {
      host: 'two',
      user: 'ops',
      port: 2222,
      identityFiles: ['/key'],
      hostKeys: ['SHA256:x'],
    };
    const target = await resolve(ways, settings);
    expect(target.jumps[0]).toMatchObject({ user: 'u1', port: 22, identityFiles: ['/key'], hostKeys: [] });
  });
});

describe('a configuration in which nothing matters is not asked about', () => {
  test.each([
    ['Host *\n  SendEnv LANG LC_*\n  HashKnownHosts yes\n  GSSAPIAuthentication yes', false],
    ['# Host x\n\n  Compression=yes\nForwardAgent "no"', false],
    ['Host bbb-01\n  User ops', true],
    ['Host bbb-01\n  port=2222', true],
    ['HostName=%h.example.com', true],
    ['CanonicalizeHostname yes', true],
    ['NewKeyword yes', true],
    ['Include /nonexistent/*', false],
    ['Include "quoted"', true],
  ])('%j: %s', async (text, expected) => {
    expect(await configurationMatters(written(text))).toBe(expected);
  });

  test('includes are followed', async () => {
    const inner = written('Host x\n  User ops', 'inner.conf');
    expect(await configurationMatters(written(`Include ${inner}`))).toBe(true);
    expect(await configurationMatters(written(`Include ${folder}/inn*.conf`))).toBe(true);
    expect(await configurationMatters(written(`Include ${folder}/none*.conf`))).toBe(false);
    expect(await configurationMatters(written(`Include ${folder}/itself`, 'itself'))).toBe(true);
  });

  test('a file that is not there says nothing; one that cannot be read is for ssh to complain of', async () => {
    expect(await configurationMatters(join(folder, 'none'))).toBe(false);
    expect(await configurationMatters(folder)).toBe(true);
  });

  const keyword = fc.constantFrom(
    ...'Host Match User Port HostName IdentityFile IdentityAgent IdentitiesOnly ProxyJump ConnectTimeout'.split(
      ' ',
    ),
    ...'SendEnv Compression ForwardAgent LogLevel HashKnownHosts ControlPath StrictHostKeyChecking'.split(
      ' ',
    ),
    ...'UserKnownHostsFile HostKeyAlias CertificateFile ServerAliveInterval AddressFamily'.split(' '),
    ...'PubkeyAuthentication PasswordAuthentication GSSAPIAuthentication Ciphers'.split(' '),
  );
  const value = fc.constantFrom(
    'yes',
    'no',
    '*',
    'all',
    'bbb-01',
    '7',
    'ask',
    'inet',
    '~/x',
    'none',
    'aes128-ctr',
  );
  const line = fc
    .tuple(keyword, fc.constantFrom(' ', '=', ' = ', '\t'), value)
    .map((parts) => parts.join(''));

  test('what is said not to matter makes no difference, as ssh sees it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 4 }), async (lines) => {
        const config = written(`${lines.join('\n')}\n`, 'property');
        if (await configurationMatters(config)) return;
        const question = { name: 'bbb-01', user: undefined, port: undefined, config };
        const asked = await askSsh(question).catch(() => 'refused' as const);
        // What ssh refuses, it would have refused: the lines are nothing that is used.
        if (asked === 'refused') return;
        const settings = { host: 'bbb-01', config };
        const byAsking = await resolveTarget(settings, async () => asked);
        const { methods, ...rest } = byAsking;
        const { methods: usual, ...plain } = plainTarget(settings);
        expect(rest).toEqual(plain);
        expect([...methods].filter((method) => method !== 'gssapi')).toEqual([...usual]);
      }),
      runs(150),
    );
  });
});
