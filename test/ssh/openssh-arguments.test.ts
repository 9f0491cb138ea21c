import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import {
  commandArguments,
  type LoginOptions,
  loginArguments,
  throughLogin,
} from '../../src/ssh/openssh/arguments.ts';
import { parseVersion } from '../../src/ssh/openssh/version.ts';
import { plainTarget } from '../../src/ssh/resolve-target.ts';
import type { SshTarget } from '../../src/ssh/target.ts';

const target: SshTarget = {
  ...plainTarget({
    host: 'bbb-01.example.com',
    port: 2222,
    user: 'ops',
    knownHostsFiles: ['/home/ada/.ssh/known_hosts', '/home/ada/my own hosts'],
    connectTimeout: 2.5,
  }),
  name: 'bbb-01',
  identityFiles: ['/home/ada/.ssh/100% mine'],
  identitiesNamed: true,
};
const login: LoginOptions = { socket: '/run/x/s1', answers: false, version: { major: 9, minor: 2 } };

/** What ssh itself makes of the arguments. */
function asked(args: readonly string[]): ReadonlyMap<string, string> {
  const text = execFileSync('ssh', ['-G', ...args], { encoding: 'utf8', stdio: 'pipe' });
  return new Map(
    text
      .split('\n')
      .reverse()
      .map((line) => [line.split(' ')[0] ?? '', line.slice(line.indexOf(' ') + 1)]),
  );
}

describe('a login', () => {
  test("is as strict as ssh can be, whatever the operator's configuration says", () => {
    const args = loginArguments({ ...target, config: 'none' }, login);
    const options = asked(args);
    expect(Object.fromEntries(options)).toMatchObject({
      host: 'bbb-01',
      hostname: 'bbb-01.example.com',
      port: '2222',
      user: 'ops',
      stricthostkeychecking: 'true',
      userknownhostsfile: '/home/ada/.ssh/known_hosts /home/ada/my own hosts',
      globalknownhostsfile: '/dev/null',
      checkhostip: 'no',
      nohostauthenticationforlocalhost: 'no',
      verifyhostkeydns: 'false',
      updatehostkeys: 'false',
      batchmode: 'yes',
      controlmaster: 'true',
      controlpath: '/run/x/s1',
      controlpersist: 'no',
      clearallforwardings: 'yes',
      forwardagent: 'no',
      forwardx11: 'no',
      permitlocalcommand: 'no',
      requesttty: 'false',
      sessiontype: 'none',
      forkafterauthentication: 'no',
      tunnel: 'false',
      connecttimeout: '3',
      serveraliveinterval: '5',
      serveralivecountmax: '3',
      loglevel: 'DEBUG',
    });
    expect(args.slice(0, 2)).toEqual(['-F', '/dev/null']);
    expect(args.slice(-2)).toEqual(['--', 'bbb-01']);
  });

  test("reads the operator's configuration, or the one that the inventory names", () => {
    expect(loginArguments(target, login)).not.toContain('-F');
    expect(loginArguments({ ...target, config: '/etc/cluster/ssh_config' }, login).slice(0, 2)).toEqual([
      '-F',
      '/etc/cluster/ssh_config',
    ]);
  });

  test('tries the keys that are named and no others', () => {
    expect(loginArguments(target, login)).toContain('IdentityFile="/home/ada/.ssh/100%% mine"');
    const usual = loginArguments({ ...target, identitiesNamed: false }, login);
    expect(usual.some((argument) => argument.startsWith('IdentityFile'))).toBe(false);
  });

  test('asks somebody only where there is an answer', () => {
    expect(loginArguments(target, { ...login, answers: true })).toContain('BatchMode=no');
    expect(loginArguments(target, login)).toContain('NumberOfPasswordPrompts=1');
  });

  test('leaves a ProxyCommand of the configuration alone, and else lets none of it be', () => {
    const own = loginArguments({ ...target, proxyCommand: 'nc %h %p' }, login);
    expect(own.some((argument) => argument.startsWith('ProxyCommand'))).toBe(false);
    expect(loginArguments(target, login)).toContain('ProxyCommand=none');
  });

  test('goes through the login on the last jump host', () => {
    const args = loginArguments({ ...target, host: '2001:db8::7' }, { ...login, jump: '/run/x/s0' });
    const command = args.find((argument) => argument.startsWith('ProxyCommand=')) ?? '';
    expect(command).toMatch(
      /^ProxyCommand=ssh -F \/dev\/null -S \/run\/x\/s0 .* -W '\[2001:db8::7\]:2222' -- host$/,
    );
    expect(args).toContain('ProxyUseFdpass=no');
  });

  test('does not know options that an old ssh would refuse', () => {
    for (const version of [undefined, { major: 7, minor: 4 }, { major: 8, minor: 6 }]) {
      const args = loginArguments(target, { ...login, version });
      expect(args.some((argument) => argument.startsWith('ForkAfterAuthentication'))).toBe(false);
    }
  });

  test.each([
    ['host', { host: '-oProxyCommand=id' }],
    ['host', { name: '-oProxyCommand=id' }],
    ['host', { host: 'a b' }],
    ['host', { name: '`id`.example.com' }],
    ['host', { host: 'x$(id)' }],
    ['user', { user: '-l' }],
    ['user', { user: "o'ps" }],
    ['user', { user: 'ops\n' }],
    ['user', { user: '' }],
  ] as const)('refuses a %s that could be more than a name: %j', (what, change) => {
    const code = what === 'host' ? 'invalid-address' : 'invalid-user';
    expect(() => loginArguments({ ...target, ...change }, login)).toThrow(expect.objectContaining({ code }));
  });

  test('takes what names can be', () => {
    for (const host of ['bbb_01', '192.0.2.7', '2001:db8::1', 'fe80::1%eth0', 'bbb-01.example.com']) {
      expect(() => loginArguments({ ...target, host, name: host }, login)).not.toThrow();
    }
    for (const user of ['ops', 'o.ps', 'ops_1', 'DOMAIN@ops', 'o-ps']) {
      expect(() => loginArguments({ ...target, user }, login)).not.toThrow();
    }
    const zone = loginArguments({ ...target, host: 'fe80::1%eth0' }, login);
    expect(zone).toContain('HostName=fe80::1%%eth0');
  });
});

