import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ReportDocument } from '../../src/report/document/schema.ts';
import { renderSchedule } from '../../src/report/terminal/schedule.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import { Systemd } from '../../src/schedule/systemd.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-systemd-'));
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A manager whose `start` goes on until `stop`, as that of a service of the type oneshot does. */
function manager(): Systemd {
  const program = join(folder, 'systemctl');
  writeFileSync(
    program,
    `#!/bin/sh
shift 2
# Before it is told: who sees that may stop it at once.
[ "$1" != start ] || rm -f '${folder}/stopped'
echo "$1" >>'${folder}/calls'
case $1 in
  start) until [ -e '${folder}/stopped' ]; do sleep 0.05; done ;;
  stop) : >'${folder}/stopped' ;;
esac
`,
  );
  chmodSync(program, 0o755);
  return new Systemd('user', { home: folder, variables: { XDG_RUNTIME_DIR: folder } });
}
const calls = () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');

it('a first report that is interrupted ends, and leaves nothing behind', async () => {
  const interrupting = new AbortController();
  const trying = manager().tryOut('first', () => '[Service]\n', interrupting.signal);
  const ended = expect(trying).rejects.toThrow(/abort/i);
  await vi.waitFor(() => expect(calls()).toContain('start'));
  interrupting.abort();
  await ended;
  // One that was left behind before would not begin anew.
  expect(calls().slice(0, 3)).toEqual(['daemon-reload', 'stop', 'start']);
  expect(readdirSync(folder).filter((name) => name.startsWith('clusterproxy-first'))).toEqual([]);
  expect(readdirSync(join(folder, 'systemd/user'))).toEqual([]);
});

it('what was removed is not said never to have been there', () => {
  const told = (schedule: object) =>
    renderSchedule(
      { command: 'schedule remove', schedule } as ReportDocument,
      makeStyle({ columns: 80, color: false, verbose: false }),
    );
  expect(told({ unit: 'u', installed: false, notes: ['u.timer and u.service are removed'] })).toEqual([
    'u.timer and u.service are removed',
  ]);
  expect(told({ unit: 'u', installed: false })).toEqual([
    'no schedule is installed for this inventory on this machine',
  ]);
});
