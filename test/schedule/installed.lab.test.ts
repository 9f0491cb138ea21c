import { cp, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Difference, ScheduledRun } from '../../src/model/schedule.ts';
import { type ReportSchedule, reportSchema } from '../../src/report/document/schema.ts';
import { noLab, useLab } from '../e2e/lab.ts';
import type { LabHost } from '../lab/host.ts';
import { buildPackage } from '../support/build-package.ts';
import { main } from '../support/built-program.ts';

const root = join(import.meta.dirname, '../..');
const keys = '/etc/lab/web.properties';
const stock = '/usr/share/sched-demo/stock.properties';

const playbook = `name: scheduled
description: a key of one service that people use
roles:
  node:
    description: any host
    steps:
      - id: keys
        properties: {path: ${keys}, set: {generation: new}}
        notify: restart-web
      - {id: stock, properties: {path: ${stock}, set: {ours: 'yes'}}}
    guards:
      class: {kind: command, args: [test, '!', -e, /root/people], description: running classes}
    handlers:
      - {id: restart-web, restart: lab-web.service, guards: [class], ready: [{active: lab-web.service}], timeout: 20, settle: 0}
`;

/** A time of day so many hours from now. */
const hours = (from: number) => new Date(Date.now() + from * 3_600_000).toISOString().slice(11, 16);

