import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { probe } from '../../src/host/probe.ts';
import type { TransactionEvent } from '../../src/host/run-log.ts';
import { readRuns } from '../../src/host/runs.ts';
import { transact } from '../../src/host/transact.ts';
import { type HostAction, providesNothing, type Unpacking } from '../../src/model/action.ts';
import { sha256 } from '../../src/model/change.ts';
import { noReads, queryKey } from '../../src/model/reads.ts';
import { type PathState, unitPath } from '../../src/model/snapshot.ts';
import type { Transaction, TransactionResult } from '../../src/model/transaction.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import { selfSigned } from '../support/certificates.ts';
import { change, file, group, restartWeb, type Sample, sampleHost, transaction, user } from './sample.ts';

let sample: Sample;
let events: TransactionEvent[];
beforeEach(async () => {
  sample = await sampleHost();
  events = [];
});
afterEach(() => sample.close());

const site = '/etc/nginx/conf.d/site.conf';
const at = (path: string) => sample.path(path.slice(1));
const text = (path: string) => readFileSync(at(path), 'utf8');
const put = (path: string, content: string) => {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), content);
};
const remember = (name: string, content = '') => put(`/run/stand-in/${name}`, content);
const journal = () => text('/run/stand-in/journal').trim().split('\n');
const newSite = () => change(site, file(text(site)), file('server {\n  listen 81;\n}\n'));

async function carry(plan: Transaction): Promise<TransactionResult> {
  return transact(() => connect(sample.host.target), plan, { onEvent: (event) => events.push(event) });
}

/** What the package manager can install, by name, and what comes with it. */
function repository(
  name: string,
  files: Record<string, string> = {},
  more: Record<string, string> = {},
): void {
  for (const [path, content] of Object.entries(files)) remember(`repository/${name}/files${path}`, content);
  for (const [key, content] of Object.entries({ version: '2.6.12', ...more }))
    remember(`repository/${name}/${key}`, `${content}\n`);
}

function install(...names: readonly string[]): HostAction {
  return {
    name: `install ${names.join(', ')}`,
    run: { kind: 'install-packages', manager: 'apt-get', names },
    unless: undefined,
    provides: { ...providesNothing, packages: names },
    timeout: 30,
    notes: [],
  };
}

async function installed(...names: readonly string[]): Promise<Record<string, string>> {
  const connection = await connect(sample.host.target);
  try {
    const { packages } = await probe(connection, 'bbb-01', { ...noReads, packages: names });
    return Object.fromEntries(packages);
  } finally {
    await connection.close();
  }
}

async function remembered(run: string) {
  const connection = await connect(sample.host.target);
  try {
    return (await readRuns(connection)).find((one) => one.run === run);
  } finally {
    await connection.close();
  }
}

/** Nothing of a run lies beside what it would have changed. */
function nothingBeside(): void {
  expect(readdirSync(at('/etc/nginx/conf.d'))).toEqual(['site.conf']);
}

