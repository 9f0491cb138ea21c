import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { probe } from '../../src/host/probe.ts';
import { readRuns } from '../../src/host/runs.ts';
import { transact } from '../../src/host/transact.ts';
import { unlock } from '../../src/host/unlock.ts';
import type { Handler } from '../../src/model/handler.ts';
import { noReads } from '../../src/model/reads.ts';
import { unitPath } from '../../src/model/snapshot.ts';
import type { Transaction } from '../../src/model/transaction.ts';
import type { Connection } from '../../src/ssh/contract.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import {
  change,
  file,
  machineId,
  reloadNginx,
  restartWeb,
  type Sample,
  sampleHost,
  transaction,
  until,
} from './sample.ts';

let sample: Sample;
beforeEach(async () => {
  sample = await sampleHost();
  for (const unit of ['etherpad', 'pads']) {
    writeFileSync(sample.path(`usr/lib/systemd/system/${unit}.service`), '[Service]\n');
    await sample.host.run('systemctl', 'start', unit);
  }
});
afterEach(async () => {
  await sample.close();
});

const site = '/etc/nginx/conf.d/site.conf';
const at = (path: string) => sample.path(path.slice(1));
const text = (path: string) => readFileSync(at(path), 'utf8');
const memory = (name: string) => sample.path(`run/stand-in/${name}`);
const bell = () => `echo 2 Late > ${memory('meetings')}`;
const commands = (kind: RegExp) =>
  existsSync(memory('journal'))
    ? text('/run/stand-in/journal')
        .split('\n')
        .filter((line) => kind.test(line))
    : [];
const owed = () =>
  existsSync(at('/var/lib/clusterproxy/clusters/prod/owed'))
    ? text('/var/lib/clusterproxy/clusters/prod/owed')
    : '';
const changes = () => [change(site, file(text(site)), file('server {\n  listen 81;\n}\n'))];
const carry = (plan: Transaction) => transact(() => connect(sample.host.target), plan);

async function over<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
  const connection = await connect(sample.host.target);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** A handler with the guard of bbb-web. */
function guarded(id: string, more: Partial<Handler>): Handler {
  return { ...restartWeb, id, checks: [], settle: 0, timeout: 20, ...more };
}
const restart = (...units: readonly string[]) =>
  guarded(`restart-${units.join('-')}`, {
    actions: units.map((unit) => ({ kind: 'restart', unit })),
    checks: units.map((unit) => ({ kind: 'active', unit })),
  });
const command = (id: string, script: string, more: Partial<Handler> = {}) =>
  guarded(id, { actions: [{ kind: 'command', argv: ['sh', '-c', script] }], ...more });
/** While it works a class begins; only with the new file. */
const rings = (more = '') => command('rings', `grep -q 81 ${at(site)} && { ${bell()}; ${more || ':'}; }; :`);
/** Interrupts nobody, and fails with the new file. */
const fails = () => command('fails', `! grep -q 81 ${at(site)}`, { guards: [] });

describe('once services were interrupted, and somebody comes', () => {
  test('what would interrupt them is left owed, for whoever looks, and done by a later run', async () => {
    const plan = transaction(changes(), [reloadNginx, rings(), restart('etherpad'), restartWeb]);
    const result = await carry(plan);
    expect(result).toMatchObject({
      state: 'committed',
      started: ['reload-nginx', 'rings'],
      owed: ['restart-etherpad', 'restart-bbb-web'],
      problem: { code: 'restarts-owed', detail: undefined },
    });
    expect(text(site)).toContain('81');
    expect(commands(/^restart/)).toEqual([]);
    expect(owed()).toBe('restart-bbb-web\nrestart-etherpad\n');
    const snapshot = await over((connection) => probe(connection, 'bbb-01', noReads, { cluster: 'prod' }));
    expect(snapshot.owed).toEqual(['restart-bbb-web', 'restart-etherpad']);
    const runs = await over(readRuns);
    expect(runs[0]?.warnings).toEqual([
      'postponed because people were connected (running meetings: 1, with 2 people): restart-etherpad, restart-bbb-web',
    ]);
    // One of them is done.
    writeFileSync(memory('meetings'), '');
    expect(await carry(transaction([], [restart('etherpad')]))).toMatchObject({
      state: 'committed',
      owed: [],
    });
    expect(owed()).toBe('restart-bbb-web\n');
  });

  test('what is broken already is finished, and of several units only those that are down', async () => {
    const stops = rings('systemctl stop etherpad; systemctl stop pads');
    const plan = transaction(changes(), [stops, restart('etherpad'), restart('pads', 'nginx'), restartWeb], {
      units: [],
    });
    const result = await carry(plan);
    expect(result).toMatchObject({
      state: 'committed',
      started: ['rings', 'restart-etherpad'],
      owed: ['restart-pads-nginx', 'restart-bbb-web'],
    });
    expect(commands(/^restart/)).toEqual(['restart etherpad.service', 'restart pads.service']);
  });

  test('nobody is asked where the operator said so', async () => {
    const plan = transaction(changes(), [rings(), restart('etherpad')], { force: true });
    expect(await carry(plan)).toMatchObject({
      state: 'committed',
      owed: [],
      started: ['rings', 'restart-etherpad'],
    });
  });
});