describe.skipIf(noLab)('a schedule that systemd runs', () => {
  const lab = useLab();
  let controller: LabHost;
  let node: LabHost;
  const folder = '/home/ops/cluster';
  const secret = 'the-secret-of-the-lab';

  beforeAll(async () => {
    [controller, node] = (await lab().addHosts([
      { name: 'sched-ctl', prepare: (host) => installProgram(host) },
      {
        name: 'sched-01',
        services: ['lab-web'],
        prepare: async (host) => {
          await host.writeFile(
            '/etc/systemd/system/lab-web.service',
            '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n',
          );
          await host.writeFile(keys, 'generation=none\n');
          await upgrade(host, '1.0');
        },
      },
    ])) as [LabHost, LabHost];
    await controller.writeFile(`${folder}/playbook.yaml`, playbook);
    await controller.writeFile(`${folder}/key`, await readFile(lab().sshKey), 0o600);
    await controller.writeFile(`${folder}/known_hosts`, await readFile(lab().knownHosts));
    // Only root can read it: systemd hands it to the service.
    await controller.writeFile('/etc/lab-secret', `${secret}\n`, 0o600);
    await writeInventory([-1, 5]);
    expect((await run('apply', '--yes')).code).toBe(0);
  });

  /** Installs a version of a package with the real dpkg, which puts its own file back. */
  async function upgrade(host: LabHost, version: string): Promise<void> {
    const files = { [stock]: `stock=${version}\n` };
    const built = buildPackage(join(lab().directory, 'built'), { name: 'sched-demo', version, files });
    await host.writeFile(`/srv/sched-demo-${version}.deb`, await readFile(built));
    await host.mustExec(`dpkg -i /srv/sched-demo-${version}.deb`);
  }

  /** What is installed on a machine of an operator. */
  async function installProgram(host: LabHost): Promise<void> {
    const opt = join(host.root, 'opt/clusterproxy');
    await mkdir(opt, { recursive: true });
    await cp(process.execPath, join(host.root, 'usr/bin/node'));
    await cp(dirname(main), join(opt, 'dist'), { recursive: true });
    for (const name of ['package.json', 'playbooks', 'src/host/remote', 'src/ssh/openssh/local', 'docs'])
      await cp(join(root, name), join(opt, name), { recursive: true });
    await host.mustExec('chown -R root: /opt/clusterproxy && chmod -R go-w /opt/clusterproxy');
  }

  /** With a window from so many hours before or after now to so many. */
  async function writeInventory([from, to]: readonly [number, number]): Promise<void> {
    const inventory = {
      playbook: './playbook.yaml',
      cluster: { name: 'sched', hostname: 'sched.example.com', time_zone: 'Etc/UTC' },
      windows: [{ from: hours(from), to: hours(to) }],
      ssh: {
        ...{ user: 'root', config: 'none', identity_files: ['key'], known_hosts: ['known_hosts'] },
        password: { env: 'LAB_SECRET' },
      },
      hosts: { node: [{ name: node.name, address: node.address }] },
    };
    await controller.writeFile(`${folder}/inventory.yaml`, JSON.stringify(inventory));
    await controller.mustExec(`chown -R ops: ${folder} && chmod -R go-w ${folder}`);
  }

  const run = (...words: readonly string[]) =>
    controller.exec(
      ['/usr/bin/node', '/opt/clusterproxy/dist/main.js', ...words, '-i', `${folder}/inventory.yaml`],
      { timeoutMs: 200_000, env: { LAB_SECRET: secret } },
    );
  async function install(...words: readonly string[]) {
    const given = ['--policy', 'fix', '--spread', '0s', ...asAccount, '--json', ...words];
    const { stdout, stderr } = await run('schedule', 'install', ...given);
    const { schedule, summary, errors } = reportSchema.parse(JSON.parse(stdout));
    expect(summary.exitStatus, `${JSON.stringify(errors)}\n${stderr}\n${await journal()}`).toBe(0);
    return schedule as ReportSchedule & { readonly unit: string; readonly records: string };
  }
  const asAccount = ['--run-as', 'ops', '--credential', 'LAB_SECRET=/etc/lab-secret'];
  const journal = async () => (await controller.exec('journalctl --no-pager -n 40 -q')).stdout;
  const generation = async () => (await node.readFile(keys)).toString();
  const drift = () => node.writeFile(keys, 'generation=by hand\n');
  async function records(path: string): Promise<{ runs: ScheduledRun[]; differences: Difference[] }> {
    return JSON.parse((await controller.readFile(`${path}/records.json`)).toString());
  }
  /** The latest run that is so, once there is one. */
  async function runThat(path: string, is: (run: ScheduledRun) => boolean): Promise<ScheduledRun> {
    for (let left = 300; ; left--) {
      const [found] = (await records(path)).runs.filter(is);
      if (found !== undefined) return found;
      if (left === 0) expect.fail(`${JSON.stringify(await records(path))}\n${await journal()}`);
      await sleep(500);
    }
  }

  it('fires by itself, puts a node off that is in use, and repairs it the next time', async () => {
    await drift();
    await node.writeFile('/root/people', '');
    const { unit, records: path } = await install('--every', '1m');
    const state = await records(path);
    expect(state.runs).toMatchObject([{ policy: 'report', did: 'report', exitStatus: 2 }]);
    const since = state.runs[0]?.at;
    expect(state.differences).toMatchObject([{ host: node.name, what: keys, since }]);

    const busy = await runThat(path, ({ did }) => did === 'fix');
    expect(busy).toMatchObject({ exitStatus: 5, putOff: [{ host: node.name, code: 'busy' }] });
    expect(await generation()).toBe('generation=by hand\n');
    const { stdout } = await run('schedule', 'status');
    expect(stdout).toContain(`every 1m: repairs within windows, else only looks (policy fix), by systemd's`);
    // While one is at work, systemd doesn't know the next one.
    expect(stdout).toMatch(/^(next run: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC|a run is at work.*)$/m);
    expect(stdout).toContain(`  ${node.name}: ${keys} since ${since?.slice(0, 19).replace('T', ' ')} UTC`);
    expect(stdout).toContain(`  ${node.name}: busy: the guard class says that somebody is connected`);

    await node.mustExec(['rm', '/root/people']);
    const fixed = await runThat(path, ({ exitStatus, run }) => exitStatus === 0 && run !== null);
    expect(fixed).toMatchObject({ did: 'fix', statuses: { changed: 1 }, putOff: [] });
    expect(await generation()).toBe('generation=new\n');
    expect((await records(path)).differences).toEqual([]);
    await controller.exec(
      `while [ "$(systemctl is-active ${unit}.service)" = activating ]; do sleep 0.1; done`,
    );
    expect((await run('schedule', 'status')).stdout).toMatch(/^next run: \d{4}-\d\d-\d\d \d\d:\d\d:00 UTC$/m);

    expect((await controller.exec(`grep -r ${secret} ${path}/ /etc/systemd/system`)).stdout).toBe('');

    // It is shut off as well as systemd knows, and belongs to its account.
    const level = await controller.mustExec(['systemd-analyze', 'security', '--no-pager', `${unit}.service`]);
    const [, exposure = '10'] = /Overall exposure level for .*: ([\d.]+)/.exec(level) ?? [];
    console.log(`exposure ${exposure}`);
    expect(Number(exposure)).toBeLessThan(3);
    const units = ['service', 'timer'].map((end) => `/etc/systemd/system/${unit}.${end}`);
    expect((await controller.exec(['systemd-analyze', 'verify', '--man=no', ...units])).stderr).toBe('');
    expect(await controller.mustExec(`stat -L -c '%U %a' ${path} ${path}/records.json`)).toBe(
      'ops 700\nops 600\n',
    );
  });

  it('finds what an upgrade has put back, and what a person has changed, names them, and repairs both', async () => {
    const status = reportSchema.parse(JSON.parse((await run('schedule', 'status', '--json')).stdout));
    const path = status.schedule?.records ?? '';
    // In the second in which a run has written a file nobody can say who wrote it last.
    await node.mustExec('sleep 1.1');
    await upgrade(node, '2.0');
    const ssh = ['-i', lab().sshKey, '-o', `UserKnownHostsFile=${lab().knownHosts}`, '-o', 'BatchMode=yes'];
    const typed = `echo lab-password | sudo -S -p '' sed -i s/new/typed/ ${keys}`;
    expect((await lab().run('ssh', [...ssh, `deputy@${node.name}`, typed])).code).toBe(0);
    const since = new Date().toISOString();
    const fixed = await runThat(path, ({ at, run }) => at > since && run !== null);
    expect(fixed).toMatchObject({ did: 'fix', exitStatus: 0, statuses: { changed: 1 } });
    const told = await controller.readFile(`${path}/runs/${fixed.report}`);
    const { hosts } = reportSchema.parse(JSON.parse(told.toString()));
    const authors = Object.fromEntries((hosts[0]?.changes ?? []).map(({ path: of, author }) => [of, author]));
    expect(authors).toMatchObject({
      [stock]: { kind: 'package', name: 'sched-demo', version: '2.0' },
      [keys]: { kind: 'person', name: 'deputy', evidence: "sudo's log" },
    });
    expect(told.toString()).not.toContain('s/new/typed');
    expect((await node.readFile(stock)).toString()).toBe('stock=2.0\nours=yes\n');
    expect(await generation()).toBe('generation=new\n');
  });

  it('after a window that the machine slept through it only looks, and says so', async () => {
    await writeInventory([-4, -2]);
    const { unit, records: path } = await install('--every', '1h');
    await drift();
    await controller.mustExec('sync');
    await controller.powerOff();
    // As if it had been switched off two days ago.
    const before = await records(path);
    const then = (at: string) => new Date(Date.parse(at) - 2 * 86_400_000).toISOString();
    const runs = before.runs.map((one) => ({ ...one, at: then(one.at), endedAt: then(one.endedAt) }));
    await controller.writeFile(`${path}/records.json`, JSON.stringify({ ...before, runs }), 0o600);
    await controller.mustExec([
      ...['sh', '-c', 'touch -d "2 days ago" "/var/lib/systemd/timers/stamp-$1.timer"; chown ops: "$2"'],
      ...['sh', unit, `${path}/records.json`],
    ]);
    await controller.boot();
    const count = runs.length;
    await runThat(path, () => true);
    for (let left = 200; left > 0 && (await records(path)).runs.length === count; left--) await sleep(500);
    const [caughtUp] = (await records(path)).runs;
    expect(caughtUp, await journal()).toMatchObject({
      ...{ policy: 'fix', did: 'report', run: null, exitStatus: 2 },
      putOff: [{ code: 'outside-window' }],
    });
    expect(caughtUp?.missed.length).toBeGreaterThan(0);
    expect(await generation()).toBe('generation=by hand\n');
    expect((await run('schedule', 'status')).stdout).toContain('a window passed without a run');

    expect((await run('schedule', 'remove')).code).toBe(0);
    expect(
      (await controller.exec(`systemctl list-unit-files 'clusterproxy-schedule*' --no-legend`)).stdout,
    ).toBe('');
    expect((await run('schedule', 'status')).stdout).toContain('no schedule is installed');
  });

  it('what would not work at night is told before anything is installed', async () => {
    await controller.mustExec(['mv', `${folder}/key`, `${folder}/elsewhere`]);
    const { code, stderr } = await run('schedule', 'install', ...asAccount);
    await controller.mustExec(['mv', `${folder}/elsewhere`, `${folder}/key`]);
    expect(code).toBe(1);
    expect(stderr).toContain('error schedule-first-report');
    expect(stderr).toContain(`${node.name}: `);
    await controller.mustExec(['chmod', 'o+w', folder]);
    const exposed = await run('schedule', 'install', '--run-as', 'ops');
    expect(exposed.stderr).toContain('error schedule-secret: ');
    await controller.mustExec(['chmod', 'o-w', folder]);
    expect(exposed.code).toBe(1);
    expect(exposed.stderr).toContain(`error schedule-place: the inventory is ${folder}/inventory.yaml`);
    expect((await controller.exec('ls /etc/systemd/system')).stdout).not.toContain('clusterproxy-schedule');
  });

  it('a manager of a user does it as well', async () => {
    await drift();
    await controller.mustExec('loginctl enable-linger ops');
    await controller.mustExec('until [ -S /run/user/1000/systemd/private ]; do sleep 0.1; done');
    const asOps = (...words: readonly string[]) =>
      controller.exec(
        [
          ...['runuser', '-u', 'ops', '--', 'env', 'HOME=/home/ops', 'XDG_RUNTIME_DIR=/run/user/1000'],
          ...['/usr/bin/node', '/opt/clusterproxy/dist/main.js', 'schedule', ...words],
          ...['-i', `${folder}/inventory.yaml`],
        ],
        { timeoutMs: 100_000 },
      );
    await controller.writeFile('/home/ops/secret', secret, 0o600);
    await controller.mustExec('chown ops: /home/ops/secret');
    const given = ['--json', '--credential', 'LAB_SECRET=/home/ops/secret'];
    const { stdout, stderr, code } = await asOps('install', ...given);
    expect(code, `${stderr}\n${await journal()}`).toBe(0);
    const { schedule } = reportSchema.parse(JSON.parse(stdout));
    expect(schedule).toMatchObject({ manager: 'user', installed: true, policy: 'report', when: 'every 1h' });
    expect(schedule?.records).toMatch(/^\/home\/ops\/\.local\/state\/clusterproxy\/schedule\/sched-/);
    expect(schedule?.runs).toMatchObject([{ did: 'report', exitStatus: 2 }]);
    expect((await asOps('status')).stdout).toContain("by systemd's user manager");
    expect((await asOps('remove')).code).toBe(0);
    expect((await asOps('status')).stdout).toContain('no schedule is installed');
  });
});
