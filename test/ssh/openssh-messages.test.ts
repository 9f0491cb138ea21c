import { describe, expect, test } from 'vitest';
import type { KnownKeys } from '../../src/ssh/host-keys/host-keys.ts';
import { parseKnownHosts } from '../../src/ssh/host-keys/known-hosts.ts';
import { LineCollector, readLog } from '../../src/ssh/openssh/log.ts';
import { type LoginFailure, loginProblem } from '../../src/ssh/openssh/problems.ts';
import { meaningOf255 } from '../../src/ssh/openssh/run-command.ts';
import { plainTarget } from '../../src/ssh/resolve-target.ts';
import type { SshTarget } from '../../src/ssh/target.ts';

const target: SshTarget = plainTarget({ host: 'bbb-01.example.com', user: 'ops', config: 'none' });
const nothingKnown: KnownKeys = { pinned: [], entries: [], portless: [], types: [] };
const oldKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f';
const known: KnownKeys = {
  ...nothingKnown,
  entries: parseKnownHosts(`# mine\nbbb-01.example.com ${oldKey}`).map((entry) => ({
    ...entry,
    file: '/home/ada/.ssh/known_hosts',
  })),
};

/** The usual words of OpenSSH 9.2 up to the host key; line ends as ssh writes them. */
const start = `debug1: Connecting to bbb-01.example.com [192.0.2.11] port 22.
debug1: Connection established.
debug1: Local version string SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7
debug1: Remote protocol version 2.0, remote software version OpenSSH_8.9p1 Ubuntu-3ubuntu0.13`;
const withKey = `${start}
debug1: Server host key: ssh-ed25519 SHA256:Fc6TzGnD0dN8hO9fnFi3E/DRjDBsFbLUgzVuiWSFrrw`;
const withLogin = `${withKey}
debug1: SSH2_MSG_NEWKEYS received
debug1: Authentications that can continue: publickey,password`;

function log(text: string) {
  const collector = new LineCollector();
  collector.add(text.replaceAll('\n', '\r\n'));
  collector.end();
  return readLog(collector.lines);
}

function problem(text: string, more: Partial<LoginFailure> = {}, at: Partial<SshTarget> = {}) {
  const failure = { known: nothingKnown, tried: [], locked: [], jumpSaid: [], ...more };
  return loginProblem({ ...target, ...at }, { log: log(text), ...failure });
}