describe('a command', () => {
  test('is one argument behind the host, and no configuration counts', () => {
    const args = commandArguments('/run/x/s1', '/run/x/log', '-v; echo "a b"');
    expect(args.slice(-3)).toEqual(['--', 'host', '-v; echo "a b"']);
    expect(args.slice(0, 4)).toEqual(['-F', '/dev/null', '-S', '/run/x/s1']);
  });

  test('never makes a connection of its own where the login is gone', () => {
    const args = commandArguments('/nonexistent/socket', '/dev/null', 'true');
    const result = spawnSync('ssh', [...args], { encoding: 'utf8', timeout: 20_000 });
    expect(result.status).toBe(255);
    const way = spawnSync('/bin/sh', ['-c', throughLogin('/nonexistent/socket', target)], {
      timeout: 20_000,
    });
    expect(way.status).toBe(255);
  });
});

test.each([
  ['OpenSSH_9.2p1 Debian-2+deb12u7, OpenSSL 3.0.17 1 Jul 2025', { major: 9, minor: 2 }],
  ['OpenSSH_10.0p2, OpenSSL 3.5.0', { major: 10, minor: 0 }],
  ['OpenSSH_for_Windows_8.6p1, LibreSSL 3.4.3', { major: 8, minor: 6 }],
  ['Dropbear v2022.83', undefined],
])('the version of %s', (text, version) => {
  expect(parseVersion(text)).toEqual(version);
});