describe('packages', () => {
  test('are installed before any file is changed, with all that they need, and are remembered', async () => {
    repository('haproxy', { '/etc/haproxy/haproxy.cfg': 'stock\n' }, { depends: 'liblua' });
    repository('liblua');
    const plan = transaction([newSite()], [], { actions: [install('haproxy')] });
    const result = await carry(plan);
    expect(result).toMatchObject({ state: 'committed', problem: undefined, warnings: [] });
    expect(await installed('haproxy', 'liblua')).toEqual({ haproxy: '2.6.12', liblua: '2.6.12' });
    expect(text('/etc/haproxy/haproxy.cfg')).toBe('stock\n');
    expect(text(site)).toContain('listen 81');
    expect((await remembered(plan.run))?.installed).toEqual(['liblua', 'haproxy']);
    const kinds = events.flatMap((event) =>
      event.kind === 'state' ? [event.state] : event.kind === 'action' ? [event.phase] : [],
    );
    expect(kinds.join(' ')).toMatch(/prepared acting started finished open .*committed/);
    expect(journal().filter((line) => line.startsWith('apt-get'))).toEqual([
      'apt-get update',
      'apt-get install haproxy',
    ]);
  });

  test('that can not be had end the run in the words of the package manager, with no file changed', async () => {
    const before = text(site);
    const result = await carry(transaction([newSite()], [restartWeb], { actions: [install('hapoxy')] }));
    expect(result).toMatchObject({ state: 'refused', started: [], problem: { code: 'action-failed' } });
    expect(result.problem?.message).toContain('install hapoxy');
    expect(result.problem?.detail).toContain('E: Unable to locate package hapoxy');
    expect(text(site)).toBe(before);
    nothingBeside();
    expect(existsSync(at('/etc/systemd/system'))).toBe(false);
  });

  test('of an action before the one that failed stay, and the message says so', async () => {
    repository('haproxy');
    const plan = transaction([newSite()], [], { actions: [install('haproxy'), install('missing')] });
    const result = await carry(plan);
    expect(result.problem?.detail).toContain(
      'these actions were done and are not undone: install haproxy; installed: haproxy',
    );
    expect(await installed('haproxy')).toEqual({ haproxy: '2.6.12' });
  });

  test('stay when what comes after them is put back', async () => {
    repository('haproxy');
    remember('fail-bbb-web');
    const before = text(site);
    const handler = { ...restartWeb, guards: [] };
    const result = await carry(transaction([newSite()], [handler], { actions: [install('haproxy')] }));
    // The stand-in of the service can't be brought back either.
    expect(result.state).toBe('stuck');
    expect(text(site)).toBe(before);
    expect(await installed('haproxy')).toEqual({ haproxy: '2.6.12' });
    expect(result.problem?.detail).toContain('these actions were done and are not undone: install haproxy');
  });

  test('wait for another package manager', async () => {
    repository('haproxy');
    remember('lock-apt-get');
    const running = carry(transaction([], [], { actions: [install('haproxy')] }));
    while (!existsSync(at('/run/stand-in/journal')) || !journal().includes('apt-get update')) await sleep(20);
    rmSync(at('/run/stand-in/lock-apt-get'));
    expect(await running).toMatchObject({ state: 'committed' });
    expect(await installed('haproxy')).toEqual({ haproxy: '2.6.12' });
  });

  test('do not wait for it longer than the action may take', async () => {
    repository('haproxy');
    remember('lock-apt-get');
    const action = { ...install('haproxy'), timeout: 2 };
    const result = await carry(transaction([], [], { actions: [action] }));
    expect(result.problem).toMatchObject({ code: 'action-failed' });
    expect(result.problem?.message).toContain('another package manager was running');
    expect(result.problem?.detail).toContain('unattended-upgr');
  });

  test('that take longer than they may are ended', async () => {
    repository('haproxy');
    remember('slow-apt-get', '60');
    const action = { ...install('haproxy'), timeout: 2 };
    const result = await carry(transaction([newSite()], [], { actions: [action] }));
    expect(result).toMatchObject({ state: 'refused', problem: { code: 'action-failed' } });
    expect(result.problem?.message).toContain('longer than 2 seconds');
    nothingBeside();
  });

  test('that a power cut left half installed are brought to their end by the next run', async () => {
    repository('haproxy', { '/etc/haproxy/haproxy.cfg': 'stock\n' });
    remember('slow-apt-get', '60');
    const before = text(site);
    const plan = transaction([newSite()], [], { actions: [install('haproxy')] });
    const controller = new AbortController();
    const running = transact(() => connect(sample.host.target, { signal: controller.signal }), plan, {
      signal: controller.signal,
    });
    const half = () => text('/var/lib/dpkg/status').includes('half-configured');
    while (!half()) await sleep(20);
    const folder = at(`/var/lib/clusterproxy/runs/${plan.run}`);
    const program = readFileSync(`${folder}/settle.sh`);
    // The unit's own end has no chance, as in a power cut.
    writeFileSync(`${folder}/settle.sh`, 'exit 0\n');
    for (const pid of descendants(Number(text(`/run/stand-in/pid-clusterproxy-${plan.run}.service`))))
      unlessGone(() => process.kill(pid, 'SIGKILL'));
    controller.abort();
    await running;
    while (existsSync(at(`/run/stand-in/units/clusterproxy-${plan.run}.service`))) await sleep(20);
    writeFileSync(`${folder}/settle.sh`, program);
    expect(readFileSync(`${folder}/state`, 'utf8')).toBe('acting\n');
    remember('system-state', 'initializing');
    await sample.host.run('sh', `${folder}/settle.sh`, plan.run, 'boot');
    remember('system-state', 'running');
    expect(readFileSync(`${folder}/state`, 'utf8')).toBe('abandoned\n');
    expect(text(site)).toBe(before);
    nothingBeside();

    rmSync(at('/run/stand-in/slow-apt-get'));
    expect(await installed('haproxy')).toEqual({});
    expect(await carry(transaction([newSite()], [], { actions: [install('haproxy')] }))).toMatchObject({
      state: 'committed',
    });
    expect(await installed('haproxy')).toEqual({ haproxy: '2.6.12' });
    expect(journal()).toContain('dpkg --configure');
  });

  test('are removed exactly as asked, unless something else needs them', async () => {
    repository('haproxy', {}, { depends: 'liblua' });
    repository('liblua');
    await carry(transaction([], [], { actions: [install('haproxy')] }));
    const action: HostAction = {
      ...install('haproxy', 'liblua', 'never-there'),
      name: 'remove haproxy, liblua',
      run: { kind: 'remove-packages', manager: 'apt-get', names: ['haproxy', 'liblua', 'never-there'] },
    };
    remember('needed-liblua', 'monitoring');
    const refused = await carry(transaction([], [], { actions: [action] }));
    expect(refused.problem).toMatchObject({ code: 'action-failed' });
    expect(refused.problem?.detail).toContain('monitoring depends on liblua');
    expect(await installed('haproxy', 'liblua')).toEqual({ haproxy: '2.6.12', liblua: '2.6.12' });
    rmSync(at('/run/stand-in/needed-liblua'));
    expect(await carry(transaction([], [], { actions: [action] }))).toMatchObject({ state: 'committed' });
    expect(await installed('haproxy', 'liblua')).toEqual({});
  });
});

