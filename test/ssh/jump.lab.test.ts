import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { labAvailable } from '../lab/available.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { Reach, transports } from './reach.ts';
import { type Sshd, startSshd } from './sshd.ts';

const availability = await labAvailable();
if (!availability.available) console.warn(`Jump hosts are skipped: ${availability.reason}`);

/** Each is reached from the one before only: firewalls drop what comes from this machine. */
describe.skipIf(!availability.available)('jump hosts', () => {
  let lab: Lab;
  let closed: Sshd;
  let config: string;

  beforeAll(async () => {
    lab = await startLab([{ name: 'hop-1' }, { name: 'hop-2' }, { name: 'hop-3' }, { name: 'inner' }]);
    closed = await startSshd(lab.host('hop-1'), { port: 2222, config: ['AllowTcpForwarding no'] });
    // The lab's machine has .1: only hop-1 lets it in.
    const machine = lab.host('hop-1').address.replace(/\.\d+$/, '.1');
    for (const name of ['hop-2', 'hop-3', 'inner']) {
      await lab
        .host(name)
        .mustExec(['ip', 'route', 'replace', 'blackhole', `${machine}/32`])
        .catch(() => undefined);
    }
    config = join(lab.directory, 'jumps');
    writeFileSync(config, jumpConfig(lab));
  });
  afterAll(async () => {
    await lab?.destroy();
  });

  describe.each(transports)('over %s', (transport) => {
    let reach: Reach;
    beforeAll(() => {
      reach = new Reach(lab, transport);
    });
    afterEach(() => reach.renew());
    const name = async (settings: Parameters<Reach['run']>[0]) =>
      (await reach.run(settings, 'hostname')).stdout.toString().trim();

    test('the host is not reached directly', async () => {
      const inner = { host: lab.host('inner').address, connectTimeout: 1 };
      expect((await reach.refusal(inner)).code).toMatch(/connect-timeout|unreachable/);
    });

    test('three hops of the ssh configuration, one host called as in it', async () => {
      const settings = { host: 'inner.example.com', alias: 'inner', config, user: undefined };
      expect(await name(settings)).toBe('inner');
      const target = await reach.connector.resolve(reach.settings(settings));
      expect(target.jumps.map((jump) => jump.name)).toEqual(['hop-1', 'hop-2', 'hop-3']);
    });

    test('the same, by proxy_jump of the inventory, with neither names nor a configuration', async () => {
      const hops = ['hop-1', 'hop-2', 'hop-3'].map((hop) => `root@${lab.host(hop).address}`);
      const settings = { host: lab.host('inner').address, proxyJump: hops.join(',') };
      expect(await name(settings)).toBe('inner');
    });

    test('proxy_jump: none leaves out those of the configuration', async () => {
      expect(await name({ host: 'hop-1', config, proxyJump: 'none' })).toBe('hop-1');
      const settings = reach.settings({ host: 'inner', config, proxyJump: 'none' });
      expect((await reach.connector.resolve(settings)).jumps).toEqual([]);
    });

    test('eight connections at once go through one login at each hop', async () => {
      const before = await logins(lab, 'hop-1');
      const all = Array.from({ length: 8 }, () => name({ host: 'inner', config, user: undefined }));
      expect(await Promise.all(all)).toEqual(Array.from({ length: 8 }, () => 'inner'));
      expect((await logins(lab, 'hop-1')) - before).toBe(1);
    });

    test.each(['hop-1', 'hop-2', 'hop-3'])(
      'an unknown key of %s is refused, and nothing goes further',
      async (hop) => {
        const file = join(lab.directory, `without-${hop}-${transport}`);
        const known = readFileSync(lab.knownHosts, 'utf8');
        writeFileSync(
          file,
          known
            .split('\n')
            .filter((line) => !line.includes(hop))
            .join('\n'),
        );
        const before = await logins(lab, hop);
        const { code, words } = await reach.refusal({
          host: 'inner',
          config,
          user: undefined,
          knownHostsFiles: [file],
        });
        expect(code).toBe('host-key-unknown');
        expect(words).toContain(lab.host(hop).address);
        expect(await logins(lab, hop)).toBe(before);
      },
    );

    test('a jump host that lets nothing through says so', async () => {
      const hop = `root@${closed.address}:${closed.port}`;
      const known = join(lab.directory, `closed-${transport}`);
      const text = readFileSync(lab.knownHosts, 'utf8');
      writeFileSync(known, `${text}[${closed.address}]:2222 ${closed.hostKeys[0]}\n`);
      const { code, words } = await reach.refusal({
        host: lab.host('inner').address,
        proxyJump: hop,
        knownHostsFiles: [known],
      });
      expect(words).toMatch(/AllowTcpForwarding/);
      expect(code).toBe('jump-host-refused');
    });

    test('a host that is not there is told from a jump host that is not', async () => {
      const away = lab.host('inner').address.replace(/\.\d+$/, '.99');
      const proxyJump = `root@${lab.host('hop-1').address}`;
      const behind = await reach.refusal({ host: away, proxyJump, connectTimeout: 5 });
      expect(behind.code).toMatch(/unreachable|connect-timeout/);
      expect(behind.words).toContain(away);
      const before = await reach.refusal({
        host: lab.host('inner').address,
        proxyJump: `root@${away}`,
        connectTimeout: 2,
      });
      expect(before.code).toMatch(/unreachable|connect-timeout/);
      expect(before.words).toContain(away);
    });

    test('a login at a hop that fails is told as the one at that hop', async () => {
      const { code, words } = await reach.refusal({
        host: lab.host('inner').address,
        proxyJump: `nobody@${lab.host('hop-1').address}`,
      });
      expect(code).toBe('authentication-failed');
      expect(words).toContain(`nobody@${lab.host('hop-1').address}`);
    });

    test('a jump host that is lost is reached anew', async () => {
      const settings = { host: 'inner', config, user: undefined };
      const connection = await reach.connect(settings);
      const running = connection
        .exec('echo begun; sleep 60', Buffer.alloc(0), { timeout: 60, maximumOutput: 100 })
        .then(
          (result) => String(result.code),
          (error) => error.code,
        );
      await lab.host('hop-1').mustExec(`pkill -KILL -f 'sshd: [r]oot'`);
      expect(['null', 'connection-lost']).toContain(await running);
      expect(await name(settings)).toBe('inner');
    });
  });
});

async function logins(lab: Lab, host: string): Promise<number> {
  const log = await lab.host(host).mustExec('journalctl --quiet -u ssh -o cat | grep -c "^Accepted" || true');
  return Number(log);
}

function jumpConfig(lab: Lab): string {
  const block = (name: string, ...lines: string[]) =>
    [`Host ${name}`, `  HostName ${lab.host(name).address}`, ...lines.map((line) => `  ${line}`), ''].join(
      '\n',
    );
  return [
    block('hop-1'),
    block('hop-2', 'ProxyJump hop-1'),
    block('hop-3', 'ProxyJump none'),
    block('inner', 'ProxyJump hop-2,hop-3'),
    'Match all\n  User root\n',
  ].join('\n');
}
