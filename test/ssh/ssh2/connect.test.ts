import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Connection, OpenOptions } from '../../../src/ssh/contract.ts';
import { fingerprint } from '../../../src/ssh/host-keys/known-hosts.ts';
import { createOpenSsh, type OpenSsh } from '../../../src/ssh/openssh/open-ssh.ts';
import { connect as connectByNode } from '../../../src/ssh/ssh2/connect.ts';
import { scanHostKeys } from '../../../src/ssh/ssh2/scan-host-keys.ts';
import { asRoot } from '../../../src/ssh/sudo/sudo.ts';
import type { SshTarget } from '../../../src/ssh/target.ts';
import { type Sample, sampleHost } from '../../host/sample.ts';

describe.each(['node', 'openssh'] as const)('over %s', (transport) => {
  let sample: Sample;
  let target: SshTarget;
  let connections: Connection[];
  let openssh: OpenSsh;
  const connect = (to: SshTarget, how: OpenOptions = {}) =>
    transport === 'node' ? connectByNode(to, how) : openssh.open(to, how);
  beforeEach(async () => {
    vi.stubEnv('SSH_AUTH_SOCK', '');
    sample = await sampleHost({ units: [] });
    // No configuration of whoever runs the tests.
    target = { ...sample.host.target, config: 'none' };
    openssh = createOpenSsh();
    connections = [];
  });
  afterEach(async () => {
    for (const connection of connections) await connection.close();
    await openssh.close();
    await sample.close();
    vi.unstubAllEnvs();
  });

  const options = { timeout: 60, maximumOutput: 1_000_000 };
  async function open(change: Partial<SshTarget> = {}): Promise<Connection> {
    const connection = await connect({ ...target, ...change });
    connections.push(connection);
    return connection;
  }

  describe('commands', () => {
    test('take bytes and give bytes, and their exit status', async () => {
      const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 256));
      const result = await (await open()).exec('cat; echo words >&2; exit 3', [bytes, bytes], options);
      expect(result.code).toBe(3);
      expect(result.stdout.equals(Buffer.concat([bytes, bytes]))).toBe(true);
      expect(result.stderr.toString()).toBe('words\n');
    });

    test('that are cut off have an outcome that is not known', async () => {
      const connection = await open();
      const running = connection.exec('echo begun; sleep 20', Buffer.alloc(0), {
        ...options,
        onOutput: () => sample.host.cut(),
      });
      expect(await running).toMatchObject({ code: null, stdout: Buffer.from('begun\n') });
      await expect(connection.exec('true', Buffer.alloc(0), options)).rejects.toMatchObject({
        code: 'connection-lost',
      });
    });

    test('that are killed have no status either', async () => {
      expect((await (await open()).exec('kill -KILL $$', Buffer.alloc(0), options)).code).toBe(null);
    });

    test('that read nothing of a long input end all the same', async () => {
      const result = await (await open()).exec('exit 0', Buffer.alloc(8_000_000), options);
      expect(result.code).toBe(0);
    });

    test('have a time limit and an output limit', async () => {
      const connection = await open();
      await expect(
        connection.exec('sleep 20', Buffer.alloc(0), { ...options, timeout: 0.2 }),
      ).rejects.toMatchObject({ code: 'command-timeout' });
      await expect(connection.exec('yes', Buffer.alloc(0), options)).rejects.toMatchObject({
        code: 'output-too-long',
      });
      expect((await connection.exec('echo still', Buffer.alloc(0), options)).stdout.toString()).toBe(
        'still\n',
      );
    });

    test('an abort ends them', async () => {
      const controller = new AbortController();
      const connection = await connect(target, { signal: controller.signal });
      const running = connection.exec('echo begun; sleep 20', Buffer.alloc(0), {
        ...options,
        // Before that it isn't begun, and the connection is lost.
        onOutput: () => controller.abort(),
      });
      expect((await running).code).toBe(null);
      await expect(connect(target, { signal: controller.signal })).rejects.toMatchObject({
        code: 'interrupted',
      });
    });
  });

  describe('host keys', () => {
    const known = (text: string) => {
      const file = join(sample.root, 'known_hosts');
      writeFileSync(file, text);
      return { hostKeys: [], knownHostsFiles: [join(sample.root, 'none'), file] };
    };
    const scan = () =>
      new Promise<string>((resolve, reject) => {
        import('node:child_process').then(
          ({ execFile }) =>
            execFile('ssh-keyscan', ['-p', String(target.port), '127.0.0.1'], (error, stdout) =>
              error ? reject(error) : resolve(stdout),
            ),
          reject,
        );
      });

    test('are shown without a login', async () => {
      const look = transport === 'node' ? scanHostKeys : openssh.scan;
      const before = sample.host.connections;
      const keys = await look({ ...target, hostKeys: [], identityFiles: [] }, {});
      expect(keys.map(fingerprint)).toEqual(target.hostKeys);
      expect(sample.host.connections).toBeGreaterThan(before);
      expect(sample.host.commands.filter((command) => command !== '')).toEqual([]);
      await sample.host.close();
      await expect(look(target, {})).rejects.toMatchObject({ code: 'unreachable' });
    });

    test('pinned by fingerprint, or known from a file, plain and hashed', async () => {
      await open();
      const line = await scan();
      await open(known(line));
      const file = join(sample.root, 'known_hosts');
      execFileSync('ssh-keygen', ['-Hf', file], { stdio: 'ignore' });
      await open({ hostKeys: [], knownHostsFiles: [file] });
    });

    test('not known: refused, with the fingerprint and what to do', async () => {
      await expect(open(known(''))).rejects.toMatchObject({
        code: 'host-key-unknown',
        problem: {
          message: expect.stringContaining(target.hostKeys[0] ?? '-'),
          next: expect.stringContaining('clusterproxy trust'),
        },
      });
    });

    test('another one than pinned or known: refused', async () => {
      await expect(open({ hostKeys: ['SHA256:AAAA'] })).rejects.toMatchObject({ code: 'host-key-changed' });
      execFileSync('ssh-keygen', ['-q', '-t', 'ecdsa', '-N', '', '-f', join(sample.root, 'other')]);
      const other = execFileSync('cat', [join(sample.root, 'other.pub')], { encoding: 'utf8' });
      await expect(open(known(`[127.0.0.1]:${target.port} ${other}`))).rejects.toMatchObject({
        code: 'host-key-changed',
        problem: { detail: expect.stringContaining('line 1') },
      });
    });

    test('revoked, or known through an authority only: refused', async () => {
      const line = (await scan()).trim();
      await expect(open(known(`${line}\n@revoked ${line}\n`))).rejects.toMatchObject({
        code: 'host-key-revoked',
      });
      await expect(open(known(`@cert-authority ${line}\n`))).rejects.toMatchObject({
        code: 'host-key-unknown',
        problem: { message: expect.stringContaining('certificate authority') },
      });
    });
  });

  describe('what keeps from logging in is said', () => {
    test('no key is accepted; one is encrypted', async () => {
      const key = join(sample.root, 'locked');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-a', '1', '-N', 'secret words', '-f', key]);
      await expect(open({ identityFiles: [key] })).rejects.toMatchObject({
        code: 'authentication-failed',
        problem: { next: expect.stringContaining(`ssh-add ${key}`) },
      });
      await expect(open({ identityFiles: ['/nonexistent'] })).rejects.toMatchObject({
        code: 'authentication-failed',
        problem: { notes: expect.arrayContaining([expect.stringContaining('no such file')]) },
      });
    });

    test('an agent that is gone does not keep a key from being used', async () => {
      await open({ agent: '/nonexistent/agent' });
    });

    test('nobody listens, the name is not known, nobody answers', async () => {
      await sample.host.close();
      await expect(open()).rejects.toMatchObject({
        code: 'unreachable',
        problem: { message: expect.stringContaining('refuses') },
      });
      await expect(open({ host: 'no-such-host.invalid' })).rejects.toMatchObject({ code: 'unreachable' });
      const silent = net.createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => silent.once('listening', resolve));
      const { port } = silent.address() as AddressInfo;
      await expect(open({ port, connectTimeout: 0.3 })).rejects.toMatchObject({ code: 'connect-timeout' });
      silent.close();
    });

    test('something else than an sshd, or one that hangs up', async () => {
      const rude = net.createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
      await new Promise((resolve) => rude.once('listening', resolve));
      await expect(open({ port: (rude.address() as AddressInfo).port })).rejects.toMatchObject({
        code: 'connection-lost',
      });
      rude.close();
      const web = net
        .createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
        .listen(0, '127.0.0.1');
      await new Promise((resolve) => web.once('listening', resolve));
      await expect(open({ port: (web.address() as AddressInfo).port })).rejects.toMatchObject({
        code: expect.stringMatching(/ssh-protocol|connection-lost/),
      });
      web.close();
    });
  });

  describe('sudo', () => {
    const sudo = async (script: string, sudoPassword?: () => Promise<string>) => {
      writeFileSync(join(sample.root, '..', 'work', 'bin', 'sudo'), `#!/bin/sh\n${script}\n`, {
        mode: 0o755,
      });
      return asRoot(await open(), { ...target, user: 'ops', sudoPassword });
    };

    test('runs the command with its quoting and its input', async () => {
      const connection = await sudo('[ "$1 $2" = "-n --" ] || exit 9; shift 2; exec "$@"');
      const result = await connection.exec(
        `printf '%s|' "it's" 'two  words'; cat`,
        Buffer.from('in'),
        options,
      );
      expect(result.stdout.toString()).toBe("it's|two  words|in");
    });

    test('gets its password when it asks, and the command the rest', async () => {
      const script = `printf '%s' "$3" >&2; IFS= read -r p; [ "$p" = secret ] || exit 1; shift 4; exec "$@"`;
      const connection = await sudo(script, async () => 'secret');
      const result = await connection.exec('cat', Buffer.from('in\n'), options);
      expect(result).toMatchObject({ code: 0, stdout: Buffer.from('in\n') });
    });

    test.each([
      ['sudo-password', "echo 'sudo: a password is required' >&2; exit 1"],
      ['sudo-refused', "echo 'root is not in the sudoers file. sudo' >&2; exit 1"],
      ['sudo-missing', "echo 'env: sudo: No such file or directory' >&2; exit 127"],
    ])('%s', async (code, script) => {
      await expect((await sudo(script)).exec('true', Buffer.alloc(0), options)).rejects.toMatchObject({
        code,
      });
    });
  });
});