describe('a command', () => {
  const command = (argv: readonly string[], unless?: HostAction['unless']): HostAction => ({
    ...install(),
    name: 'certificate',
    run: { kind: 'command', argv },
    unless,
  });

  test('is not run where the host says that there is nothing to do', async () => {
    const touch = ['sh', '-c', 'true >"$CLUSTERPROXY_ROOT/etc/touched"'];
    const unless = (status: string) => ({ kind: 'command' as const, args: ['sh', '-c', `exit ${status}`] });
    await carry(transaction([], [], { actions: [command(touch, unless('0'))] }));
    expect(existsSync(at('/etc/touched'))).toBe(false);
    expect(events).toContainEqual(expect.objectContaining({ action: 'certificate', phase: 'unneeded' }));
    await carry(transaction([], [], { actions: [command(touch, unless('1'))] }));
    expect(existsSync(at('/etc/touched'))).toBe(true);
  });

  test('gets its arguments as they are', async () => {
    const odd = ['', 'two words', '*', "it's $HOME", ''];
    const argv = [
      'sh',
      '-c',
      'for word; do printf "%s." "$word"; done >"$CLUSTERPROXY_ROOT/etc/said"',
      'sh',
      ...odd,
    ];
    await carry(transaction([], [], { actions: [command(argv)] }));
    expect(text('/etc/said')).toBe(odd.map((word) => `${word}.`).join(''));
  });
});

