import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labAvailable } from './available.ts';
import { installBigBlueButton, installProxy } from './bigbluebutton/install.ts';
import { mustRun, run } from './command.ts';
import { apiOf, eventually, fetchFrom, getText } from './fetch.ts';
import { type Lab, startLab } from './lab.ts';
import { CERTIFICATE } from './prepare-host.ts';
import { bridgeName } from './state.ts';

/** Numbers of the interfaces of a lab, which no other one gets soon; see if_indextoname(3). */
function interfacesOf(lab: Lab): readonly number[] {
  const bridge = `cplab${basename(lab.directory)}`;
  return readdirSync('/sys/class/net')
    .filter((name) => name === bridge || name.startsWith(`${bridge}h`))
    .map((name) => Number(readFileSync(`/sys/class/net/${name}/ifindex`, 'utf8')));
}

const availability = await labAvailable();
if (!availability.available) console.warn(`Tests of the lab are skipped: ${availability.reason}`);

describe.skipIf(!availability.available)('a lab', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await startLab([
      { name: 'bbb-proxy', prepare: installProxy },
      { name: 'bbb-24', prepare: (host) => installBigBlueButton(host, '2.4') },
      { name: 'bbb-26', prepare: (host) => installBigBlueButton(host, '2.6') },
      { name: 'bbb-30', prepare: (host) => installBigBlueButton(host, '3.0') },
    ]);
    await Promise.all(NODES.map((name) => eventually(() => getText(lab, apiOf(name)))));
  });

  afterAll(async () => {
    await lab?.destroy();
  });

  it('lets root, ops and deputy in by key, with strict checking of unique host keys', async () => {
    for (const host of lab.hosts) {
      const result = await run('ssh', ['-F', lab.sshConfig, host.name, 'id -un; hostname --fqdn']);
      expect(result).toMatchObject({ code: 0, stdout: `root\n${host.name}.example.com\n` });
    }
    const ops = await run('ssh', ['-F', lab.sshConfig, 'ops@bbb-24', 'sudo -n id -u']);
    expect(ops).toMatchObject({ code: 0, stdout: '0\n' });
    const deputy = await run('ssh', ['-F', lab.sshConfig, 'deputy@bbb-24', 'sudo -n id -u']);
    expect(deputy.code).not.toBe(0);
    const withPassword = await run('ssh', ['-F', lab.sshConfig, 'deputy@bbb-24', "sudo -S -p '' id -u"], {
      input: 'lab-password\n',
    });
    expect(withPassword).toMatchObject({ code: 0, stdout: '0\n' });
    const keys = readFileSync(lab.knownHosts, 'utf8').trim().split('\n');
    expect(new Set(keys.map((line) => line.split(' ')[2])).size).toBe(lab.hosts.length * 2);
  });

  it('serves TLS that verifies against the authority of the lab, and only against that', async () => {
    for (const name of NODES) {
      expect((await fetchFrom(lab, `https://${name}.example.com/`)).code).toBe(0);
      const unverified = await lab.run('curl', ['-sS', `https://${name}.example.com/`]);
      expect(unverified).toMatchObject({ code: 60 });
    }
    // Between hosts, the system's own list of authorities is enough.
    const { code } = await lab.host('bbb-proxy').exec('curl -sS -o /dev/null https://bbb-26.example.com/');
    expect(code).toBe(0);
    const issued = await lab
      .host('bbb-proxy')
      .mustExec(`openssl x509 -noout -ext subjectAltName -in ${CERTIFICATE.fullchain}`);
    expect(issued).toContain('DNS:bbb-proxy.example.com');
  });

  it('has a proxy with a plain nginx', async () => {
    expect(await getText(lab, 'http://bbb-proxy.example.com/')).toContain('Welcome to nginx');
    expect((await lab.host('bbb-proxy').exec('nginx -t')).code).toBe(0);
  });

  it('fails fast on names that nobody knows, in hosts and on the machine', async () => {
    const unknown = ['getent', 'hosts', 'no-such-host.example.org'] as const;
    expect((await lab.host('bbb-24').exec(unknown, { timeoutMs: 5_000 })).code).toBe(2);
    expect((await lab.run('getent', ['hosts', 'no-such-host.example.org'], { timeoutMs: 5_000 })).code).toBe(
      2,
    );
    const known = await lab.host('bbb-24').mustExec('getent hosts bbb-30.example.com');
    expect(known).toContain(lab.host('bbb-30').address);
  });

  it('keeps files of any bytes over a power cut, and nothing of /run', async () => {
    const host = lab.host('bbb-30');
    const bytes = randomBytes(100_000);
    await host.writeFile('/srv/deep/er/file', bytes, 0o640);
    await host.writeFile('/run/gone', 'x');
    await host.powerOff();
    expect(host.isRunning()).toBe(false);
    expect((await run('ssh', ['-F', lab.sshConfig, '-o', 'ConnectTimeout=2', 'bbb-30', 'true'])).code).toBe(
      255,
    );
    expect(await host.readFile('/srv/deep/er/file')).toEqual(bytes);
    await host.boot();
    expect(await host.readFile('/srv/deep/er/file')).toEqual(bytes);
    expect(await host.mustExec('stat -c %a /srv/deep/er/file')).toBe('640\n');
    expect((await host.exec('test -e /run/gone')).code).toBe(1);
    await eventually(() => getText(lab, apiOf('bbb-30')));
  });

  it('comes back from a reboot of its own, and boots again after a shutdown', async () => {
    const host = lab.host('bbb-proxy');
    const bootId = () => host.mustExec('systemctl show -P UserspaceTimestampMonotonic');
    const before = await bootId();
    await host.mustExec('systemctl reboot');
    await eventually(async () => expect(await bootId()).not.toBe(before));
    await host.mustExec('systemctl poweroff');
    await eventually(async () => expect(host.isRunning()).toBe(false));
    await host.boot();
    await eventually(() => getText(lab, 'http://bbb-proxy.example.com/'));
  });

  it('leaves no mounts, namespaces, interfaces, control groups or processes behind', async () => {
    const other = await startLab([{ name: 'lonely' }]);
    const [host] = other.hosts;
    if (host === undefined) throw new Error('a host is missing');
    const pids = (await mustRun('pgrep', ['--full', '--', `--machine=${host.name}`])).trim().split('\n');
    expect(pids.length).toBeGreaterThan(0);
    const interfaces = interfacesOf(other);
    expect(interfaces.length).toBeGreaterThan(1);
    await other.destroy();
    // Another process may have begun a lab with the same number since; it has no such host.
    const files = join(other.directory, 'hosts', host.name);
    expect(existsSync(files)).toBe(false);
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(`${files}/`);
    // This process is their parent, and has not yet reaped them.
    await eventually(async () => expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]));
    expect(readdirSync('/run/netns').filter((name) => name.endsWith('-lonely'))).toEqual([]);
    expect(interfacesOf(other).filter((index) => interfaces.includes(index))).toEqual([]);
    // The other lab continues.
    expect((await run('ssh', ['-F', lab.sshConfig, 'bbb-24', 'true'])).code).toBe(0);
  });

  it('goes on with a removal that was interrupted', async () => {
    const other = await startLab([{ name: 'halfway' }]);
    const record = readFileSync(join(other.directory, 'lab.json'), 'utf8');
    // As a process leaves it that is gone: no process has started before the machine.
    const taken = join(dirname(other.directory), '.removed-1-0-halfway');
    renameSync(other.directory, taken);
    await clean();
    await eventually(async () => expect(other.hosts[0]?.isRunning()).toBe(false));
    await eventually(async () => expect(existsSync(taken)).toBe(false));
    // A lab of another test may have the number by now.
    const bridge = `/sys/class/net/${bridgeName(JSON.parse(record))}`;
    await eventually(async () => expect(existsSync(bridge) && !existsSync(other.directory)).toBe(false));
    await other.destroy();
  });

  it('removes what a crashed run left, and nothing that is in use', async () => {
    const other = await startLab([{ name: 'orphan' }]);
    const record = join(other.directory, 'lab.json');
    // As if the pid of its owner now belonged to another process.
    const owner = JSON.parse(readFileSync(record, 'utf8'));
    writeFileSync(record, JSON.stringify({ ...owner, ownerStart: '1' }));
    // Labs that other tests start remove it too: who was first can't be known.
    await Promise.all([clean(), clean(), clean()]);
    expect(existsSync(other.directory)).toBe(false);
    await eventually(async () => expect(other.hosts[0]?.isRunning()).toBe(false));
    await other.destroy();
    expect(await clean()).not.toContain(`: ${owner.number}`);
    expect((await run('ssh', ['-F', lab.sshConfig, 'bbb-24', 'true'])).code).toBe(0);
  });
});

const NODES = ['bbb-24', 'bbb-26', 'bbb-30'];

/** The output of `node test/lab/clean.mjs`. */
async function clean(): Promise<string> {
  return mustRun(process.execPath, [fileURLToPath(new URL('./clean.mjs', import.meta.url))]);
}
