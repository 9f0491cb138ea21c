import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ReportHost } from '../../src/report/document/schema.ts';
import { noLab, useLab } from '../e2e/lab.ts';
import { clusterproxy, clusterproxyJson, commandLine } from '../e2e/program.ts';
import { mustRun } from '../lab/command.ts';
import type { Lab } from '../lab/lab.ts';
import { type Sshd, startSshd } from './sshd.ts';

describe.skipIf(noLab)('trust', () => {
  const theLab = useLab();
  let lab: Lab;
  let other: Sshd;
  beforeAll(async () => {
    lab = theLab();
    await lab.addHosts([{ name: 'proxy', hostKeys: ['ed25519', 'ecdsa', 'rsa'] }, { name: 'node' }]);
    other = await startSshd(lab.host('node'), { port: 2222, newHostKeys: ['ed25519'] });
  });
  afterAll(() => other?.stop());

  /** An inventory and a known_hosts file of its own: a proxy, and two nodes behind one address. */
  function cluster(name: string, { ssh = {}, known = undefined as string | undefined } = {}) {
    const folder = join(lab.directory, 'trust', name);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'dot-ssh', 'known_hosts');
    if (known !== undefined) {
      mkdirSync(join(folder, 'dot-ssh'));
      writeFileSync(file, known);
    }
    const data = {
      playbook: 'bigbluebutton',
      cluster: { name: 'prod', hostname: 'cluster.example.com' },
      windows: 'anytime',
      ssh: {
        ...{ user: 'root', config: 'none', identity_files: [lab.sshKey], known_hosts: [file] },
        ...{ connect_timeout: 5, ...ssh },
      },
      hosts: {
        proxy: [{ name: 'proxy', address: lab.host('proxy').address, ssh: { proxy_jump: 'none' } }],
        node: [
          { name: 'bbb-01', hostname: 'bbb-01.example.com', address: lab.host('node').address },
          {
            ...{ name: 'bbb-02', hostname: 'bbb-02.example.com', address: lab.host('node').address },
            ssh: { port: 2222 },
          },
        ],
      },
    };
    const inventory = join(folder, 'inventory.yaml');
    writeFileSync(inventory, JSON.stringify(data));
    return {
      file,
      inventory,
      known: () => readFileSync(file, 'utf8'),
      json: (...args: string[]) => clusterproxyJson(lab, ['trust', '-i', inventory, ...args]),
      run: (...args: string[]) => clusterproxy(lab, ['trust', '-i', inventory, ...args]),
    };
  }
  const states = (hosts: readonly ReportHost[]) =>
    Object.fromEntries(
      hosts.map(({ name, hostKeys = [] }) => [name, hostKeys.map(({ type, state }) => `${type} ${state}`)]),
    );
  const statuses = (hosts: readonly ReportHost[]) =>
    Object.fromEntries(hosts.map(({ name, status }) => [name, status]));
  /** What ssh itself finds. */
  const found = async (file: string, name: string) =>
    (await mustRun('ssh-keygen', ['-F', name, '-f', file]))
      .split('\n')
      .filter((line) => / (ssh|ecdsa)-/.test(line));

  test('every kind of key of every host is shown, and pinned by --yes so that ssh finds it', async () => {
    const one = cluster('fresh');
    const first = await one.json();
    expect(first.code).toBe(1);
    expect(first.document.errors?.map(({ code }) => code)).toEqual(['confirmation-needed']);
    expect(states(first.document.hosts)).toEqual({
      proxy: ['ssh-ed25519 new', 'ecdsa-sha2-nistp256 new', 'ssh-rsa new'],
      'bbb-01': ['ssh-ed25519 new', 'ecdsa-sha2-nistp256 new'],
      'bbb-02': ['ssh-ed25519 new'],
    });
    const printed = await one.run();
    expect(printed.code).toBe(1);
    expect(printed.stderr).toContain('--yes');
    const fingerprint = (
      await lab.host('proxy').mustExec('ssh-keygen -lf /etc/ssh/ssh_host_rsa_key.pub')
    ).split(' ')[1];
    // A table where it fits, else a line for the key and one for its fingerprint, which is never broken.
    const key = fingerprint?.replace(/[+/]/g, '\\$&');
    expect(printed.stdout).toMatch(new RegExp(`ssh-rsa +(${key} +new|new\\n +${key}\\n)`));

    const pinned = await one.json('--yes');
    expect([pinned.code, pinned.stderr]).toEqual([0, expect.any(String)]);
    expect(statuses(pinned.document.hosts)).toEqual({
      proxy: 'changed',
      'bbb-01': 'changed',
      'bbb-02': 'changed',
    });
    expect(statSync(one.file).mode & 0o777).toBe(0o600);
    expect(statSync(join(one.file, '..')).mode & 0o777).toBe(0o700);
    const { address } = lab.host('node');
    expect(await found(one.file, lab.host('proxy').address)).toHaveLength(3);
    expect(await found(one.file, address)).toHaveLength(2);
    expect(await found(one.file, `[${address}]:2222`)).toEqual([`[${address}]:2222 ${other.hostKeys[0]}`]);

    const before = one.known();
    const again = await one.json('--yes');
    expect(again.code).toBe(0);
    expect(statuses(again.document.hosts)).toEqual({
      proxy: 'in-sync',
      'bbb-01': 'in-sync',
      'bbb-02': 'in-sync',
    });
    expect(one.known()).toBe(before);
    expect((await one.run()).stdout).toContain('nothing to pin');
    // Connecting does what it did not before.
    const plan = await clusterproxyJson(lab, ['status', '-i', one.inventory]);
    expect(plan.document.hosts.flatMap(({ error }) => error?.code ?? [])).not.toContain('host-key-unknown');
  });

  test('a person is asked on a terminal', async () => {
    const declined = cluster('declined');
    expect((await onTerminal(lab, ['trust', '-i', declined.inventory], 'n')).code).toBe(1);
    expect(() => declined.known()).toThrow();
    const agreed = cluster('agreed');
    const answer = await onTerminal(lab, ['trust', '-i', agreed.inventory], 'y');
    expect(answer.output).toMatch(/Pin 6 keys of 3 hosts in .*known_hosts\?/);
    expect(answer.code).toBe(0);
    expect(agreed.known().split('\n')).toHaveLength(7);
  });

  test('a key that contradicts a known one is shown with its place, and pinned by --replace alone', async () => {
    const { address } = lab.host('node');
    const wrong = await newKey(lab, 'wrong');
    const foreign = `other.example.com ${wrong}`;
    const known = `# mine\n${foreign}\nother.example.com,${address} ${wrong}`;
    const one = cluster('contradiction', { known });
    const first = await one.json('--yes');
    expect(first.code).toBe(3);
    const node = first.document.hosts.find(({ name }) => name === 'bbb-01');
    expect(node).toMatchObject({
      status: 'failed',
      error: { code: 'host-key-changed', next: expect.stringContaining('--replace bbb-01') },
      contradicted: [{ file: one.file, line: 3 }],
    });
    expect(states(first.document.hosts)['bbb-01']).toEqual([
      'ssh-ed25519 contradicts',
      'ecdsa-sha2-nistp256 contradicts',
    ]);
    expect(one.known()).toContain(known);
    expect(await found(one.file, address)).toHaveLength(1);
    const { stdout } = await one.run();
    expect(stdout).toContain('CONTRADICTS');
    expect(stdout).toMatch(/known until now: ssh-ed25519\s+SHA256:\S+\s+\(.*known_hosts,\s+line 3\)/);

    expect((await one.run('--replace', 'bbb-01')).code).toBe(1);
    expect(await found(one.file, address)).toHaveLength(1);
    const replaced = await one.json('--yes', '--replace', 'bbb-01');
    expect(replaced.code).toBe(0);
    expect((await found(one.file, address)).join()).not.toContain(wrong);
    expect(await found(one.file, address)).toHaveLength(2);
    expect(one.known().split('\n').slice(0, 3)).toEqual(['# mine', foreign, foreign]);
    expect((await one.run('--replace', 'bbb-1')).stderr).toContain('host-unknown');
  });

  test('a revoked key is never pinned, and one that the inventory pins needs no file', async () => {
    const proxyKey = (await mustRun('ssh-keygen', ['-F', lab.host('proxy').address, '-f', lab.knownHosts]))
      .split('\n')
      .filter((line) => line.includes('ssh-ed25519'))
      .map((line) => line.split(' ').slice(1).join(' '))[0];
    const revoked = cluster('revoked', { known: `@revoked * ${proxyKey}\n` });
    const result = await revoked.json('--yes', '--replace', 'proxy', '--limit', 'proxy');
    expect(result.code).toBe(3);
    expect(result.document.hosts[0]?.error?.code).toBe('host-key-revoked');
    expect(revoked.known()).toBe(`@revoked * ${proxyKey}\n`);

    const [, fingerprint = ''] = (
      await lab.host('proxy').mustExec('ssh-keygen -lf /etc/ssh/ssh_host_ecdsa_key.pub')
    ).split(' ');
    const pinned = cluster('pinned', { ssh: { host_keys: [fingerprint] } });
    const fine = await pinned.json('--yes', '--limit', 'proxy');
    expect(states(fine.document.hosts).proxy).toEqual([
      'ssh-ed25519 unneeded',
      'ecdsa-sha2-nistp256 known',
      'ssh-rsa unneeded',
    ]);
    expect(fine.code).toBe(0);
    const otherHost = await pinned.json('--yes', '--limit', 'bbb-02', '--replace', 'bbb-02');
    expect(otherHost.code).toBe(3);
    expect(otherHost.document.hosts[0]?.error?.next).toContain('ssh.host_keys');
  });

  test('names are hashed where the configuration says so', async () => {
    const config = join(lab.directory, 'hashing');
    writeFileSync(config, 'Host *\n  HashKnownHosts yes\n');
    const one = cluster('hashed', { ssh: { config } });
    expect((await one.run('--yes')).code).toBe(0);
    const { address } = lab.host('node');
    expect(one.known()).not.toContain(address);
    expect(await found(one.file, `[${address}]:2222`)).toHaveLength(1);
    const before = one.known();
    expect((await one.run('--yes')).code).toBe(0);
    expect(one.known()).toBe(before);
  });

  test('hosts behind a jump host come once that is pinned', async () => {
    const jump = `root@${lab.host('proxy').address}`;
    const one = cluster('behind', { ssh: { proxy_jump: jump } });
    const result = await one.json('--yes');
    expect(result.code).toBe(0);
    expect(statuses(result.document.hosts)).toEqual({
      proxy: 'changed',
      'bbb-01': 'changed',
      'bbb-02': 'changed',
    });
    expect(await found(one.file, lab.host('node').address)).toHaveLength(2);
  });

  test('the same by the system ssh: directly, behind a jump host, and through a ProxyCommand', async () => {
    const program = join(lab.directory, 'connect.mjs');
    const text = `import net from 'node:net';
const [host, port] = process.argv.slice(2);
const socket = net.connect(Number(port), host);
process.stdin.pipe(socket).pipe(process.stdout);
`;
    writeFileSync(program, text);
    const config = join(lab.directory, 'through-a-program');
    writeFileSync(config, `Host *\n  ProxyCommand ${process.execPath} ${program} %h %p\n`);
    const jump = `root@${lab.host('proxy').address}`;
    for (const [name, ssh] of [
      ['openssh', { transport: 'openssh' }],
      ['openssh-jump', { transport: 'openssh', proxy_jump: jump }],
      ['program', { config }],
    ] as const) {
      const one = cluster(name, { ssh });
      const result = await one.json('--yes');
      expect([name, result.code, statuses(result.document.hosts)]).toEqual([
        name,
        0,
        { proxy: 'changed', 'bbb-01': 'changed', 'bbb-02': 'changed' },
      ]);
      expect(states(result.document.hosts).proxy).toHaveLength(3);
      expect(await found(one.file, lab.host('node').address)).toHaveLength(2);
      const again = await one.json();
      expect(statuses(again.document.hosts)).toEqual({
        proxy: 'in-sync',
        'bbb-01': 'in-sync',
        'bbb-02': 'in-sync',
      });
    }
  });

  test('a host that is gone keeps no other one from being pinned', async () => {
    const one = cluster('gone');
    const data = JSON.parse(readFileSync(one.inventory, 'utf8'));
    data.hosts.node.push({
      name: 'bbb-03',
      hostname: 'bbb-03.example.com',
      address: lab.host('node').address,
      ssh: { port: 9 },
    });
    writeFileSync(one.inventory, JSON.stringify(data));
    const result = await one.json('--yes');
    expect(result.code).toBe(3);
    expect(statuses(result.document.hosts)).toMatchObject({
      proxy: 'changed',
      'bbb-02': 'changed',
      'bbb-03': 'unreachable',
    });
    expect(result.document.hosts.at(-1)?.error).toMatchObject({ code: 'unreachable', host: 'bbb-03' });
  });

  test('nobody logs in, and a file that cannot be written is the failure of its hosts', async () => {
    const node = lab.host('node');
    const cursor = /^-- cursor: (\S+)$/m.exec(await node.mustExec('journalctl -n 1 -q --show-cursor'))?.[1];
    const one = cluster('unwritable', { ssh: { known_hosts: ['/proc/known_hosts'] } });
    const result = await one.json('--yes', '--limit', 'bbb-01');
    expect(result.code).toBe(3);
    expect(result.document.hosts[0]).toMatchObject({
      status: 'failed',
      error: { code: 'known-hosts-not-written' },
    });
    const log = () => node.mustExec(`journalctl -u ssh -o cat --after-cursor '${cursor}'`);
    await expect.poll(log, { timeout: 20_000 }).toMatch(/isconnect.*\[preauth\]/);
    expect(await log()).not.toContain('Accepted');
  });
});

async function newKey(lab: Lab, name: string): Promise<string> {
  const file = join(lab.directory, name);
  await mustRun('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  return readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
}

/** The program on a terminal, which script(1) makes; the answer is typed when it asks. */
function onTerminal(
  lab: Lab,
  args: readonly string[],
  answer: string,
): Promise<{ code: number | null; output: string }> {
  const typed = commandLine(lab, args)
    .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
    .join(' ');
  const child = spawn('script', ['-qec', typed, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.includes('[y/N]') && child.stdin.writable) child.stdin.end(`${answer}\n`);
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}