describe('a certificate', () => {
  const name = 'media.example.com';
  const chain = `/etc/letsencrypt/live/${name}/fullchain.pem`;
  const renewal = `/etc/letsencrypt/renewal/${name}.conf`;
  const unless = { kind: 'certificate' as const, args: [chain, '7', name] };
  const fetch: HostAction = {
    ...install(),
    name: `fetch certificate ${name}`,
    run: { kind: 'certbot', argv: ['certonly', '--domain', name], port: 8888, name },
    unless,
  };
  const asked = () => journal().filter((line) => line.startsWith('certbot'));
  beforeEach(() => {
    // As certbot leaves things; what it was told goes into the journal.
    const script = `#!/bin/sh
echo "certbot $*" >>"$CLUSTERPROXY_ROOT/run/stand-in/journal"
cd "$CLUSTERPROXY_ROOT/etc/letsencrypt" || exit
openssl req -x509 -newkey ed25519 -nodes -days 90 -subj /CN=x -addext subjectAltName=DNS:${name},DNS:other.example.com -keyout live/${name}/privkey.pem -out live/${name}/fullchain.pem
printf '# renew\\n[renewalparams]\\nauthenticator = standalone\\nhttp01_port = 80\\n' >renewal/${name}.conf
`;
    const program = join(dirname(sample.root), 'work/bin/certbot');
    writeFileSync(program, script);
    chmodSync(program, 0o755);
    mkdirSync(dirname(at(chain)), { recursive: true });
    mkdirSync(dirname(at(renewal)), { recursive: true });
  });

  test('is fetched on port 80 where nobody is there, and renewed on the other one', async () => {
    const result = await carry(transaction([], [], { actions: [fetch] }));
    expect(result).toMatchObject({ state: 'committed', problem: undefined });
    expect(asked()).toEqual([`certbot certonly --domain ${name} --http-01-port 80`]);
    expect(text(renewal)).toBe(
      '# renew\n[renewalparams]\nhttp01_port = 8888\nhttp01_address = 127.0.0.1\nauthenticator = standalone\n',
    );
  });

  test('is fetched on the other one where port 80 is taken', async () => {
    put(
      '/proc/net/tcp6',
      '   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0\n',
    );
    await carry(transaction([], [], { actions: [fetch] }));
    expect(asked()).toEqual([
      `certbot certonly --domain ${name} --http-01-port 8888 --http-01-address 127.0.0.1`,
    ]);
  });

  /** certbot's log with tries for a name so many minutes ago, each after one that went well. */
  const tried = (minutes: readonly number[], domain = name, option = '--quiet') => {
    const tries = minutes.map((ago) => {
      const at = execFileSync('date', ['-d', `${ago} minutes ago`, '+%F %T,123'], {
        encoding: 'utf8',
      }).trim();
      return `${at}:DEBUG:certbot._internal.main:certbot version: 2.1.0
${at}:DEBUG:certbot._internal.main:Arguments: ['${option}', '--domain', '${domain}']
${at}:DEBUG:certbot._internal.display.obj:Notifying user: Certbot failed to authenticate some domains.
  Domain: ${domain}
  Type:   unauthorized
${at}:DEBUG:certbot._internal.display.obj:Notifying user:
  Domain: ${domain}
${at}:ERROR:certbot._internal.log:Some challenges have failed.
${at}:DEBUG:certbot._internal.main:certbot version: 2.1.0
${at}:DEBUG:certbot._internal.main:Exiting normally
`;
    });
    put('/var/log/letsencrypt/letsencrypt.log', tries.join(''));
  };

  test('is not asked for after four tries of an hour that failed, and says from when on', async () => {
    tried([70, 50, 40, 30, 20]);
    const { state, problem } = await carry(transaction([], [], { actions: [fetch] }));
    expect(state).toBe('refused');
    expect(problem).toMatchObject({
      code: 'asked-too-often',
      message: expect.stringMatching(
        /4 tries have failed within the last hour, the last one at \d\d:\d\d UTC/,
      ),
    });
    expect(problem?.next).toContain(
      `certbot certonly --domain ${name} --http-01-port 8888 --http-01-address 127.0.0.1, and --dry-run`,
    );
    const until = /from (\d\d:\d\d) UTC on/.exec(problem?.next ?? '')?.[1];
    const wanted = [9, 10, 11].map((ahead) => new Date(Date.now() + ahead * 60_000).toISOString());
    expect(wanted.map((one) => one.slice(11, 16))).toContain(until);
    expect(existsSync(at('/run/stand-in/journal')) ? asked() : []).toEqual([]);
  });

  test.each([
    ['fewer', [50, 40, 30], name],
    ['older ones', [90, 80, 70, 65], name],
    ['those of another name', [50, 40, 30, 20], 'other.example.com'],
    ['only trials', [50, 40, 30, 20], name, '--dry-run'],
  ])(
    'is asked for after tries that failed, where they are %s',
    async (_, minutes, domain, option?: string) => {
      tried(minutes, domain, option);
      const { state } = await carry(transaction([], [], { actions: [fetch] }));
      expect(state).toBe('committed');
      expect(asked()).toHaveLength(1);
    },
  );

  test('that is valid long enough for all names is left alone, as the probe says as well', async () => {
    await carry(transaction([], [], { actions: [fetch] }));
    await carry(transaction([], [], { actions: [fetch] }));
    expect(asked()).toHaveLength(1);
    const ask = async (...args: readonly string[]) => {
      const connection = await connect(sample.host.target);
      try {
        const query = { kind: 'certificate' as const, args };
        const { answers } = await probe(connection, 'bbb-01', { ...noReads, queries: [query] });
        const answer = answers.get(queryKey(query));
        return [answer?.status, answer?.output.trim()];
      } finally {
        await connection.close();
      }
    };
    expect(await ask(chain, '7', name, 'OTHER.example.com')).toEqual([0, '']);
    expect(await ask(chain, '7', name, 'third.example.com')).toEqual([
      1,
      'it is not valid for third.example.com',
    ]);
    expect(await ask(chain, '80', name)).toEqual([0, '']);
    const short = (days: number) => put('/etc/short.pem', selfSigned(name, { days }).certificate);
    // Of 43 days.
    short(3);
    const soon = 'or is not a certificate';
    expect(await ask('/etc/short.pem', '7', name)).toEqual([1, `it expires within 7 days, ${soon}`]);
    expect(await ask('/etc/short.pem', '2', name)).toEqual([0, '']);
    expect(await ask('/etc/short.pem', '40', name)).toEqual([
      1,
      `it expires within half of its lifetime, ${soon}`,
    ]);
    // Of 60 days: one that is not enough for some is not enough for more either.
    short(20);
    for (const days of ['21', '29', '31', '80']) expect((await ask('/etc/short.pem', days, name))[0]).toBe(1);
    expect(await ask('/etc/short.pem', '19', name)).toEqual([0, '']);
    short(45);
    expect(await ask('/etc/short.pem', '80', name)).toEqual([0, '']);
    expect(await ask('/etc/none.pem', '7', name)).toEqual([1, 'it does not exist']);
    put('/etc/text.pem', 'text\n');
    expect((await ask('/etc/text.pem', '7', name))[0]).toBe(1);
  });
});

