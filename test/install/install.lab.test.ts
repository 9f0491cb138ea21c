import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findTools } from '../../scripts/release/tools.mjs';
import { noLab, useLab } from '../e2e/lab.ts';
import type { LabHost } from '../lab/host.ts';
import { long, seed } from '../support/random.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
const made = {
  npm: `clusterproxy-${version}.tgz`,
  single: `clusterproxy-${version}-linux-x64`,
  debian: `clusterproxy_${version}-1_amd64.deb`,
};
/** What was made already, to be tried as it is; otherwise it is made here. */
const ready = process.env.CLUSTERPROXY_RELEASE && resolve(process.env.CLUSTERPROXY_RELEASE);
const commit = 'c0ffee0000000000000000000000000000000000';
const tools = findTools();
if (tools === undefined)
  console.warn('Tests of releases are skipped: node scripts/release/tools.mjs installs what they need');

/** Where the demo, which takes most of the time, is played without CLUSTERPROXY_LONG; the seed says where. */
const withDemo = new Set(['by-itself', `node-${seed % 2 === 0 ? 22 : 24}`]);
const noNpm = 'npm is not beside its Node.js: Debian keeps it elsewhere, with its libraries beside itself';

/** The folder of npm, if it can be taken along. */
async function npmFolder(): Promise<string | undefined> {
  const folder = join((await run('npm', ['root', '--global'])).stdout.trim(), 'npm');
  return existsSync(join(folder, 'bin/npm-cli.js')) ? folder : undefined;
}

/** Another Node.js: from this account's cache, or once from the registry. Undefined where neither has it. */
async function otherNode(release: string): Promise<string | undefined> {
  const which = ['scripts/on-node.sh', release, 'sh', '-c', 'command -v node'];
  return run('sh', which, { cwd: root, timeout: 180_000 }).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}

