import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { probe } from '../../src/host/probe.ts';
import type { TransactionEvent } from '../../src/host/run-log.ts';
import { readRuns } from '../../src/host/runs.ts';
import { transact } from '../../src/host/transact.ts';
import type { Handler } from '../../src/model/handler.ts';
import { noReads, type Reads } from '../../src/model/reads.ts';
import type { PathState, Snapshot } from '../../src/model/snapshot.ts';
import type { Transaction, TransactionResult } from '../../src/model/transaction.ts';
import { createConnector } from '../../src/ssh/connector.ts';
import type { SshSettings } from '../../src/ssh/settings.ts';
import { labAvailable } from '../lab/available.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { change, transaction } from './sample.ts';

const availability = await labAvailable();
if (!availability.available) console.warn(`Real hosts are skipped: ${availability.reason}`);

const site = '/etc/nginx/conf.d/lab.conf';
const unit = '/etc/systemd/system/lab-web.service';
const absent: PathState = { kind: 'absent' };
const file = (content: string, mode = 0o644): PathState => ({
  kind: 'file',
  content: Buffer.from(content),
  mode,
  user: 'root',
  group: 'root',
});
const server = (port: number) =>
  `server {\n  listen ${port};\n  location / { return 200 "port ${port}\\n"; }\n}\n`;

const reload: Handler = {
  id: 'reload-nginx',
  validate: ['nginx', '-t'],
  actions: [{ kind: 'reload', unit: 'nginx' }],
  checks: [{ kind: 'active', unit: 'nginx' }, { kind: 'nginx-workers' }],
  guards: [],
  timeout: 20,
  settle: 1,
  rewrites: [],
};
const web: Handler = {
  id: 'restart-web',
  validate: undefined,
  actions: [{ kind: 'daemon-reload' }, { kind: 'restart', unit: 'lab-web' }],
  checks: [
    { kind: 'active', unit: 'lab-web' },
    { kind: 'port', port: 8099 },
  ],
  guards: [],
  timeout: 20,
  settle: 2,
  rewrites: [],
};

