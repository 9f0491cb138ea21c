import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settingsIn } from '../../src/schedule/settings.ts';
import { commandLine, serviceText, type Unit, units } from '../../src/schedule/units.ts';
import { hasSystemd } from './systemd-here.ts';

const unit: Unit = {
  ...{ name: 'prod-1a2b3c4d', cluster: 'prod', policy: 'fix', when: { kind: 'hours', every: 1 } },
  ...{ spread: 600, zone: 'Europe/Berlin', program: [process.execPath, '/opt/clusterproxy/dist/main.js'] },
  words: ['schedule', 'run', '--inventory', '/home/ops/100 % sure.yaml', '--policy', 'fix'],
  manager: { kind: 'system', account: 'root' },
  records: '/var/lib/clusterproxy-schedule/prod-1a2b3c4d',
  credentials: new Map([['DB_PASSWORD', '/etc/clusterproxy/db password']]),
};
const user: Unit = { ...unit, manager: { kind: 'user' }, records: '/home/ada/.local/state/x' };

it('the service calls the program by absolute paths, with nobody to ask', () => {
  const text = serviceText(unit);
  expect(text).toContain(
    `ExecStart=${process.execPath} /opt/clusterproxy/dist/main.js schedule run --inventory "/home/ops/100 %% sure.yaml" --policy fix --state /var/lib/clusterproxy-schedule/prod-1a2b3c4d\n`,
  );
  expect(text).toContain('LoadCredential=DB_PASSWORD:/etc/clusterproxy/db password\n');
  expect(text).toContain('StateDirectory=clusterproxy-schedule/prod-1a2b3c4d\n');
  expect(text).toContain('UnsetEnvironment=SSH_AUTH_SOCK ');
  expect(text).toContain('StandardInput=null\n');
  // Neither belongs to a user's own manager.
  expect(serviceText(user)).not.toMatch(/^(User|StateDirectory)=/m);
});

it('a user may have a blank, a dollar and a percent sign in the path of the records', () => {
  expect(serviceText({ ...user, records: '/home/ada b/$x/5%' })).toContain(
    'ReadWritePaths="/home/ada b/$x/5%%"\n',
  );
});

it('it may write where its metrics are read, also where that folder is gone', () => {
  const metrics = '/var/lib/node exporter/prod.prom';
  for (const one of [unit, user])
    expect(serviceText({ ...one, metrics })).toContain('ReadWritePaths="-/var/lib/node exporter"\n');
  expect(serviceText(unit)).not.toContain('ReadWritePaths=');
});

it('what the timer is for can be read from it again', () => {
  const [, timer] = units(unit);
  expect(timer?.file).toBe('clusterproxy-schedule-prod-1a2b3c4d.timer');
  expect(timer?.text).toContain('RandomizedDelaySec=600s\n');
  expect(timer?.text).toContain('Persistent=true\n');
  expect(settingsIn(timer?.text ?? '')).toEqual({
    ...{ policy: 'fix', when: 'every 1h', records: unit.records },
  });
  expect(settingsIn('[Timer]\nOnCalendar=daily\n')).toBeUndefined();
});

it.each([
  [['/a/b', '--x=1'], '/a/b --x=1'],
  [['a b', 'c"d', "e'f"], '"a b" "c\\"d" "e\'f"'],
  [['50%', '$HOME', 'a\\b'], '50%% $$HOME "a\\\\b"'],
  [['ä', ''], '"ä" ""'],
])('%j is %s', (words, line) => {
  expect(commandLine(words)).toBe(line);
});

describe.skipIf(!hasSystemd)('judged by systemd', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'clusterproxy-units-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['system', unit],
    ['user', user],
  ] as const)('of the %s manager: valid, and exposed less than 3.0', (_kind, one) => {
    // The program has to be there.
    const real = { ...one, program: [process.execPath] };
    const files = units(real).map(({ file, text }) => {
      writeFileSync(join(folder, file), text);
      return join(folder, file);
    });
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], { encoding: 'utf8' });
    expect(verified.stderr).not.toContain('clusterproxy');
    expect(verified.status).toBe(0);
    const [service = ''] = files;
    const words = ['security', '--offline=true', '--no-pager', service];
    const text = execFileSync('systemd-analyze', words, { encoding: 'utf8' });
    const [, exposure = '10'] = /Overall exposure level for .*: ([\d.]+)/.exec(text) ?? [];
    expect(Number(exposure)).toBeLessThan(3);
  });

  it('a mistake would be found', () => {
    const file = join(folder, 'wrong.service');
    writeFileSync(file, serviceText(unit).replace('UMask=0077', 'UMask=rw'));
    expect(spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' }).stderr).toContain(
      'ignoring: rw',
    );
  });
});
