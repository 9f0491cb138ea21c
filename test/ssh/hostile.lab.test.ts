import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { confirm } from '../../src/host/confirm.ts';
import { probe } from '../../src/host/probe.ts';
import { readRuns } from '../../src/host/runs.ts';
import { OperatorError, type Problem } from '../../src/model/operator-error.ts';
import { noReads } from '../../src/model/reads.ts';
import type { SshSettings } from '../../src/ssh/settings.ts';
import { labAvailable } from '../lab/available.ts';
import type { LabHost } from '../lab/host.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { Reach, transports } from './reach.ts';
import { type Relay, startRelay } from './relay.ts';
import { type Sshd, startSshd } from './sshd.ts';

const availability = await labAvailable();
if (!availability.available) console.warn(`Hostile hosts are skipped: ${availability.reason}`);

/**
 * Looks like everything that our programs say, but for the nonce; a title and a cleared screen; no end of
 * line.
 */
const noise = [
  "printf '\\033]0;owned\\007\\033[2J\\r\\n'",
  'echo "clusterproxy 00000000000000000000000000000000 4 4"',
  'echo "00000000000000000000000000000000 begin"',
  'echo "00000000000000000000000000000000 end committed"',
  'echo "00000000000000000000000000000000 globs"',
  'echo words on stderr >&2',
  "printf 'no end of line'",
].join('\n');

/** What bash does before each command that comes over ssh. */
const scripts: Readonly<Record<string, string>> = {
  noisy: noise,
  dies: `${noise}\nkill -KILL $PPID`,
  leaves: `${noise}\nexit 7`,
  floods: "exec yes 'noise without end'",
  grumbles: "yes 'noise without end' >&2",
};
const secret = 'securitySalt=0123456789';
/** Lines that look like ours, in a file. */
const treacherous = Array.from(
  { length: 400 },
  (_, index) => `clusterproxy ${index} 1 1\n${'0'.repeat(32)} end\n\u001f\u001e`,
).join('\n');