describe('units', () => {
  const unit = (enabled: string, active: string): PathState => ({ kind: 'unit', enabled, active });
  const web = unitPath('bbb-web.service');
  const stateOf = async () => {
    const connection = await connect(sample.host.target);
    try {
      const snapshot = await probe(connection, 'bbb-01', { ...noReads, units: ['bbb-web.service'] });
      const state = snapshot.units.get('bbb-web.service');
      return [state?.load, state?.enabled, state?.active];
    } finally {
      await connection.close();
    }
  };

  test('become what they are to be, once the files are in place', async () => {
    const changes = [newSite(), change(web, unit('enabled', 'active'), unit('disabled', 'inactive'))];
    expect(await carry(transaction(changes, []))).toMatchObject({ state: 'committed', problem: undefined });
    expect(await stateOf()).toEqual(['loaded', 'disabled', 'inactive']);
    const back = [change(web, unit('disabled', 'inactive'), unit('enabled', 'active'))];
    expect(await carry(transaction(back, []))).toMatchObject({ state: 'committed' });
    expect(await stateOf()).toEqual(['loaded', 'enabled', 'active']);
  });

  test('can be masked, and unmasked again', async () => {
    const masked = [change(web, unit('enabled', 'active'), unit('masked', 'inactive'))];
    expect(await carry(transaction(masked, []))).toMatchObject({ state: 'committed' });
    expect((await stateOf())[0]).toBe('masked');
    const back = [change(web, unit('masked', 'inactive'), unit('enabled', 'active'))];
    expect(await carry(transaction(back, []))).toMatchObject({ state: 'committed' });
    expect(await stateOf()).toEqual(['loaded', 'enabled', 'active']);
  });

  test('are as they were when something fails after them', async () => {
    const failing = {
      ...restartWeb,
      guards: [],
      actions: [{ kind: 'command' as const, argv: ['sh', '-c', 'echo no; exit 1'] }],
      checks: [],
    };
    const changes = [newSite(), change(web, unit('enabled', 'active'), unit('disabled', 'inactive'))];
    const before = text(site);
    const result = await carry(transaction(changes, [failing]));
    // The handler's command fails when it is put back as well.
    expect(result.problem?.detail).toContain('no');
    expect(text(site)).toBe(before);
    expect(await stateOf()).toEqual(['loaded', 'enabled', 'active']);
  });

  test('that do not start put everything back, in the words of systemd', async () => {
    await sample.host.run('systemctl', 'stop', 'bbb-web');
    remember('fail-bbb-web');
    const before = text(site);
    const changes = [newSite(), change(web, unit('enabled', 'inactive'), unit('enabled', 'active'))];
    const result = await carry(transaction(changes, []));
    expect(result).toMatchObject({ state: 'reverted', problem: { code: 'unit-failed' } });
    expect(result.problem?.message).toContain('systemctl start bbb-web.service');
    expect(result.problem?.detail).toContain('Job for bbb-web.service failed');
    expect(text(site)).toBe(before);
  });

  test('that do not stay up put everything back', async () => {
    await sample.host.run('systemctl', 'stop', 'bbb-web');
    remember('flaps-bbb-web');
    const changes = [change(web, unit('enabled', 'inactive'), unit('enabled', 'active'))];
    const result = await carry(transaction(changes, []));
    expect(result).toMatchObject({ state: 'reverted', problem: { code: 'check-failed' } });
    expect((await stateOf())[2]).toBe('inactive');
  });

  test('that are managed are looked at by every probe', async () => {
    const changes = [change(web, unit('enabled', 'active'), unit('enabled', 'inactive'))];
    await carry(transaction(changes, []));
    const connection = await connect(sample.host.target);
    try {
      const snapshot = await probe(connection, 'bbb-01', noReads, { cluster: 'prod' });
      expect(snapshot.units.get('bbb-web.service')).toMatchObject({ active: 'inactive' });
      expect(snapshot.packageManager).toBe('apt-get');
    } finally {
      await connection.close();
    }
  });
});

