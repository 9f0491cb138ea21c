import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { probe } from '../../src/host/probe.ts';
import { transact } from '../../src/host/transact.ts';
import { noReads } from '../../src/model/reads.ts';
import type { Transaction } from '../../src/model/transaction.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import {
  absent,
  change,
  cutShort,
  file,
  restartWeb,
  type Sample,
  sampleHost,
  transaction,
} from './sample.ts';

const site = '/etc/nginx/conf.d/site.conf';
let sample: Sample;
beforeEach(async () => {
  sample = await sampleHost();
});
afterEach(async () => {
  await sample.close();
});

const text = (path: string) => readFileSync(sample.path(path.slice(1)), 'utf8');
const remember = (name: string, content: string) =>
  writeFileSync(sample.path(`run/stand-in/${name}`), content);
const state = (run: string) => text(`/var/lib/clusterproxy/runs/${run}/state`).trim();
const settle = (run: string, ...wish: string[]) =>
  sample.host.run('sh', sample.path(`var/lib/clusterproxy/runs/${run}/settle.sh`), run, ...wish);
const units = () => readdirSync(sample.path('etc/systemd/system'), { recursive: true }).map(String).sort();

/** A run that a power cut ended in the middle of its handler: nobody is alive, and nothing is decided. */
async function cutOff(more: Partial<Transaction> = {}): Promise<{ plan: Transaction; before: string }> {
  const before = text(site);
  const hanging = {
    ...restartWeb,
    timeout: 60,
    actions: [
      {
        kind: 'command' as const,
        argv: ['sh', '-c', `grep -q new "$CLUSTERPROXY_ROOT${site}" && sleep 60; true`],
      },
      { kind: 'restart' as const, unit: 'bbb-web' },
    ],
    checks: [],
  };
  const plan = transaction([change(site, file(before), file('# new\n'))], [hanging], more);
  await cutShort(
    sample,
    plan.run,
    transact(() => connect(sample.host.target), plan),
  );
  return { plan, before };
}

describe('the unit that settles a run when the host is started', () => {
  test('is wanted by what every service needs, reaches all that it has to write, and goes away with the run', async () => {
    const odd = '/etc/with "quotes" and 100%/file';
    const { plan } = await cutOff();
    const name = `clusterproxy-settle-${plan.run}.service`;
    expect(units()).toEqual([name, 'sysinit.target.wants', `sysinit.target.wants/${name}`]);
    const link = sample.path(`etc/systemd/system/sysinit.target.wants/${name}`);
    expect(readlinkSync(link)).toBe(`/etc/systemd/system/${name}`);
    const unit = text(`/etc/systemd/system/${name}`);
    expect(unit).toContain('DefaultDependencies=no\nAfter=local-fs.target\nBefore=sysinit.target');
    expect(unit).toContain('RequiresMountsFor="/var/lib/clusterproxy" "/etc/nginx/conf.d" \n');
    expect(unit).toContain(
      `ExecStart=-/bin/sh /var/lib/clusterproxy/runs/${plan.run}/settle.sh ${plan.run} boot`,
    );
    await settle(plan.run);
    expect(existsSync(sample.path('etc/systemd'))).toBe(false);

    let escaped = '';
    await transact(() => connect(sample.host.target), transaction([change(odd, absent, file('x'))], []), {
      onEvent: (event) => {
        if (event.kind === 'state' && event.state === 'prepared') {
          const [first = ''] = units().filter((unit) => unit.startsWith('clusterproxy-settle-'));
          escaped = text(`/etc/systemd/system/${first}`);
        }
      },
    });
    // The run may be over by the time that its state is told; then there is nothing to look at.
    if (escaped !== '') expect(escaped).toContain('"/etc/with \\"quotes\\" and 100%%"');
  });

  test('puts the files back, makes systemd read its units, and runs no handler', async () => {
    const { plan, before } = await cutOff();
    remember('system-state', 'initializing');
    remember('journal', '');
    await settle(plan.run, 'boot');
    expect(text(site)).toBe(before);
    expect(state(plan.run)).toBe('reverted');
    expect(new Set(text('/run/stand-in/journal').trim().split('\n'))).toEqual(new Set(['daemon-reload']));
    expect(existsSync(sample.path('etc/systemd'))).toBe(false);
    expect(text('/run/stand-in/syslog')).toContain(
      `daemon.warning reverted: ada from laptop, apply, run ${plan.run}`,
    );
  });

  test('does nothing when it is started while the host runs', async () => {
    const { plan } = await cutOff();
    for (const now of ['starting', 'running', 'degraded', 'maintenance', 'stopping']) {
      remember('system-state', now);
      await settle(plan.run, 'boot');
      expect(state(plan.run)).toBe('open');
      expect(text(site)).toBe('# new\n');
    }
  });

  test('is left to work when the host is shut down in order', async () => {
    const { plan, before } = await cutOff();
    remember('system-state', 'stopping');
    await settle(plan.run);
    expect(state(plan.run)).toBe('open');
    expect(text(site)).toBe('# new\n');
    remember('system-state', 'initializing');
    await settle(plan.run, 'boot');
    expect(text(site)).toBe(before);
  });

  test('one whose run is over is taken away by the next run', async () => {
    const folder = sample.path('etc/systemd/system');
    expect((await transact(() => connect(sample.host.target), transaction([], []))).state).toBe('committed');
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/clusterproxy-settle-20250101T000000Z-aaaaaa.service`, '[Unit]\n');
    expect((await transact(() => connect(sample.host.target), transaction([], []))).state).toBe('committed');
    expect(units()).toEqual([]);
  });
});

test('services that a revert could not restart, since somebody was there, are owed until a run has restarted them', async () => {
  const { plan } = await cutOff();
  writeFileSync(sample.path(`var/lib/clusterproxy/runs/${plan.run}/boot`), 'another\n');
  remember('meetings', '2 Maths\n');
  await settle(plan.run);
  expect(state(plan.run)).toBe('reverted');
  const look = async () => {
    const connection = await connect(sample.host.target);
    const { owed } = await probe(connection, 'bbb-01', noReads, { cluster: 'prod' });
    await connection.close();
    return owed;
  };
  expect(await look()).toEqual(['restart-bbb-web']);
  remember('meetings', '');
  const reach = () => connect(sample.host.target);
  expect((await transact(reach, transaction([], []))).state).toBe('committed');
  expect(await look()).toEqual(['restart-bbb-web']);
  expect((await transact(reach, transaction([], [{ ...restartWeb, checks: [] }]))).state).toBe('committed');
  expect(await look()).toEqual([]);
});

test('a host that systemd does not run is refused before anything is stored', async () => {
  rmdirSync(sample.path('run/systemd/system'));
  const result = await transact(() => connect(sample.host.target), transaction([], []));
  expect(result).toMatchObject({ state: 'refused', problem: { code: 'no-systemd' } });
  const connection = await connect(sample.host.target);
  expect((await probe(connection, 'bbb-01', noReads)).systemd).toBe(false);
  await connection.close();
  expect(existsSync(sample.path('var/lib/clusterproxy'))).toBe(false);
});

test('each end is told to the system log, and as many runs are remembered as asked for', async () => {
  for (let count = 0; count < 4; count++) {
    expect((await transact(() => connect(sample.host.target), transaction([], [], { keep: 2 }))).state).toBe(
      'committed',
    );
  }
  expect(readdirSync(sample.path('var/lib/clusterproxy/runs'))).toHaveLength(2);
  const lines = text('/run/stand-in/syslog').trim().split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[3]).toMatch(/^daemon\.notice committed: ada from laptop, apply, run \S+, cluster prod$/);
});