describe('what puts a run back', () => {
  test('leaves owed what works and is in use, and says so', async () => {
    const result = await carry(transaction(changes(), [restart('etherpad'), rings(), reloadNginx, fails()]));
    expect(result).toMatchObject({ state: 'reverted', problem: { code: 'handler-failed' } });
    expect(result.warnings.join()).toContain(
      'services that people use still run with the files of this run (running meetings: 1, with 2 people); these handlers were not run: restart-etherpad, rings',
    );
    expect(text(site)).not.toContain('81');
    expect(commands(/^re(start|load) /)).toEqual([
      'restart etherpad.service',
      'reload nginx.service',
      'reload nginx.service',
    ]);
    expect(owed()).toBe('restart-etherpad\nrings\n');
  });

  test('mends the service that is asked, although it can not answer, and then asks it for the others', async () => {
    const breaks = command('breaks', `grep -q 81 ${at(site)} && { systemctl stop bbb-web; exit 1; }; :`, {
      guards: [],
    });
    const web = { ...restartWeb, checks: restartWeb.checks.filter(({ kind }) => kind === 'active') };
    const result = await carry(transaction(changes(), [restart('etherpad'), web, breaks]));
    expect(result).toMatchObject({ state: 'reverted', warnings: [] });
    expect(commands(/^restart/)).toEqual([
      'restart etherpad.service',
      'restart bbb-web.service',
      'restart bbb-web.service',
      'restart etherpad.service',
    ]);
    expect(owed()).toBe('');
  });

  test.each([
    ['nobody is connected', '', ''],
    [
      'somebody is connected',
      '   0: 0100007F:20BA 0100007F:C000 01 0',
      'restart-bbb-web\nrestart-etherpad\n',
    ],
  ])('where the API that it has restarted stays silent, and %s', async (_, table, left) => {
    const silences = command(
      'silences',
      `grep -q 81 ${at(site)} && { touch ${memory('api-silent')}; exit 1; }; :`,
      { guards: [] },
    );
    writeFileSync(sample.path('proc/net/tcp6'), `  sl  local_address rem_address   st\n`);
    const connects = command('connects', `echo '${table}' >> ${sample.path('proc/net/tcp6')}`, {
      guards: [],
    });
    const web = { ...restartWeb, timeout: 3 };
    const result = await carry(transaction(changes(), [restart('etherpad'), web, connects, silences]));
    expect(result).toMatchObject({ state: 'reverted', problem: { code: 'handler-failed' } });
    expect(owed()).toBe(left);
    expect(commands(/^restart etherpad/)).toHaveLength(left === '' ? 2 : 1);
  });

  test('where an API is silent that this run has not restarted, it is not known whether it is used', async () => {
    const silences = command(
      'silences',
      `grep -q 81 ${at(site)} && { touch ${memory('api-silent')}; exit 1; }; :`,
      { guards: [] },
    );
    await carry(transaction(changes(), [restart('etherpad'), silences]));
    expect(owed()).toBe('restart-etherpad\n');
  });

  test('starts a service that breaks down again and again, although it is active at the moment', async () => {
    const calms = command('calms', `grep -q 81 ${at(site)} || rm -f ${memory('flaps-etherpad')}`, {
      guards: [],
    });
    const comes = { ...rings(), id: 'comes', guards: [] };
    writeFileSync(memory('flaps-etherpad'), '');
    const result = await carry(transaction(changes(), [calms, restart('etherpad'), comes]));
    expect(result).toMatchObject({ state: 'reverted', problem: { code: 'check-failed' }, warnings: [] });
    expect(commands(/^restart/)).toEqual(['restart etherpad.service', 'restart etherpad.service']);
  });

  test('starts a service that has failed for good, once that is forgotten', async () => {
    const breaks = command(
      'breaks',
      `grep -q 81 ${at(site)} && { echo failed > ${memory('units/etherpad.service')}; exit 1; }; :`,
    );
    const result = await carry(transaction(changes(), [restart('etherpad'), { ...breaks, guards: [] }]));
    expect(result).toMatchObject({ state: 'reverted' });
    expect(commands(/^(restart|reset-failed)/)).toEqual([
      'restart etherpad.service',
      'reset-failed etherpad.service',
      'restart etherpad.service',
    ]);
  });

  test('does not fail because of what did not run before: it does not run again', async () => {
    await sample.host.run('systemctl', 'stop', 'pads');
    const result = await carry(transaction(changes(), [restart('pads'), fails()]));
    expect(result).toMatchObject({ state: 'reverted', warnings: [] });
    expect(commands(/pads/).slice(-2)).toEqual(['restart pads.service', 'stop pads.service']);
  });

  test('tells whoever unlocks it', async () => {
    const gate = sample.path('run/gate');
    const waits = rings(`until [ -e ${gate} ]; do sleep 0.1; done`);
    const plan = transaction(changes(), [restart('etherpad'), waits]);
    const running = carry(plan);
    await until(() => existsSync(memory('meetings')) && readFileSync(memory('meetings'), 'utf8') !== '');
    const unlocked = await over((connection) => unlock(connection, { run: plan.run, machineId }));
    expect(unlocked).toMatchObject({ broken: true, state: 'reverted' });
    expect(unlocked.warnings.join()).toContain('these handlers were not run: restart-etherpad, rings');
    expect((await running).warnings).toEqual(unlocked.warnings);
  });

  test('does not run again, when it is tried again, what it has run', async () => {
    const stuck = command('stuck', `[ ! -e ${memory('jammed')} ]`, { guards: [] });
    writeFileSync(memory('jammed'), '');
    const first = await carry(transaction(changes(), [restart('etherpad'), stuck]));
    expect(first.state).toBe('stuck');
    const count = commands(/^restart etherpad/).length;
    writeFileSync(memory('meetings'), '');
    await sample.host.run('rm', memory('jammed'));
    expect((await carry(transaction([], []))).state).toBe('committed');
    expect(commands(/^restart etherpad/)).toHaveLength(count);
  });
});

describe('a unit that people use', () => {
  const unit = (before: string, after: string) => ({
    ...change(
      unitPath('etherpad.service'),
      { kind: 'unit', enabled: 'enabled', active: before },
      { kind: 'unit', enabled: 'enabled', active: after },
    ),
    guards: restartWeb.guards,
  });

  test('is not stopped while somebody is there', async () => {
    const plan = transaction([unit('active', 'inactive')], [], { units: [] });
    writeFileSync(memory('meetings'), '2 Maths\n');
    expect(await carry(plan)).toMatchObject({ state: 'deferred', problem: { code: 'busy' } });
    expect(commands(/^stop etherpad/)).toEqual([]);
  });

  test('is not stopped by a revert either, whose run has started it', async () => {
    await sample.host.run('systemctl', 'stop', 'etherpad');
    const plan = transaction(
      [...changes(), unit('inactive', 'active')],
      [{ ...rings(), guards: [] }, fails()],
    );
    const result = await carry(plan);
    expect(result).toMatchObject({ state: 'reverted' });
    expect(result.warnings.join()).toContain('etherpad.service was started by this run and was left running');
    expect(await sample.host.run('systemctl', 'is-active', 'etherpad')).toBe('active\n');
  });
});