describe('archives', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(sample.path('archive-'));
  });

  /** Packs what `fill` puts into a folder, and tells its place. */
  function pack(
    fill: (folder: string) => void,
    ...options: readonly string[]
  ): { path: string; sum: string } {
    const source = join(folder, 'source');
    rmSync(source, { recursive: true, force: true });
    mkdirSync(source);
    fill(source);
    const path = join(folder, `archive-${readdirSync(folder).length}.tar.gz`);
    execFileSync('tar', ['-C', source, ...options, '-czf', path, '.']);
    return { path, sum: sha256(readFileSync(path)) };
  }
  const sdk = (version: string) =>
    pack((source) => {
      mkdirSync(join(source, 'sdk/lib'), { recursive: true });
      writeFileSync(join(source, 'sdk/index.html'), version);
      writeFileSync(join(source, `sdk/lib/only-in-${version}`), '');
      symlinkSync('lib/..', join(source, 'sdk/self'));
    });
  const directory = '/var/www/sdk';

  function unpack(archive: { path: string; sum: string }, more: Partial<Unpacking> = {}): Transaction {
    const unpacking: Unpacking = {
      source: { kind: 'upload', file: archive.path },
      sha256: archive.sum,
      directory,
      strip: 2,
      user,
      group,
      marker: `${directory}/.clusterproxy-archive`,
      mark: archive.sum,
      ...more,
    };
    const action = {
      ...install(),
      name: `unpack ${directory}`,
      run: { kind: 'unpack' as const, ...unpacking },
    };
    return transaction([], [], { actions: [action] });
  }

  test('are brought along, unpacked, and replaced by the next as a whole', async () => {
    const first = sdk('one');
    expect(await carry(unpack(first))).toMatchObject({ state: 'committed', problem: undefined });
    expect(text(`${directory}/index.html`)).toBe('one');
    expect(text(`${directory}/.clusterproxy-archive`)).toBe(`${first.sum}\n`);
    expect(lstatSync(at(`${directory}/self`)).isSymbolicLink()).toBe(true);
    expect(lstatSync(at(`${directory}/index.html`)).mode & 0o777).toBe(0o644);
    expect(await carry(unpack(sdk('two')))).toMatchObject({ state: 'committed' });
    expect(text(`${directory}/index.html`)).toBe('two');
    expect(readdirSync(at(`${directory}/lib`))).toEqual(['only-in-two']);
    expect(readdirSync(at('/var/www'))).toEqual(['sdk']);
  });

  test('are taken from a file of the host, and fetched', async () => {
    const first = sdk('one');
    put('/root/sdk.tar.gz', '');
    writeFileSync(at('/root/sdk.tar.gz'), readFileSync(first.path));
    const lying = unpack(first, { source: { kind: 'host', path: '/root/sdk.tar.gz' } });
    expect(await carry(lying)).toMatchObject({ state: 'committed' });
    const second = sdk('two');
    const server = createServer((_request, response) => response.end(readFileSync(second.path)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sdk.tar.gz`;
      const result = await carry(unpack(second, { source: { kind: 'url', url } }));
      expect(result).toMatchObject({ state: 'committed', problem: undefined });
      expect(text(`${directory}/index.html`)).toBe('two');
    } finally {
      server.close();
    }
  });

  test('that are others than they should be are refused, and what was there stays', async () => {
    await carry(unpack(sdk('one')));
    const other = sdk('two');
    put('/root/sdk.tar.gz', 'something else');
    const result = await carry(unpack(other, { source: { kind: 'host', path: '/root/sdk.tar.gz' } }));
    expect(result.problem).toMatchObject({ code: 'action-failed' });
    expect(result.problem?.message).toContain(`should be ${other.sum}`);
    await expect(carry(unpack({ ...other, sum: 'f'.repeat(64) }))).rejects.toMatchObject({
      code: 'archive-differs',
    });
    expect(text(`${directory}/index.html`)).toBe('one');
  });

  test.each<[string, (source: string) => void, readonly string[]]>([
    ['names with ..', (source) => writeFileSync(join(source, 'x'), ''), ['--transform=s,^,a/../../,', '-P']],
    ['absolute names', (source) => writeFileSync(join(source, 'x'), ''), ['--transform=s,^./,/etc/,', '-P']],
    ['a link to an absolute path', (source) => symlinkSync('/etc/passwd', join(source, 'x')), []],
    ['a link that leads out of it', (source) => symlinkSync('../../etc', join(source, 'x')), []],
    ['a pipe', (source) => execFileSync('mkfifo', [join(source, 'x')]), []],
  ])('with %s are refused', async (_what, fill, options) => {
    const result = await carry(unpack(pack(fill, ...options), { strip: 0 }));
    expect(result.problem).toMatchObject({ code: 'action-failed' });
    expect(result.problem?.message).toContain('outside it');
    expect(existsSync(at(directory))).toBe(false);
    expect(readdirSync(at('/var/www'))).toEqual([]);
  });

  test('never replace what somebody else has put there', async () => {
    put(`${directory}/mine`, 'mine\n');
    const result = await carry(unpack(sdk('one')));
    expect(result.problem?.message).toContain('was not unpacked by clusterproxy');
    expect(text(`${directory}/mine`)).toBe('mine\n');
  });

  test('that are none, and those of which nothing is left, are refused', async () => {
    const none = join(folder, 'none');
    writeFileSync(none, 'no archive\n');
    const result = await carry(unpack({ path: none, sum: sha256('no archive\n') }));
    expect(result.problem?.message).toContain('not an archive that tar can read');
    const stripped = await carry(unpack(sdk('one'), { strip: 9 }));
    expect(stripped.problem?.message).toContain('nothing is left');
  });
});

/** A process and all that it started. */
/** The process and all below it; those that end meanwhile may be missing. */
function descendants(pid: number): readonly number[] {
  const children = (unlessGone(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')) ?? '')
    .trim()
    .split(' ')
    .filter(Boolean);
  return [pid, ...children.flatMap((child) => descendants(Number(child)))];
}

/** What has ended by itself meanwhile is no fault: kill(2) says ESRCH then, proc(5) ENOENT or ESRCH. */
function unlessGone<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (!['ESRCH', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return undefined;
  }
}