describe('what ssh says is said in the words and codes of the other transport', () => {
  test.each([
    [
      'a name that nobody knows',
      'ssh: Could not resolve hostname bbb-01.example.com: Name or service not known',
      'unreachable',
      "doesn't resolve",
    ],
    [
      'a port that nobody listens on',
      'debug1: connect to address 192.0.2.11 port 22: Connection refused\nssh: connect to host bbb-01.example.com port 22: Connection refused',
      'unreachable',
      'refuses connections',
    ],
    [
      'no way there',
      'ssh: connect to host bbb-01.example.com port 22: No route to host',
      'unreachable',
      'No route to host',
    ],
    [
      'no network',
      'ssh: connect to host bbb-01.example.com port 22: Network is unreachable',
      'unreachable',
      'Network is unreachable',
    ],
    [
      'a host that is silent',
      'ssh: connect to host bbb-01.example.com port 22: Connection timed out',
      'connect-timeout',
      'did not answer',
    ],
    [
      'the same on BSD and macOS',
      'ssh: connect to host bbb-01.example.com port 22: Operation timed out',
      'connect-timeout',
      'did not answer',
    ],
    [
      'a host that accepts and is silent',
      'debug1: Connection established.\ndebug1: Local version string SSH-2.0-OpenSSH_9.2p1\nConnection timed out during banner exchange\nConnection to 192.0.2.11 port 22 timed out',
      'connect-timeout',
      'sent nothing',
    ],
    [
      'a host that falls silent in the handshake',
      `${start}\nConnection to 192.0.2.11 port 22 timed out`,
      'connect-timeout',
      'sent nothing more',
    ],
    [
      'one that hangs up',
      'debug1: Connection established.\nkex_exchange_identification: read: Connection reset by peer\nConnection reset by 192.0.2.11 port 22',
      'connection-lost',
      'MaxStartups',
    ],
    [
      'one that hangs up, in the words of OpenSSH 7.4',
      'debug1: Connection established.\nssh_exchange_identification: Connection closed by remote host',
      'connection-lost',
      'MaxStartups',
    ],
    [
      'one that has too many logins at once',
      'debug1: Connection established.\ndebug1: Local version string SSH-2.0-OpenSSH_9.2p1\ndebug1: kex_exchange_identification: banner line 0: Exceeded MaxStartups\nkex_exchange_identification: Connection closed by remote host\nConnection closed by 192.0.2.11 port 22',
      'connection-lost',
      'Exceeded MaxStartups',
    ],
    [
      'a web server',
      'debug1: Connection established.\ndebug1: Local version string SSH-2.0-OpenSSH_9.2p1\ndebug1: kex_exchange_identification: banner line 0: HTTP/1.1 400 Bad Request\nkex_exchange_identification: Connection closed by remote host\nConnection closed by 192.0.2.11 port 80',
      'ssh-protocol',
      'HTTP/1.1 400 Bad Request',
    ],
    [
      'something else than ssh',
      "debug1: Connection established.\nBad remote protocol version identification: 'SSH-1.5-ancient'\nbanner exchange: Connection to 192.0.2.11 port 22: invalid format",
      'ssh-protocol',
      'invalid format',
    ],
    [
      'an sshd that is too old',
      `${start}\nUnable to negotiate with 192.0.2.11 port 22: no matching key exchange method found. Their offer: diffie-hellman-group1-sha1`,
      'no-common-algorithm',
      'only diffie-hellman-group1-sha1',
    ],
    [
      'an sshd with old ciphers',
      `${start}\nUnable to negotiate with 192.0.2.11 port 22: no matching cipher found. Their offer: aes128-cbc,3des-cbc`,
      'no-common-algorithm',
      'only aes128-cbc,3des-cbc as cipher',
    ],
    [
      'a short RSA key',
      `${start}\nBad server host key: Invalid key length`,
      'ssh-protocol',
      'Invalid key length',
    ],
    [
      'a fault in the configuration',
      '/home/ada/.ssh/config: line 3: Bad configuration option: foo\n/home/ada/.ssh/config: terminating, 1 bad configuration options',
      'ssh-config-invalid',
      'line 3',
    ],
    [
      'a configuration that others can write',
      'Bad owner or permissions on /home/ada/.ssh/config',
      'ssh-config-invalid',
      'Bad owner',
    ],
    ['no local user', 'No user exists for uid 12345', 'no-local-user', 'passwd'],
    [
      'an unknown key',
      `${withKey}\nNo ED25519 host key is known for bbb-01.example.com and you have requested strict checking.\nHost key verification failed.`,
      'host-key-unknown',
      'ssh-ed25519 SHA256:Fc6TzGnD0dN8hO9fnFi3E/DRjDBsFbLUgzVuiWSFrrw',
    ],
    [
      'no key that is accepted',
      `${withLogin}\ndebug1: Offering public key: /home/ada/.ssh/id_ed25519 ED25519 SHA256:abc explicit\nops@bbb-01.example.com: Permission denied (publickey,password).`,
      'authentication-failed',
      '/home/ada/.ssh/id_ed25519 ED25519 SHA256:abc explicit: refused by the server',
    ],
    [
      'the same in the words of OpenSSH 7.4',
      `${withLogin}\ndebug1: Offering RSA public key: /home/ada/.ssh/id_rsa\nPermission denied (publickey).`,
      'authentication-failed',
      '/home/ada/.ssh/id_rsa: refused by the server',
    ],
    [
      'too many keys',
      `${withLogin}\nReceived disconnect from 192.0.2.11 port 22:2: Too many authentication failures\nDisconnected from 192.0.2.11 port 22`,
      'authentication-failed',
      'the server accepts: publickey, password',
    ],
    [
      'a key that is accepted, where the server wants a second factor',
      `${withLogin}\ndebug1: Offering public key: /home/ada/.ssh/id_rsa RSA SHA256:a agent\ndebug1: Authentications that can continue: publickey,password\ndebug1: Offering public key: /home/ada/.ssh/id_ed25519 ED25519 SHA256:abc explicit\ndebug1: Server accepts key: /home/ada/.ssh/id_ed25519 ED25519 SHA256:abc explicit\nAuthenticated using "publickey" with partial success.\ndebug1: Authentications that can continue: keyboard-interactive\nops@bbb-01.example.com: Permission denied (keyboard-interactive).`,
      'authentication-failed',
      'accepted a key or the password, and asks for more than that (keyboard-interactive)',
    ],
    [
      'a machine that failed before',
      `debug1: Connection established.\ndebug1: Local version string SSH-2.0-OpenSSH_9.2p1\ndebug1: kex_exchange_identification: banner line 0: Not allowed at this time\nkex_exchange_identification: Connection closed by remote host\nConnection closed by 192.0.2.11 port 22`,
      'source-penalty',
      "In sshd's words: Not allowed at this time",
    ],
    [
      'too many logins',
      `debug1: Connection established.\ndebug1: Local version string SSH-2.0-OpenSSH_9.2p1\ndebug1: kex_exchange_identification: banner line 0: Exceeded MaxStartups\nkex_exchange_identification: Connection closed by remote host\nConnection closed by 192.0.2.11 port 22`,
      'connection-lost',
      "In sshd's words: Exceeded MaxStartups",
    ],
    [
      'a key that others can read',
      `${withLogin}\n@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\nPermissions 0644 for '/home/ada/key' are too open.\nLoad key "/home/ada/key": bad permissions\nops@bbb-01.example.com: Permission denied (publickey).`,
      'authentication-failed',
      "Permissions 0644 for '/home/ada/key' are too open.",
    ],
  ])('%s', (_what, text, code, words) => {
    const found = problem(text);
    expect(found.code).toBe(code);
    expect([found.message, found.next, ...(found.notes ?? []), found.detail].join('\n')).toContain(words);
  });

  test('of several keys only those are refused that the server did not accept', () => {
    const text = `${withLogin}\ndebug1: Offering public key: one\ndebug1: Offering public key: two\nAuthenticated using "publickey" with partial success.\ndebug1: Offering public key: three\nops@bbb-01.example.com: Permission denied (publickey,keyboard-interactive).`;
    expect(problem(text).notes).toEqual([
      'one: refused by the server',
      'two: accepted, but the server asks for more',
      'three: refused by the server',
      'the server accepts: publickey, keyboard-interactive',
    ]);
    expect(problem(text).next).toContain('set ssh.password in the inventory');
    const password = { password: async () => 'secret' };
    expect(problem(text, {}, password).next).not.toContain('ssh.password');
  });

  test.each([
    ['ecdsa-sha2-nistp256', 'ssh-keygen -lf /etc/ssh/ssh_host_ecdsa_key.pub'],
    ['ssh-rsa', 'ssh-keygen -lf /etc/ssh/ssh_host_rsa_key.pub'],
    ['ssh-ed25519', 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub'],
  ])('an unknown key is shown once, with where its own file is: %s', (type, command) => {
    const text = `${start}\ndebug1: Server host key: ${type} SHA256:shown\nHost key verification failed.`;
    const found = problem(text);
    expect(found).toMatchObject({ code: 'host-key-unknown', next: expect.stringContaining(command) });
    expect(JSON.stringify(found).match(/SHA256:shown/g)).toHaveLength(1);
  });

  const changed = `${withKey}
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
The fingerprint for the ED25519 key sent by the remote host is
SHA256:Fc6TzGnD0dN8hO9fnFi3E/DRjDBsFbLUgzVuiWSFrrw.
Offending ED25519 key in /home/ada/.ssh/known_hosts:2
Host key for bbb-01.example.com has changed and you have requested strict checking.
Host key verification failed.`;

  test('a changed key, with both fingerprints and where the old one stands', () => {
    const found = problem(changed, { known });
    expect(found.code).toBe('host-key-changed');
    expect(found.message).toContain('SHA256:Fc6TzGnD0dN8hO9fnFi3E/DRjDBsFbLUgzVuiWSFrrw');
    expect(found.detail).toMatch(/ssh-ed25519 SHA256:\S+ \(\/home\/ada\/.ssh\/known_hosts, line 2\)/);
  });

  test('a key of another type than is known has changed as well', () => {
    const text = `${start}\ndebug1: Server host key: ecdsa-sha2-nistp256 SHA256:x\nNo ECDSA host key is known for bbb-01.example.com and you have requested strict checking.\nHost key verification failed.`;
    expect(problem(text, { known }).code).toBe('host-key-changed');
  });

  test('another key than the pinned one', () => {
    const text = `${withKey}\nNo ED25519 host key is known for bbb-01.example.com and you have requested strict checking.\nHost key verification failed.`;
    const found = problem(text, { known: { ...nothingKnown, pinned: ['SHA256:pin'] } });
    expect(found).toMatchObject({ code: 'host-key-changed', detail: 'the inventory pins SHA256:pin' });
  });

  test('a revoked key, in known_hosts or a list of revoked keys', () => {
    const revoked = `${withKey}\n@       WARNING: REVOKED HOST KEY DETECTED!               @\nED25519 host key for bbb-01.example.com was revoked and you have requested strict checking.\nHost key verification failed.`;
    expect(problem(revoked).code).toBe('host-key-revoked');
    const listed = `${withKey}\nHost key ED25519 SHA256:x revoked by file /etc/ssh/revoked\nHost key verification failed.`;
    expect(problem(listed)).toMatchObject({
      code: 'host-key-revoked',
      next: expect.stringContaining('/etc/ssh/revoked'),
    });
  });

  test('a host certificate that is not for this name, or of an authority that is not known', () => {
    const certificate = `${start}\ndebug1: Server host certificate: ssh-ed25519-cert-v01@openssh.com SHA256:host, serial 0 ID "x" CA ssh-ed25519 SHA256:authority valid forever`;
    const failed =
      'No ED25519-CERT host key is known for bbb-01.example.com and you have requested strict checking.\nHost key verification failed.';
    expect(
      problem(`${certificate}\nCertificate invalid: name is not a listed principal\n${failed}`),
    ).toMatchObject({
      code: 'host-key-unknown',
      message: expect.stringContaining('name is not a listed principal'),
      detail: 'ssh-ed25519 SHA256:host, signed by ssh-ed25519 SHA256:authority',
    });
    expect(problem(`${certificate}\n${failed}`).message).toContain('authority is not known');
  });

  test('a password that is refused ends the login before it is asked for again', () => {
    const text = `${withLogin}\nPermission denied, please try again.`;
    expect(
      problem(
        text,
        { password: { askedFor: ["ops@bbb-01.example.com's password: "] } },
        { password: async () => 'secret' },
      ),
    ).toMatchObject({
      code: 'authentication-failed',
      message: expect.stringContaining('password'),
    });
  });

  test('what a jump host says of the host behind it', () => {
    const text = `Stdio forwarding request failed: Session open refused by peer\nkex_exchange_identification: Connection closed by remote host\nConnection closed by UNKNOWN port 65535`;
    const at = { jumps: [plainTarget({ host: 'bastion', user: 'ops' })] };
    const prohibited = 'channel 2: open failed: administratively prohibited: open failed';
    expect(problem(text, { jumpSaid: [prohibited] }, at)).toMatchObject({
      code: 'jump-host-refused',
      message: expect.stringContaining('bastion:22'),
    });
    const jumpSaid = [prohibited, 'channel 3: open failed: connect failed: Connection refused'];
    expect(problem(text, { jumpSaid }, at)).toMatchObject({
      code: 'unreachable',
      detail: expect.stringContaining('connect failed: Connection refused'),
    });
  });

  test('an encrypted key is what to unlock', () => {
    const text = `${withLogin}\nops@bbb-01.example.com: Permission denied (publickey).`;
    expect(problem(text, { locked: ['/home/ada/.ssh/id_rsa'] }).next).toContain(
      'ssh-add /home/ada/.ssh/id_rsa',
    );
  });
});

describe("a host's own words", () => {
  test('in its banner are not taken for words of ssh', () => {
    const banner =
      'Host key verification failed.\n/etc/x: line 1: Bad configuration option: y\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @';
    expect(
      problem(`${withLogin}\n${banner}\nops@bbb-01.example.com: Permission denied (publickey).`).code,
    ).toBe('authentication-failed');
  });

  test('are bounded', () => {
    const collector = new LineCollector();
    for (let index = 0; index < 5_000; index++) collector.add(`${'x'.repeat(5_000)}\n`);
    expect(collector.lines.length).toBeLessThanOrEqual(400);
    expect(Math.max(...collector.lines.map((line) => line.length))).toBeLessThanOrEqual(1_000);
    collector.add('y'.repeat(10_000_000));
    collector.end();
    expect(collector.lines.at(-1)?.length).toBe(1_000);
  });
});

describe('exit status 255', () => {
  test.each([
    [
      'status',
      'debug1: mux_client_request_session: master session id: 2\ndebug2: Received exit status from master 255',
    ],
    [
      'unknown',
      'debug1: mux_client_request_session: master session id: 2\ndebug2: Control master terminated unexpectedly',
    ],
    ['unknown', 'debug1: mux_client_request_session: master session id: 2'],
    ['refused', 'mux_client_request_session: session request failed: Session open refused by peer'],
    [
      'not-started',
      'Control socket connect(/run/x/s1): Connection refused\nConnection closed by UNKNOWN port 65535',
    ],
    [
      'unknown',
      'mux_client_request_session: read from master failed: Broken pipe\nConnection closed by UNKNOWN port 65535',
    ],
    ['not-started', ''],
  ] as const)('%s', (meaning, text) => {
    expect(meaningOf255(text.replaceAll('\n', '\r\n'))).toBe(meaning);
  });
});
