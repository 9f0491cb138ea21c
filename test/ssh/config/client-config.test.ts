import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askSsh } from '../../../src/ssh/config/ask-ssh.ts';
import { type ClientConfig, parseClientConfig } from '../../../src/ssh/config/client-config.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the ssh of this machine makes of a configuration. */
async function answer(config: string, name = 'bbb-01'): Promise<ClientConfig> {
  const file = join(folder, 'config');
  writeFileSync(file, config);
  const found = await askSsh({ name, user: undefined, port: undefined, config: file });
  if (found === undefined) throw new Error('this machine has no ssh');
  return found;
}

describe('what ssh -G prints is understood', () => {
  test('with nothing configured', async () => {
    expect(await answer('')).toMatchObject({
      hostname: 'bbb-01',
      port: 22,
      proxyJump: undefined,
      proxyCommand: undefined,
      hostKeyAlias: undefined,
      identitiesOnly: false,
      identityAgent: undefined,
      certificateFiles: [],
      connectTimeout: undefined,
      serverAliveInterval: undefined,
      foreign: [],
    });
  });

  test('Host, Match, Include and tokens are decided by ssh', async () => {
    const included = join(folder, 'included');
    writeFileSync(included, 'Host bbb-*\n  User ops\n  Port 2222\n');
    const config = `Include ${included}\nHost bbb-01\n  HostName %h.example.com\nMatch user ops\n  ServerAliveInterval 7\n  ServerAliveCountMax 2\n`;
    expect(await answer(config)).toMatchObject({
      hostname: 'bbb-01.example.com',
      user: 'ops',
      port: 2222,
      serverAliveInterval: 7,
      serverAliveCountMax: 2,
    });
  });

  test('names with blanks, several files, none', async () => {
    const config = [
      'Host *',
      '  IdentityFile "~/my keys/one"',
      '  IdentityFile ~/two',
      '  UserKnownHostsFile "/a b/known" /c/known',
      '  GlobalKnownHostsFile none',
      '  CertificateFile ~/two-cert.pub',
      '  IdentityAgent none',
      '  IdentitiesOnly yes',
      '  ConnectTimeout 1m',
    ].join('\n');
    expect(await answer(config)).toMatchObject({
      identityFiles: ['~/my keys/one', '~/two'],
      userKnownHostsFiles: ['/a b/known', '/c/known'],
      globalKnownHostsFiles: [],
      certificateFiles: ['~/two-cert.pub'],
      identityAgent: 'none',
      identitiesOnly: true,
      connectTimeout: 60,
    });
  });

  test('the way there', async () => {
    expect(await answer('Host *\n ProxyJump a@one:1,[::1]:2,three')).toMatchObject({
      proxyJump: 'a@one:1,[::1]:2,three',
    });
    expect(await answer('Host *\n ProxyJump none')).toMatchObject({ proxyJump: undefined });
    expect(await answer('Host *\n ProxyCommand nc %h %p')).toMatchObject({ proxyCommand: 'nc %h %p' });
    expect(await answer('Host *\n AddressFamily inet6\n BindAddress ::1')).toMatchObject({
      addressFamily: 'inet6',
      bindAddress: '::1',
    });
  });

  test.each([
    ['', ['publickey', 'password', 'keyboard-interactive']],
    ['PubkeyAuthentication no', ['password', 'keyboard-interactive']],
    ['PreferredAuthentications publickey', ['publickey']],
    ['PreferredAuthentications gssapi-with-mic\nGSSAPIAuthentication yes', ['gssapi']],
    ['PasswordAuthentication no\nKbdInteractiveAuthentication no', ['publickey']],
  ])('ways to log in: %s', async (lines, methods) => {
    expect([...(await answer(`Host *\n${lines}`)).methods]).toEqual(methods);
  });

  test('what only OpenSSH can follow is named', async () => {
    const config = 'Host *\nPKCS11Provider /usr/lib/token.so\nRevokedHostKeys /etc/ssh/revoked';
    expect((await answer(config)).foreign).toEqual(['PKCS11Provider', 'RevokedHostKeys']);
  });
});

test('a configuration that ssh refuses is told in its own words', async () => {
  await expect(answer('Host *\n  Bogus yes\n')).rejects.toMatchObject({
    code: 'ssh-config-invalid',
    problem: {
      next: expect.stringContaining(`ssh -F ${join(folder, 'config')} -G bbb-01`),
      detail: expect.stringContaining('line 2: Bad configuration option: bogus'),
    },
  });
});

test('a name that begins with a dash is no option', async () => {
  await expect(answer('', '-oProxyCommand=touch /tmp/never')).rejects.toMatchObject({
    code: 'ssh-config-invalid',
  });
});

test('lines of other versions are passed over', () => {
  const text = execFileSync('ssh', ['-F', '/dev/null', '-G', 'h'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const more = `${text}\nnewkeyword\nanother one two\n\n`;
  expect(parseClientConfig(more)).toEqual(parseClientConfig(text.toString()));
});
