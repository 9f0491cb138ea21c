import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LabHost } from '../lab/host.ts';
import { becomeRedHat, offerDebianPackages, type TestPackage } from '../lab/packages.ts';
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