/** Machines on which nothing is installed, one for each way; each ends with the demo in CLUSTERPROXY_LONG. */
describe.skipIf(noLab || tools === undefined)('what npm run release makes', { timeout: 600_000 }, () => {
  const lab = useLab();
  let work: string;

  beforeAll(async () => {
    await mkdir(join(root, '.cache'), { recursive: true });
    work = await mkdtemp(join(root, '.cache/release-'));
    if (ready === undefined) await release('one');
  });
  afterAll(async () => {
    await rm(work, { recursive: true, force: true });
  });

  /** From a copy of the sources as they are, in a folder of that name. */
  async function release(name: string): Promise<void> {
    const copy = join(work, name);
    const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
    });
    const tops = new Set(stdout.split('\0').map((path) => path.split('/')[0] ?? ''));
    for (const top of tops)
      if (!['', 'test', 'bench', '.ci'].includes(top))
        await cp(join(root, top), join(copy, top), { recursive: true, verbatimSymlinks: true });
    // Links of files: a copy takes a while, and what is behind a symbolic one has another path in the bundle.
    await run('cp', ['-al', join(root, 'node_modules'), join(copy, 'node_modules')]);
    const env = { ...process.env, CLUSTERPROXY_COMMIT: commit, SOURCE_DATE_EPOCH: '1700000000' };
    await run(process.execPath, ['scripts/build.mjs'], { cwd: copy, env });
    await run(process.execPath, ['scripts/release.mjs', join(work, `${name}-made`)], { cwd: copy, env });
  }

  const file = (name: string) => join(ready ?? join(work, 'one-made'), name);

  /** A machine with these files in /srv. */
  async function machine(name: string, ...files: readonly string[]): Promise<LabHost> {
    const [host] = (await lab().addHosts([{ name }])) as [LabHost];
    for (const path of files) await cp(path, join(host.root, 'srv', path.replace(/.*\//, '')));
    await host.writeFile('/srv/prod.yaml', inventory);
    return host;
  }

  const inventory = `playbook: bigbluebutton
cluster: {name: prod, hostname: proxy.example.com}
hosts:
  proxy: [{name: proxy, hostname: proxy.example.com}]
  node: [{name: node, hostname: node.example.com}]
`;

  /** By npm of this machine, without a network. */
  async function installByNpm(host: LabHost, npm: string, node: string): Promise<void> {
    await cp(node, join(host.root, 'usr/bin/node'));
    await cp(npm, join(host.root, 'srv/npm'), { recursive: true });
    await host.mustExec(
      `node /srv/npm/bin/npm-cli.js install --global --prefix /usr/local --offline --loglevel=error /srv/${made.npm}`,
      { timeoutMs: 120_000 },
    );
  }

  /** What it tells of itself, what it finds in its own files, and as the account ops, that it works. */
  async function tryIt(host: LabHost, program: string, installed: RegExp): Promise<void> {
    const as = (line: string, seconds = 60) =>
      host.mustExec(['runuser', '-u', 'ops', '--', 'sh', '-c', `cd /home/ops; ${line}`], {
        timeoutMs: seconds * 1000,
      });
    const told = await as(`${program} --version`);
    expect(told.split('\n')[0]).toBe(version);
    expect(told).toMatch(ready === undefined ? `commit: ${commit} (2023-11-14)\n` : /^commit: [0-9a-f]{40}/m);
    expect(told).toMatch(installed);
    expect(await as(`${program} explain unreachable`)).toContain('What to do');
    expect(await as(`${program} playbook check bigbluebutton`)).toContain('bigbluebutton');
    await as(`${program} validate --inventory /srv/prod.yaml`);
    if (!program.includes('other-node') && (long || withDemo.has(host.name))) {
      const begun = Date.now();
      expect(await as(`NO_COLOR=1 ${program} demo`, 500)).toContain('roll');
      console.log(`${host.name}: the demo took ${Math.round((Date.now() - begun) / 1000)} s`);
    }
  }

  it('runs as a single file without Node.js, also where nothing can be kept', async () => {
    const host = await machine('by-itself', file(made.single));
    await host.mustExec(`install -m 0755 /srv/${made.single} /usr/local/bin/clusterproxy`);
    await tryIt(host, 'clusterproxy', /^installed: single file \(\/usr\/local\/bin\/clusterproxy\)$/m);
    const kept = (await host.mustExec('ls /home/ops/.cache/clusterproxy')).trim();
    expect(kept).toMatch(/^[0-9a-f]{32}\ncode$/);
    // A home that can't be written, and one that anybody can: it works all the same, and leaves nothing.
    for (const home of ['/proc', '/tmp']) {
      const line = `HOME=${home} clusterproxy explain unreachable && ls -A /tmp | grep -c clusterproxy-files`;
      const { stdout } = await host.exec(['runuser', '-u', 'ops', '--', 'sh', '-c', line]);
      expect(stdout.trim().split('\n').at(-1)).toBe('0');
    }
  });

  it('is installed by npm with nothing else, where only root can write', async (test) => {
    const npm = await npmFolder();
    if (npm === undefined) return test.skip(noNpm);
    const host = await machine('by-npm', file(made.npm));
    await installByNpm(host, npm, process.execPath);
    expect((await host.mustExec('ls /usr/local/lib/node_modules')).trim()).toBe('clusterproxy');
    expect((await host.exec('ls /usr/local/lib/node_modules/clusterproxy/node_modules')).code).not.toBe(0);
    await tryIt(host, 'clusterproxy', /^installed: npm package \(/m);
    await cp(String(tools?.node), join(host.root, 'srv/other-node'));
    await tryIt(host, '/srv/other-node /usr/local/bin/clusterproxy', /^Node\.js: 24\./m);
    await host.mustExec('node /srv/npm/bin/npm-cli.js uninstall --global --prefix /usr/local clusterproxy');
    expect((await host.exec('ls /usr/local/bin/clusterproxy')).code).not.toBe(0);
  });

  it.for(['22', '24'])('is installed by npm under Node.js %s, and works there', async (release, test) => {
    const npm = await npmFolder();
    if (npm === undefined) return test.skip(noNpm);
    const node = await otherNode(release);
    if (node === undefined) return test.skip(`there is no Node.js ${release}, and no registry that has it`);
    const host = await machine(`node-${release}`, file(made.npm));
    await installByNpm(host, npm, node);
    await tryIt(
      host,
      'clusterproxy',
      new RegExp(`^installed: npm package \\([^]*^Node\\.js: ${release}\\.`, 'm'),
    );
  });

  it('is installed and removed as a Debian package, and its schedule names the installed program', async () => {
    const host = await machine('by-dpkg', file(made.debian));
    // The lab's hosts otherwise leave documentation out.
    const install = `dpkg --path-include='/usr/share/*' --install /srv/${made.debian}`;
    await host.mustExec(install, { timeoutMs: 120_000 });
    await tryIt(host, 'clusterproxy', /^installed: Debian package \(\/usr\/bin\/clusterproxy\)$/m);
    // Nothing is unpacked; what V8 has compiled is the account's own, which no package removes.
    const own = '/home/ops/.cache/clusterproxy';
    expect(await host.mustExec(`ls ${own}`)).toBe('code\n');
    const printed = 'clusterproxy schedule install --inventory /srv/prod.yaml --print systemd';
    expect(await host.mustExec(printed)).toContain('ExecStart=/usr/bin/clusterproxy schedule run ');
    expect((await host.exec('dpkg --verify clusterproxy')).stdout).toBe('');
    expect(await host.mustExec('zcat /usr/share/man/man1/clusterproxy.1.gz')).toContain('.SH NAME');
    await host.mustExec(`rm -r ${own} /root/.cache/clusterproxy`);
    await host.mustExec('dpkg --purge clusterproxy');
    const left = 'find / -xdev -name "*clusterproxy*" -not -name "clusterproxy-lab*" -not -path "/srv/*"';
    expect((await host.exec(left)).stdout.trim()).toBe('');
  });

  it('becomes what a container holds', async () => {
    const script = join(root, 'scripts/container/install.sh');
    const host = await machine('contained', file(made.single), script);
    await host.mustExec(`sh /srv/install.sh /srv/${made.single}`, { timeoutMs: 120_000 });
    await tryIt(host, '/usr/local/bin/clusterproxy', /^installed: single file/m);
    // As the container's own account, with nothing that can be written but /tmp.
    const line = 'setpriv --reuid=10001 --regid=10001 --clear-groups env HOME=/nonexistent';
    expect(await host.mustExec(`${line} clusterproxy explain unreachable`)).toContain('What to do');
    expect((await host.exec('ls -A /tmp | grep clusterproxy')).stdout).toBe('');
  });

  it.runIf(long && ready === undefined)('has the same bytes where it is made again', async () => {
    await release('two');
    const sums = (name: string) => readFile(join(work, `${name}-made`, 'SHA256SUMS'), 'utf8');
    expect(await sums('two')).toBe(await sums('one'));
  });
});
