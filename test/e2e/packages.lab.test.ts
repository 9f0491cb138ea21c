import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReportDocument } from '../../src/report/document/schema.ts';
import type { LabHost } from '../lab/host.ts';
import { becomeRedHat, offerDebianPackages, type TestPackage } from '../lab/packages.ts';
import { buildPackage } from '../support/build-package.ts';
import { hostOf, statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';
import { clusterproxyJson, startClusterproxy } from './program.ts';

const configuration = '/etc/demo/demo.conf';
const unit = `[Service]
ExecStart=/bin/sleep infinity
ExecReload=/bin/true
[Install]
WantedBy=multi-user.target
`;
/** A service that brings a configuration of its own and a library. Debian's starts at once, as those do. */
const packages: readonly TestPackage[] = [
  { name: 'demo-lib', version: '2.0' },
  {
    name: 'demo-app',
    version: '1.5',
    depends: ['demo-lib'],
    files: { [configuration]: 'stock=yes\n', '/usr/lib/systemd/system/demo.service': unit },
    postinst: 'systemctl daemon-reload; systemctl enable --quiet demo.service; systemctl start demo.service',
  },
  { name: 'demo-slow', preinst: '[ ! -e /srv/slow ] || { touch /srv/begun; sleep 600; }' },
];
const playbook = (names: readonly string[]) => `
name: demo
description: a service, for tests
roles:
  server:
    description: a host
    stages: [packages, files]
    product_packages: ['demo-*']
    steps:
      - id: packages
        stage: packages
        package: {names: [${names.join(', ')}], provides: {paths: [${configuration}], units: [demo.service]}}
      - id: configuration
        stage: files
        properties: {path: ${configuration}, create: false, set: {ours: 'yes'}}
        notify: restart
      - id: running
        stage: files
        unit: {name: demo.service, enabled: true, active: true}
    handlers:
      - {id: restart, restart: demo.service, ready: [{active: demo.service}], settle: 1}
`;

/** A repository over HTTP that gives no package away as long as /srv/hang is there. */
const server = `
import http.server, os, socketserver, time
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path.endswith('.deb') and os.path.exists('/srv/hang'):
            open('/srv/asked', 'w').close()
            time.sleep(600)
        super().do_GET()
os.chdir('/srv/repository')
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(('127.0.0.1', 8000), Handler).serve_forever()
`;

/** Serves the host's repository to itself, with lists that are as it is now. */
async function serveRepository(host: LabHost): Promise<void> {
  await host.writeFile('/srv/server.py', server);
  await host.mustExec(`systemctl stop repository 2>/dev/null || :
rm -f /srv/hang /srv/asked
systemd-run --quiet --collect --unit=repository python3 /srv/server.py
echo 'deb [trusted=yes] http://127.0.0.1:8000 ./' >/etc/apt/sources.list
until bash -c '</dev/tcp/127.0.0.1/8000'; do sleep 0.1; done 2>/dev/null
apt-get -qq update`);
}

describe.skipIf(noLab)('packages on a real host', () => {
  const lab = useLab();
  let hosts: readonly LabHost[];

  beforeAll(async () => {
    if (noLab) return;
    hosts = await lab().addHosts([
      { name: 'deb-1', prepare: (host) => offerDebianPackages(host, packages) },
      { name: 'rhel-1', prepare: (host) => becomeRedHat(host, packages) },
    ]);
  });

  const named = (name: string) => {
    const host = hosts.find((one) => one.name === name);
    if (host === undefined) throw new Error(`there is no host ${name}`);
    return host;
  };
  const text = async (host: LabHost) => (await host.readFile(configuration)).toString();
  const isActive = async (host: LabHost) =>
    (await host.exec('systemctl is-active demo.service')).stdout.trim();

  const statusOf = async (host: LabHost) => (await host.exec('dpkg -s demo-slow | grep ^Status:')).stdout;

  async function inventoryFor(host: string, names: readonly string[] = ['demo-app']): Promise<string> {
    const folder = join(lab().directory, 'clusters', `${host}-${names.join('-')}`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'playbook.yaml'), playbook(names));
    const file = join(folder, 'inventory.yaml');
    const inventory = {
      playbook: './playbook.yaml',
      cluster: { name: 'packages', hostname: 'demo.example.com' },
      windows: 'anytime',
      ssh: { user: 'ops', become: 'sudo', identity_files: [lab().sshKey], known_hosts: [lab().knownHosts] },
      hosts: { server: [{ name: host, hostname: `${host}.example.com` }] },
    };
    await writeFile(file, JSON.stringify(inventory));
    return file;
  }
  const clusterproxy = (file: string, command: string, ...args: readonly string[]) =>
    clusterproxyJson(lab(), [command, '--inventory', file, ...args]);

  it.each([
    ['deb-1', 'apt-get', "dpkg -l demo-app demo-lib | sed -n 's/^ii *\\([a-z-]*\\) .*/\\1 installed/p'"],
    ['rhel-1', 'dnf', "rpm -q --qf '%{NAME} installed\\n' demo-app demo-lib"],
  ])('are planned, installed and removed again: %s, by %s', async (name, manager, query) => {
    const host = named(name);
    const file = await inventoryFor(name);
    const planned = await clusterproxy(file, 'plan');
    expect(planned.code).toBe(0);
    const [action, later] = hostOf(planned.document, name).changes;
    expect(action).toMatchObject({ stage: 1, kind: 'action', path: 'install demo-app' });
    expect(action?.diff).toContain(`# ${manager} install demo-app\n`);
    expect(action?.diff.includes("start a package's services")).toBe(manager === 'apt-get');
    expect(later).toMatchObject({ stage: 2, knownAfter: 'packages' });

    const applied = await clusterproxy(file, 'apply', '--yes');
    expect(hostOf(applied.document, name).error).toBeUndefined();
    expect([applied.code, statuses(applied.document)]).toEqual([0, { [name]: 'changed' }]);
    expect((await host.exec(query)).stdout).toBe('demo-app installed\ndemo-lib installed\n');
    expect(await text(host)).toBe('stock=yes\nours=yes\n');
    expect(await isActive(host)).toBe('active');
    const again = await clusterproxy(file, 'apply', '--yes');
    expect([again.code, statuses(again.document)]).toEqual([0, { [name]: 'in-sync' }]);

    const undone = await clusterproxy(file, 'rollback', '--yes', '--remove-packages');
    expect(hostOf(undone.document, name).error).toBeUndefined();
    expect([undone.code, statuses(undone.document)]).toEqual([0, { [name]: 'changed' }]);
    expect((await host.exec(query)).stdout).not.toMatch(/^demo-\w+ installed$/m);
  });

  it.each([
    ['deb-1', /E: Unable to locate package demo-none/],
    ['rhel-1', /Unable to find a match: demo-none/],
  ])(
    'that nobody has end with exit status 3, in the words of the package manager: %s',
    async (name, words) => {
      const result = await clusterproxy(await inventoryFor(name, ['demo-none']), 'apply', '--yes');
      expect(result.code).toBe(3);
      expect(hostOf(result.document, name).error).toMatchObject({ code: 'action-failed' });
      expect(hostOf(result.document, name).error?.detail).toMatch(words);
    },
  );

  it('wait for a package manager that is at work', async () => {
    const host = named('deb-1');
    // As apt does: a lock of fcntl(2).
    const hold = `import fcntl, time
file = open('/var/lib/dpkg/lock-frontend', 'w')
fcntl.lockf(file, fcntl.LOCK_EX)
open('/run/held', 'w').close()
time.sleep(15)
`;
    const holding = host.exec(['python3', '-c', hold]);
    await host.mustExec('until [ -e /run/held ]; do sleep 0.1; done');
    const result = await clusterproxy(await inventoryFor('deb-1'), 'apply', '--yes');
    await holding;
    expect(hostOf(result.document, 'deb-1').error).toBeUndefined();
    expect(result.code).toBe(0);
    expect(await text(host)).toContain('ours=yes\n');
  });

  const leftovers = '! ls -d /var/tmp/clusterproxy-forecast.* 2>/dev/null';
  const everything =
    'find /etc /usr /srv /var -xdev -type f -not -path "/var/log/*" -printf "%p %s %T@\\n" | sort';
  const changesOf = ({ document }: { document: ReportDocument }, name: string) =>
    hostOf(document, name).changes.map(({ path, action, diff, after }) => ({ path, action, diff, after }));

  describe('that are forecast', () => {
    const folder = () => join(lab().directory, 'next-release');

    beforeAll(async () => {
      if (noLab) return;
      const unitFile = '/usr/lib/systemd/system/demo.service';
      const postinst = 'systemctl daemon-reload; echo made >/etc/demo/made.conf';
      buildPackage(folder(), {
        ...{ name: 'demo-app', version: '2.0', depends: 'demo-lib, demo-new', compression: 'xz' },
        files: { [configuration]: 'stock=no\n', [unitFile]: `# 2.0\n${unit}` },
        ...{ conffiles: [configuration], scripts: { postinst } },
      });
      buildPackage(folder(), { name: 'demo-new', version: '1.0', files: { '/usr/share/demo/new': 'new\n' } });
      buildPackage(folder(), { name: 'demo-other', version: '1.0' });
    });

    it('change nothing, and come out as forecast', async () => {
      const host = named('deb-1');
      const file = await inventoryFor('deb-1');
      const before = await host.mustExec(everything);
      const asked = ['--packages', folder(), '--detailed-exitcode'];
      const kept = await clusterproxy(file, 'forecast', ...asked);
      const replaced = await clusterproxy(file, 'forecast', ...asked, '--conffiles', 'replace');
      expect(await host.mustExec(everything)).toBe(before);
      expect([kept.code, changesOf(kept, 'deb-1')]).toEqual([0, []]);
      expect(replaced.code).toBe(2);
      const told = hostOf(kept.document, 'deb-1').forecast;
      expect(told?.packages).toEqual([
        { name: 'demo-app', from: '1.5', to: '2.0', scripts: ['postinst'] },
        { name: 'demo-new', from: null, to: '1.0', scripts: [] },
      ]);
      expect(told?.leftOut.map((one) => one.file)).toEqual(['demo-other_1.0_all.deb']);
      expect(told?.conffiles.map(({ path, decision }) => [path, decision])).toEqual([
        [configuration, 'asked'],
      ]);

      for (const name of ['demo-app_2.0_all.deb', 'demo-new_1.0_all.deb'])
        await host.writeFile(`/srv/${name}`, await readFile(join(folder(), name)));
      await host.mustExec('dpkg --force-confnew -i /srv/demo-new_*.deb /srv/demo-app_*.deb');
      const planned = await clusterproxy(file, 'plan');
      expect(changesOf(planned, 'deb-1')).toEqual(changesOf(replaced, 'deb-1'));
      expect(changesOf(planned, 'deb-1')).toHaveLength(1);
    });

    it('are refused where there is no dpkg, no space, or nothing to upgrade', async () => {
      const file = await inventoryFor('deb-1');
      const asked = ['--packages', folder()];
      const again = await clusterproxy(file, 'forecast', ...asked);
      expect([again.code, again.document.errors?.[0]?.code]).toEqual([1, 'packages-for-no-host']);

      const rhel = await clusterproxy(
        await inventoryFor('rhel-1'),
        'forecast',
        ...asked,
        '--limit',
        'rhel-1',
      );
      expect([rhel.code, hostOf(rhel.document, 'rhel-1').error?.code]).toEqual([3, 'no-dpkg']);

      const host = named('deb-1');
      const newer = join(lab().directory, 'newer');
      buildPackage(newer, { name: 'demo-app', version: '3.0' });
      await host.mustExec('mount -t tmpfs -o size=8m tmpfs /var/tmp');
      const full = await clusterproxy(file, 'forecast', '--packages', newer);
      await host.mustExec('umount /var/tmp');
      expect([full.code, hostOf(full.document, 'deb-1').error?.code]).toEqual([3, 'no-space']);
    });

    it('leave nothing when the controller is killed, and take away what a power cut has left', async () => {
      const host = named('deb-1');
      const large = join(lab().directory, 'large');
      const files = { '/usr/share/demo/large': randomBytes(48 * 1024 * 1024) };
      buildPackage(large, { name: 'demo-app', version: '4.0', files });
      const left = '/var/tmp/clusterproxy-forecast.leftbehind';
      await host.mustExec(`mkdir -m 0700 ${left} && touch ${left}/lock`);
      const file = await inventoryFor('deb-1');
      const asked = ['forecast', '--inventory', file, '--packages', large, '--verbose'];
      const { child, said } = startClusterproxy(lab(), asked);
      await said('sending and unpacking');
      await host.mustExec(
        `until [ -e /var/tmp/clusterproxy-forecast.*/deb ]; do sleep 0.02; done; [ ! -e ${left} ]`,
      );
      child.kill('SIGKILL');
      await host.mustExec(`until ${leftovers}; do sleep 0.1; done`, { timeoutMs: 60_000 });
    });
  });

  describe('that the host fetches itself for a forecast', () => {
    const inFull = '/srv/repository/demo-app_7.0-1_all.deb';
    const next = (version: string): TestPackage => ({
      ...{ name: 'demo-app', version, depends: ['demo-lib', 'demo-fresh'] },
      files: {
        [configuration]: `stock=${version}\n`,
        '/usr/lib/systemd/system/demo.service': `# ${version}\n${unit}`,
      },
      postinst: 'systemctl daemon-reload; echo made >/etc/demo/made.conf',
    });
    const apart = { ...next('8.0-1'), depends: ['demo-nowhere'] };
    const forecastTo = async (to: string, ...more: readonly string[]) =>
      clusterproxy(await inventoryFor('deb-1'), 'forecast', '--to', to, ...more);
    const errorOf = ({ document }: { document: ReportDocument }) => hostOf(document, 'deb-1').error;
    const nothingLeft = async (host: LabHost) =>
      expect((await host.exec('ls -d /var/tmp/clusterproxy-forecast.*')).stdout).toBe('');

    beforeAll(async () => {
      if (noLab) return;
      const host = named('deb-1');
      const offered = [next('6.0.1-1'), next('6.0.2-1'), next('7.0-1'), { name: 'demo-fresh' }, apart];
      await offerDebianPackages(host, offered);
      await host.mustExec(
        'apt-get -qq update; dpkg -s demo-app >/dev/null 2>&1 || apt-get -qq -y install demo-app=1.5',
      );
    });
    afterAll(async () => {
      if (!noLab) await offerDebianPackages(named('deb-1'), []);
    });

    it('come out as forecast, and nothing else changes', async () => {
      const host = named('deb-1');
      const before = await host.mustExec(everything);
      const answer = await forecastTo('6.0', '--conffiles', 'replace');
      expect(await host.mustExec(everything)).toBe(before);
      await nothingLeft(host);
      expect(errorOf(answer)).toBeUndefined();
      const told = hostOf(answer.document, 'deb-1').forecast;
      expect(told?.packages).toEqual([
        { name: 'demo-fresh', from: null, to: '1.0', scripts: [] },
        { name: 'demo-app', from: expect.any(String), to: '6.0.2-1', scripts: ['postinst'] },
      ]);
      expect(told?.lists?.ageSeconds).toBeLessThan(3_600);
      expect(told?.leftOut.map(({ file }) => file)).toContain('demo-lib');
      await host.mustExec(
        'apt-get -qq -y -o Dpkg::Options::=--force-confnew install demo-app=6.0.2-1 </dev/null',
      );
      const planned = await clusterproxy(await inventoryFor('deb-1'), 'plan');
      expect(changesOf(planned, 'deb-1')).toEqual(changesOf(answer, 'deb-1'));
      expect(changesOf(planned, 'deb-1')).toHaveLength(1);
    });

    it('are refused where there is no such version, or nothing to upgrade', async () => {
      const missing = await forecastTo('9.0');
      expect([missing.code, errorOf(missing)]).toMatchObject([
        3,
        { code: 'version-not-offered', detail: expect.stringContaining('7.0-1') },
      ]);
      const apartFrom = await forecastTo('8.0');
      expect([apartFrom.code, errorOf(apartFrom)]).toMatchObject([
        3,
        { code: 'upgrade-not-possible', detail: expect.stringContaining('Depends: demo-nowhere') },
      ]);
      const older = await forecastTo('6.0.1');
      expect([older.code, older.document.errors?.[0]?.code]).toEqual([1, 'packages-for-no-host']);
      const rhel = await clusterproxy(
        ...([await inventoryFor('rhel-1'), 'forecast', '--to', '7.0', '--limit', 'rhel-1'] as const),
      );
      expect([rhel.code, hostOf(rhel.document, 'rhel-1').error?.code]).toEqual([3, 'no-dpkg']);
    });

    it.each([
      ['8m', 3, 'no-space'],
      ['256m', 0, undefined],
    ])('need space in /var/tmp: with %s, exit status %i', async (size, code, error) => {
      const host = named('deb-1');
      await host.mustExec(`mount -t tmpfs -o size=${size} tmpfs /var/tmp`);
      const answer = await forecastTo('7.0');
      await host.mustExec('umount /var/tmp');
      expect([answer.code, errorOf(answer)?.code]).toEqual([code, error]);
    });

    it.each([
      [
        'package-not-trusted',
        'is another one than the lists say',
        `dd if=/dev/zero of=${inFull} bs=1 seek=200 count=9 conv=notrunc`,
      ],
      ['package-lists-outdated', 'is of another size', `echo more >>${inFull}`],
      ['package-lists-outdated', 'is gone', `rm ${inFull}`],
      [
        'package-not-trusted',
        'is in no list that is signed',
        "sed -i 's/.trusted=yes. //' /etc/apt/sources.list",
      ],
      ['repository-unreachable', 'is where nobody answers', 'systemctl stop repository'],
    ])('are refused with %s where the file %s', async (code, _, damage) => {
      const host = named('deb-1');
      await serveRepository(host);
      await host.mustExec(`cp ${inFull} /srv/whole; ${damage}`);
      const refused = await forecastTo('7.0');
      await host.mustExec(`cp /srv/whole ${inFull}`);
      expect([refused.code, errorOf(refused)?.code, errorOf(refused)?.detail]).toEqual([
        ...([3, code, expect.stringMatching(/E: /)] as const),
      ]);
      await nothingLeft(host);
    });

    it('are fetched no further when the controller is killed', async () => {
      const host = named('deb-1');
      await serveRepository(host);
      await host.writeFile('/srv/hang', '');
      const file = await inventoryFor('deb-1');
      const { child, said } = startClusterproxy(lab(), ['forecast', '-i', file, '--to', '7.0', '--verbose']);
      await said('fetching and unpacking');
      await host.mustExec('until [ -e /srv/asked ]; do sleep 0.1; done', { timeoutMs: 60_000 });
      child.kill('SIGKILL');
      await host.mustExec(`until ${leftovers} && ! pgrep -x apt-get; do sleep 0.1; done`, {
        timeoutMs: 60_000,
      });
    });
  });

  it('that a power cut left half installed are installed by the next run', async () => {
    const host = named('deb-1');
    const file = await inventoryFor('deb-1', ['demo-app', 'demo-slow']);
    await host.writeFile('/srv/slow', '');
    const { child } = startClusterproxy(lab(), ['apply', '--yes', '--inventory', file]);
    await host.mustExec('until [ -e /srv/begun ]; do sleep 0.1; done', { timeoutMs: 120_000 });
    await host.powerOff();
    child.kill('SIGKILL');
    await host.boot();
    await host.mustExec('rm /srv/slow');
    const runs = '/var/lib/clusterproxy/runs';
    expect((await host.exec(`cat ${runs}/*/state | sort -u`)).stdout).toContain('abandoned');
    expect(await statusOf(host)).not.toBe('Status: install ok installed\n');
    const result = await clusterproxy(file, 'apply', '--yes');
    expect(hostOf(result.document, 'deb-1').error).toBeUndefined();
    expect(result.code).toBe(0);
    expect(await statusOf(host)).toBe('Status: install ok installed\n');
    expect((await clusterproxy(file, 'check')).code).toBe(0);
  });
});