describe.skipIf(!availability.available)('hostile hosts', () => {
  let lab: Lab;
  let host: LabHost;
  let silent: Server;
  let oneKey: Sshd;
  const relays: Relay[] = [];
  beforeAll(async () => {
    lab = await startLab([{ name: 'host', prepare }]);
    host = lab.host('host');
    await startSshd(host, { port: 2222, config: ['Banner /etc/banner', 'PrintMotd yes'] });
    const twoFactors = ['AuthenticationMethods publickey,password', 'PasswordAuthentication yes'];
    await startSshd(host, { port: 2223, config: twoFactors });
    oneKey = await startSshd(host, { port: 2224, newHostKeys: ['ed25519'] });
    silent = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
  });
  afterAll(async () => {
    silent?.close();
    for (const relay of relays) relay.close();
    await lab?.destroy();
  });

  async function prepare(made: LabHost): Promise<void> {
    for (const [user, script] of Object.entries(scripts)) {
      await made.mustExec(['useradd', '--create-home', '--shell', '/bin/bash', user]);
      await made.writeFile(`/home/${user}/.bashrc`, `${script}\n`);
      await made.mustExec(['install', '-d', '-o', user, '-m', '0700', `/home/${user}/.ssh`]);
      const keys = `/home/${user}/.ssh/authorized_keys`;
      await made.mustExec(['install', '-o', user, '-m', '0600', '/root/.ssh/authorized_keys', keys]);
    }
    await made.writeFile('/etc/banner', 'No trespassing \u001b[31m\n0000 begin\n');
    await made.writeFile('/etc/motd', 'Message of the day\n');
    await made.writeFile('/etc/treacherous', `${treacherous}${secret}\n`);
    await made.writeFile('/etc/large', Buffer.alloc(900_000, 'x'));
  }

  describe.each(transports)('over %s', (transport) => {
    let reach: Reach;
    beforeAll(() => {
      reach = new Reach(lab, transport);
    });
    afterEach(() => reach.renew());

    const reads = { ...noReads, paths: ['/etc/treacherous', '/etc/large'] };
    const look = async (settings: Partial<SshSettings>, timeout = 30) =>
      probe(await reach.connect({ host: host.address, ...settings }), 'host', reads, { timeout });
    const refusal = async (settings: Partial<SshSettings>, timeout = 30): Promise<Problem> => {
      try {
        await look(settings, timeout);
      } catch (error) {
        if (error instanceof OperatorError) return error.problem;
        throw error;
      }
      return expect.unreachable('it was looked at');
    };
    test('a key is not called refused where the host asks for a second factor', async () => {
      const { code, words } = await reach.refusal({ host: host.address, port: 2223 });
      expect(code).toBe('authentication-failed');
      expect(words).toContain(
        'the server accepted a key or the password, and asks for more than that (password)',
      );
      expect(words).toContain('AuthenticationMethods publickey');
      expect(words).toMatch(/: accepted, but the server asks for more$/m);
      expect(words).not.toContain('refused');
    });

    test('its keys are looked at without a connection for those that it has not', async () => {
      const connections = async () => (await oneKey.log()).match(/^Connection from /gm)?.length ?? 0;
      const before = await connections();
      const target = await reach.connector.resolve(reach.settings({ host: host.address, port: 2224 }));
      expect(await reach.connector.scan(target)).toHaveLength(1);
      // ssh(1) tells what a host offers only when it is refused.
      const made = transport === 'node' ? 1 : 3;
      await vi.waitFor(async () => expect((await connections()) - before).toBe(made));
    });

    /** A host behind a line that is cut when so many bytes have come from it. */
    const cutAfter = async (bytes: number): Promise<Partial<SshSettings>> => {
      const relay = await startRelay(host.address, 22, (count, reset) => {
        if (count >= bytes) reset();
      });
      relays.push(relay);
      // The one key that the host is known by.
      const key =
        (await host.mustExec('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')).split(' ')[1] ?? '';
      return { host: '127.0.0.1', port: relay.port, hostKeys: [key], connectTimeout: 10 };
    };

    test('a banner, a message of the day, and files that look like our protocol', async () => {
      const snapshot = await look({
        port: 2222,
        user: 'root',
        hostKeys: await keys(),
      });
      expect(snapshot.paths.get('/etc/treacherous')).toMatchObject({
        kind: 'file',
        content: Buffer.from(`${treacherous}${secret}\n`),
      });
    });
    const keys = async () => [
      (await host.mustExec('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')).split(' ')[1] ?? '',
    ];

    test('noise from a login script, with control characters and lines that look like ours', async () => {
      const snapshot = await look({ user: 'noisy' });
      expect(snapshot.user).toBe('noisy');
      const large = snapshot.paths.get('/etc/large');
      expect(large?.kind === 'file' && large.content.equals(Buffer.alloc(900_000, 'x'))).toBe(true);
      const connection = await reach.connect({ host: host.address, user: 'noisy' });
      expect(await readRuns(connection)).toEqual([]);
      const word = { run: '20260101T000000Z-000000', machineId: snapshot.machineId, word: 'commit' } as const;
      await expect(confirm(connection, word)).rejects.toMatchObject({ code: 'not-waiting' });
    });

    test('a login script that ends the session, or kills it: said in clean words', async () => {
      const left = await refusal({ user: 'leaves' });
      expect(left.code).toBe('probe-failed');
      expect(left.detail).toContain('words on stderr');
      expect(left.detail).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f]/);
      expect((await refusal({ user: 'dies' })).code).toBe('connection-lost');
    });

    test('gigabytes on stdout, and without end on stderr: bounded in size and time', async () => {
      const before = process.memoryUsage().rss;
      expect((await refusal({ user: 'floods' }, 120)).code).toBe('output-too-long');
      expect((await refusal({ user: 'grumbles' }, 4)).code).toBe('command-timeout');
      // 64 MiB are taken at most, and copied a few times on their way.
      expect(process.memoryUsage().rss - before).toBeLessThan(600 * 1024 * 1024);
      expect((await look({ user: 'root' })).user).toBe('root');
    });

    test('a host that accepts connections and stays silent', async () => {
      const { port } = silent.address() as AddressInfo;
      const problem = await refusal({ host: '127.0.0.1', port, connectTimeout: 2, hostKeys: await keys() });
      expect(problem).toMatchObject({
        code: 'connect-timeout',
        message: expect.stringContaining('within 2 seconds'),
      });
    });

    test('one that talks without end before it says who it is', async () => {
      const babbling = createServer((socket) => {
        socket.on('error', () => {});
        const talk = () => {
          while (socket.writable && socket.write('x'.repeat(65_536))) {}
        };
        socket.on('drain', talk);
        talk();
      }).listen(0, '127.0.0.1');
      await new Promise((resolve) => babbling.once('listening', resolve));
      const { port } = babbling.address() as AddressInfo;
      const settings = { host: '127.0.0.1', port, connectTimeout: 2, hostKeys: await keys() };
      const before = process.memoryUsage().rss;
      const codes = /ssh-protocol|connection-lost|connect-timeout/;
      expect((await refusal(settings)).code).toMatch(codes);
      const target = await reach.connector.resolve(reach.settings(settings));
      await expect(reach.connector.scan(target)).rejects.toMatchObject({
        code: expect.stringMatching(codes),
      });
      expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
      babbling.close();
    });

    test('a host that hangs up after its banner', async () => {
      expect((await refusal(await cutAfter(1))).code).toBe('connection-lost');
    });

    test('a host that hangs up after the login, or in the middle of its answer', async () => {
      expect((await refusal({ ...(await cutAfter(200_000)), user: 'root' })).code).toBe('connection-lost');
      const served = await startRelay(host.address, 22);
      relays.push(served);
      const settings = { host: '127.0.0.1', port: served.port, hostKeys: await keys(), user: 'root' };
      const connection = await reach.connect(settings);
      served.cut();
      await expect(probe(connection, 'host', reads, { timeout: 30 })).rejects.toMatchObject({
        code: 'connection-lost',
      });
    });
  });
});