describe.skipIf(!availability.available)('a real host', () => {
  let lab: Lab;
  let target: SshSettings;
  const { connect } = createConnector();
  let machineId: string;

  beforeAll(async () => {
    lab = await startLab([{ name: 'lab-01', services: ['nginx'] }]);
    const host = lab.host('lab-01');
    target = {
      host: host.address,
      config: 'none',
      user: 'ops',
      become: 'sudo',
      identityFiles: [lab.sshKey],
      knownHostsFiles: [lab.knownHosts],
    };
    machineId = (await host.readFile('/etc/machine-id')).toString().trim();
    await host.mustExec('systemctl is-active nginx || systemctl start nginx');
  });
  afterAll(async () => {
    await lab?.destroy();
  });

  const plan = (changes: Transaction['changes'], handlers: readonly Handler[]) =>
    transaction(changes, handlers, {
      host: 'lab-01',
      machineId,
      units: ['nginx'],
      run: `20261121T0745${String(number++).padStart(2, '0')}Z-1ab1ab`,
    });
  let number = 10;

  async function look(reads: Partial<Reads>): Promise<Snapshot> {
    const connection = await connect(target);
    try {
      return await probe(connection, 'lab-01', { ...noReads, ...reads }, { cluster: 'prod' });
    } finally {
      await connection.close();
    }
  }

  async function carry(
    transaction: Transaction,
    onEvent?: (event: TransactionEvent) => void,
  ): Promise<TransactionResult> {
    return transact(() => connect(target), transaction, onEvent === undefined ? {} : { onEvent });
  }

  const unitFile = (port: number) =>
    `[Service]\nExecStart=/usr/bin/python3 -m http.server --bind 127.0.0.1 ${port}\nRestart=always\nRestartSec=200ms\n`;

  test('is looked at through sudo', async () => {
    await lab.host('lab-01').exec('systemd-run --unit=lab-broken false; sleep 0.3');
    const snapshot = await look({
      paths: ['/etc/os-release', '/etc/shadow', '/etc/nginx/*.conf', '/etc/none', '/dev/null'],
      packages: ['sudo', 'no-such-package'],
      units: ['nginx', 'sshd', 'no-such-unit'],
      names: ['lab-01.example.com', 'nowhere.invalid'],
      queries: [{ kind: 'command', args: ['id', '-u'] }],
    });
    expect(snapshot).toMatchObject({ user: 'root', group: 'root', machineId, clockOffset: 0 });
    expect(snapshot.os.id).toBe('debian');
    expect(snapshot.paths.get('/etc/os-release')).toMatchObject({
      kind: 'symlink',
      resolved: { path: '/usr/lib/os-release' },
    });
    expect(snapshot.paths.get('/etc/shadow')).toMatchObject({
      kind: 'file',
      mode: 0o640,
      user: 'root',
      group: 'shadow',
    });
    expect(snapshot.paths.get('/dev/null')).toEqual({ kind: 'unreadable', reason: 'a device' });
    expect(snapshot.globs.get('/etc/nginx/*.conf')).toContain('/etc/nginx/nginx.conf');
    expect([...snapshot.packages.keys()]).toEqual(['sudo']);
    expect(snapshot.units.get('nginx')).toMatchObject({ load: 'loaded', active: 'active', sub: 'running' });
    expect(snapshot.units.get('sshd')?.load).toBe('loaded');
    expect(snapshot.units.get('no-such-unit')).toMatchObject({
      load: 'not-found',
      active: 'inactive',
      enabled: '',
    });
    expect(snapshot.names.get('lab-01.example.com')).toContain(lab.host('lab-01').address);
    expect(snapshot.names.get('nowhere.invalid')).toEqual([]);
    expect([...snapshot.answers.values()]).toEqual([{ status: 0, output: '0\n' }]);
    expect(snapshot.failedUnits).toEqual(['lab-broken.service']);
    expect(snapshot.freeSpace.get('/')).toBeGreaterThan(0);
  });

  test('takes a plan, and leaves nothing else behind', async () => {
    const result = await carry(
      plan(
        [change(site, absent, file(server(8081))), change(unit, absent, file(unitFile(8099)))],
        [web, reload],
      ),
    );
    expect(result).toMatchObject({ state: 'committed', problem: undefined, warnings: [] });
    expect((await lab.host('lab-01').mustExec('curl -s http://127.0.0.1:8081/')).trim()).toBe('port 8081');
    const left = await lab
      .host('lab-01')
      .exec('systemctl list-units --all --no-legend "clusterproxy-*"; find / -xdev -name ".cp-*"');
    expect(left.stdout).toBe('');
  });

  test('what stands beside the bytes of a file stays: extended attributes', async () => {
    const host = lab.host('lab-01');
    const path = '/etc/lab-attributes';
    await host.writeFile(path, 'one\n', 0o640);
    await host.mustExec(['python3', '-c', `import os; os.setxattr('${path}', 'user.note', b'kept')`]);
    const attributes = change(path, file('one\n', 0o640), file('two\n', 0o600));
    expect(await carry(plan([attributes], []))).toMatchObject({ state: 'committed' });
    const note = await host.mustExec([
      'python3',
      '-c',
      `import os; print(os.getxattr('${path}', 'user.note'))`,
    ]);
    expect(note.trim()).toBe("b'kept'");
    expect((await host.mustExec(['stat', '-c', '%a', path])).trim()).toBe('600');
  });

  test('whose owner has no name: it is told by number, and stays', async () => {
    const host = lab.host('lab-01');
    const path = '/etc/lab-nameless';
    await host.writeFile(path, 'one\n');
    await host.mustExec(`chown 4321:8765 ${path}; mkdir /etc/lab-folder; chown root:8765 /etc/lab-folder`);
    const owner = { mode: 0o644, user: '4321', group: '8765' };
    const before: PathState = { kind: 'file', content: Buffer.from('one\n'), ...owner };
    const folder: PathState = { kind: 'directory', mode: 0o755, user: 'root', group: '8765' };
    const { paths } = await look({ paths: [path, '/etc/lab-folder'] });
    expect([paths.get(path), paths.get('/etc/lab-folder')]).toEqual([before, folder]);
    const after: PathState = { ...before, content: Buffer.from('two\n') };
    const changes = [
      change(path, before, after),
      change('/etc/lab-folder', folder, { ...folder, mode: 0o700 }),
    ];
    expect(await carry(plan(changes, []))).toMatchObject({ state: 'committed', warnings: [] });
    expect(await host.mustExec(['stat', '-c', '%u %g', path, '/etc/lab-folder'])).toBe('4321 8765\n0 8765\n');
    const refusing = { ...reload, validate: ['false'] };
    expect(await carry(plan([change(path, after, before)], [refusing]))).toMatchObject({ state: 'reverted' });
    expect((await look({ paths: [path] })).paths.get(path)).toEqual(after);
  });

  test('a port that is taken: nginx says yes, and the plan is put back all the same', async () => {
    const result = await carry(plan([change(site, file(server(8081)), file(server(22)))], [reload]));
    expect(result).toMatchObject({ state: 'reverted', problem: { code: 'check-failed' } });
    expect(result.problem?.detail).toContain('Address already in use');
    expect((await lab.host('lab-01').mustExec('curl -s http://127.0.0.1:8081/')).trim()).toBe('port 8081');
  });

  test("nginx's own words when it does not accept a file", async () => {
    const result = await carry(
      plan([change(site, file(server(8081)), file('server {\n  listn 80;\n}\n'))], [reload]),
    );
    expect(result).toMatchObject({ state: 'reverted', problem: { code: 'validation-failed' }, started: [] });
    expect(result.problem?.detail).toContain('unknown directive "listn"');
  });

  test('a service that does not stay up: old unit file, old process', async () => {
    const broken = unitFile(8099).replace('python3 -m', 'python3 -c "import time; time.sleep(0.5)" -m');
    const result = await carry(
      plan([change(unit, file(unitFile(8099)), file(broken))], [{ ...web, timeout: 5 }]),
    );
    expect(result.state).toBe('reverted');
    expect(['check-failed']).toContain(result.problem?.code);
    const shown = await lab.host('lab-01').mustExec('systemctl show -p ActiveState -p ExecStart lab-web');
    expect(shown).toContain('ActiveState=active');
    expect(shown).not.toContain('time.sleep');
  });

  test("whose nginx was down before is put back all the same, and the next run is in nobody's way", async () => {
    const host = lab.host('lab-01');
    const state = async () =>
      (await host.exec('systemctl is-active nginx lab-web')).stdout.trim().split('\n');
    const change81 = () => [change(site, file(server(8081)), file(server(8082)))];
    await host.mustExec('systemctl stop nginx');
    const reloaded = await carry(plan(change81(), [reload]));
    expect(reloaded).toMatchObject({ state: 'reverted', problem: { code: 'handler-failed' } });
    expect(await state()).toEqual(['inactive', 'active']);
    // A restart starts what did not run; put back, it does not run again.
    await host.mustExec('systemctl stop lab-web');
    const failing: Handler = {
      ...reload,
      id: 'fails',
      actions: [{ kind: 'command', argv: ['grep', '-q', '8081', site] }],
      checks: [],
    };
    const restarted = await carry(plan(change81(), [web, failing]));
    expect(restarted).toMatchObject({ state: 'reverted', problem: { code: 'handler-failed' } });
    expect(await state()).toEqual(['inactive', 'inactive']);
    await host.mustExec('systemctl start nginx lab-web');
    expect((await carry(plan([], []))).state).toBe('committed');
    expect((await host.readFile(site)).toString()).toBe(server(8081));
  });

  const waiting = (seconds: number): Handler => ({
    ...web,
    id: 'wait',
    timeout: 60,
    actions: [{ kind: 'command', argv: ['sh', '-c', `grep -q 8082 ${site} && sleep ${seconds}; true`] }],
    checks: [],
    settle: 0,
  });

  for (const [way, command] of [
    ['killed', 'systemctl kill -s KILL --kill-who=main'],
    ['killed with all its processes', 'systemctl kill -s KILL'],
    ['stopped', 'systemctl stop'],
  ]) {
    test(`work that is ${way} is put back by systemd's next step`, async () => {
      const work = plan([change(site, file(server(8081)), file(server(8082)))], [waiting(30)]);
      const result = await carry(work, (event) => {
        if (event.kind === 'handler' && event.phase === 'started') {
          void lab.host('lab-01').exec(`${command} clusterproxy-${work.run}`);
        }
      });
      expect(result).toMatchObject({ state: 'reverted', problem: { code: 'interrupted' } });
      expect((await lab.host('lab-01').readFile(site)).toString()).toBe(server(8081));
    });
  }

  test('goes on when its sshd and all connections are gone', async () => {
    const work = plan([change(site, file(server(8081)), file(server(8082)))], [waiting(3), reload]);
    let cut = false;
    const result = await carry(work, (event) => {
      if (event.kind !== 'handler' || event.phase !== 'started' || cut) return;
      cut = true;
      void lab
        .host('lab-01')
        .exec(
          'for p in $(pgrep sshd || grep -ls "^Name:.sshd" /proc/[0-9]*/status | cut -d/ -f3); do kill -KILL $p; done; sleep 1; systemctl restart ssh',
        );
    });
    expect(result).toMatchObject({ state: 'committed', started: ['wait', 'reload-nginx'] });
    expect((await lab.host('lab-01').readFile(site)).toString()).toBe(server(8082));
  });

  test('without power in the middle, the next run settles it', async () => {
    const work = plan(
      [change(site, file(server(8082)), file(server(8081)))],
      [{ ...waiting(30), actions: [{ kind: 'command', argv: ['sleep', '30'] }] }],
    );
    const controller = new AbortController();
    const running = transact(() => connect(target, { signal: controller.signal }), work, {
      signal: controller.signal,
      onEvent: (event) => {
        if (event.kind === 'handler' && event.phase === 'started') controller.abort();
      },
    });
    expect((await running).state).toBe('unknown');
    await lab.host('lab-01').powerOff();
    await lab.host('lab-01').boot();
    expect((await look({})).unsettled).toEqual([]);
    expect((await carry(plan([], []))).state).toBe('committed');
    expect((await lab.host('lab-01').readFile(site)).toString()).toBe(server(8082));
    const connection = await connect(target);
    const runs = await readRuns(connection);
    await connection.close();
    expect(runs.find(({ run }) => run === work.run)).toMatchObject({ state: 'reverted', outcome: 'revert' });
  });

  test('that is shut down in order in the middle comes back with the old files, and its controller learns it', async () => {
    const host = lab.host('lab-01');
    const from = (await host.readFile(site)).toString();
    const work = plan(
      [change(site, file(from), file(server(8083)))],
      [{ ...waiting(30), actions: [{ kind: 'command', argv: ['sleep', '30'] }] }],
    );
    const result = await carry(work, (event) => {
      if (event.kind === 'handler' && event.phase === 'started') void host.exec('systemctl reboot');
    });
    expect(result).toMatchObject({ state: 'reverted', problem: { code: 'interrupted' } });
    expect(result.problem?.message).toContain('the host was rebooted');
    expect((await host.readFile(site)).toString()).toBe(from);
    expect((await host.mustExec('systemctl is-active nginx')).trim()).toBe('active');
    const left = await host.exec('find /etc -name "*clusterproxy-settle*" -o -name ".cp-*"');
    expect(left.stdout).toBe('');
  });

  test('tells since when services know their files, also over a reload, and when files changed', async () => {
    const host = lab.host('lab-01');
    const facts = async () => {
      const snapshot = await look({ paths: [site], units: ['nginx', 'lab-web', 'no-such-unit'] });
      const since = (unit: string) => snapshot.units.get(unit)?.startedAt ?? Number.NaN;
      return {
        nginx: since('nginx'),
        web: since('lab-web'),
        changed: snapshot.changedAt?.get(site) ?? Number.NaN,
        snapshot,
      };
    };
    await host.mustExec('systemctl restart lab-web');
    const before = await facts();
    expect(before.snapshot.units.get('no-such-unit')?.startedAt).toBeUndefined();
    const now = Date.now() / 1_000;
    for (const time of [before.nginx, before.web, before.changed]) {
      expect(time).toBeGreaterThan(now - 3_600);
      expect(time).toBeLessThan(now + 2);
    }
    await host.mustExec('sleep 2.1');
    // A package that is installed brings old times with it.
    await host.mustExec(`touch -d '2001-01-01' ${site}`);
    const touched = await facts();
    expect(touched.changed).toBeGreaterThan(before.changed + 1);
    expect(touched.nginx).toBeLessThan(touched.changed);
    await host.mustExec('sleep 1.1; systemctl reload nginx; sleep 1');
    const reloaded = await facts();
    expect(reloaded.nginx).toBeGreaterThan(reloaded.changed);
    // The start is told by the clock that runs since the boot, so it may be a second off.
    expect(Math.abs(reloaded.web - before.web)).toBeLessThanOrEqual(1);
  });

  test('is known by the fingerprint of any of its keys, or by a file that holds one of them only', async () => {
    // Each time as in a run of its own: within one a host has to show the same key every time.
    const afresh = (settings: SshSettings) => createConnector().connect(settings);
    const { stdout } = await lab.run('ssh-keygen', ['-lf', lab.knownHosts]);
    const own = stdout.split('\n').filter((line) => line.includes(` ${target.host},`));
    const prints = [...new Set(own.join('\n').match(/SHA256:\S+/g) ?? [])];
    expect(prints.length).toBeGreaterThan(1);
    for (const print of prints) {
      await (await afresh({ ...target, hostKeys: [print], knownHostsFiles: [] })).close();
    }
    const lines = (await readFile(lab.knownHosts, 'utf8'))
      .split('\n')
      .filter((line) => line.startsWith(target.host));
    for (const [index, line] of lines.entries()) {
      const one = join(lab.directory, `known-${index}`);
      await writeFile(one, `${line}\n`);
      await (await afresh({ ...target, knownHostsFiles: [one] })).close();
    }
    await expect(afresh({ ...target, hostKeys: ['SHA256:no'], knownHostsFiles: [] })).rejects.toMatchObject({
      code: 'host-key-changed',
    });
  });

  test('an account whose sudo asks for a password is told how to mend it', async () => {
    const connection = await connect({ ...target, user: 'deputy' });
    await expect(probe(connection, 'lab-01', noReads)).rejects.toMatchObject({ code: 'sudo-password' });
    await connection.close();
  });
});
