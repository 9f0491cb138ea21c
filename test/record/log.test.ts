import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EventLog } from '../../src/record/event-log.ts';
import { logsFolder, logsIn, removeOld, tooMany } from '../../src/record/folder.ts';
import { KeptLog } from '../../src/record/kept-log.ts';
import { Nameless } from '../../src/record/nameless.ts';
import type { Outlet } from '../../src/record/outlet.ts';
import { logOf } from '../../src/record/read-log.ts';
import { parseTarget } from '../../src/record/streams.ts';
import type { View } from '../../src/report/view.ts';

const beginning = {
  ...{ version: '1', command: 'apply', run: null, inventory: 'prod.yaml', cluster: 'prod' },
  ...{ operator: 'ada', from: 'laptop' },
};
const nobody: View = {
  show: () => undefined,
  end: () => undefined,
  progress: () => undefined,
  message: () => undefined,
};
const fresh = () => mkdtempSync(join(tmpdir(), 'record-'));
const newLog = () => new EventLog({ now: () => 0, mask: (text) => text.replaceAll('hunter2', '********') });

it('is in the folder for state, named after its run, and nobody else can read it', async () => {
  expect(logsFolder(undefined, '/home/ada')).toBe('/home/ada/.local/state/clusterproxy/events');
  // The specification has relative paths ignored.
  expect(logsFolder('here', '/home/ada')).toBe('/home/ada/.local/state/clusterproxy/events');
  const folder = join(fresh(), 'a/events');
  const log = newLog();
  log.begin(beginning, [await KeptLog.begin(folder, 'first')], () => undefined);
  const view = log.recording(nobody);
  view.progress({ kind: 'begun', run: 'rollout-one' });
  view.message('with hunter2 and \u202e');
  await log.close();
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(readdirSync(folder)).toEqual(['rollout-one.jsonl']);
  const file = join(folder, 'rollout-one.jsonl');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const text = readFileSync(file, 'utf8');
  expect(text.split('\n')[2]).toBe(
    '{"event":"message","at":"1970-01-01T00:00:00.000Z","text":"with ******** and \\u202e"}',
  );
  const { begin, lines } = logOf(text, file);
  expect(begin.operator).toBe('ada');
  expect(lines.map(({ event }) => event)).toEqual(['begin', 'progress', 'message']);

  const again = await KeptLog.begin(folder, 'rollout-one');
  await again.close();
  expect(readdirSync(folder).sort()).toEqual(['rollout-one.2.jsonl', 'rollout-one.jsonl']);
  const third = await KeptLog.begin(folder, 'rollout-one');
  third.name('rollout-one');
  await third.close();
  expect(readdirSync(folder).sort()).toEqual(
    [2, 3].map((number) => `rollout-one.${number}.jsonl`).concat('rollout-one.jsonl'),
  );
});

it('keeps no names of meetings, and is told all the same', () => {
  const kept: string[] = [];
  const outlet: Outlet = { where: 'x', write: (line) => kept.push(line), close: () => Promise.resolve() };
  const log = newLog();
  log.begin(beginning, [new Nameless(outlet)], () => undefined);
  const guard = { guard: 'meetings', state: 'busy', summary: 'meetings: 1, with 12 people' };
  const named = { ...guard, sessions: ['Board: 12 people'], ignored: ['Board test: nobody at present'] };
  const document = { hosts: [{ name: 'bbb-01', guards: [named] }], summary: { exitStatus: 0 } } as never;
  log.recording(nobody).show('plan', document);
  log.recording(nobody).end(document);
  expect(kept).toHaveLength(3);
  expect(kept.join('')).not.toContain('Board');
  expect(kept.filter((line) => line.includes('12 people'))).toHaveLength(2);
  expect(kept.every((line) => line.endsWith('}\n') && JSON.parse(line).event !== undefined)).toBe(true);
});

it('leaves a torn last line out, and refuses what is no event log', () => {
  const line = JSON.stringify({ event: 'begin', schemaVersion: 1, at: 'x', ...beginning });
  expect(logOf(`${line}\n{"event":"mess`, 'f').lines).toHaveLength(1);
  for (const text of ['', line, 'x\n', '{}\n', `${line}\n{}\n`, `${line}\n${line}\n`])
    expect(() => logOf(text, 'f'), text).toThrow();
});

it('keeps so many logs and bytes, and takes the oldest away', async () => {
  const sized = (...sizes: readonly number[]) => sizes.map((bytes) => ({ bytes }));
  expect(tooMany(sized(1, 1, 1), { logs: 3, bytes: 9 })).toHaveLength(1);
  expect(tooMany(sized(5, 5, 1), { logs: 9, bytes: 9 })).toHaveLength(2);
  expect(tooMany(sized(5, 4), { logs: 9, bytes: 9 })).toEqual([]);
  const folder = fresh();
  for (const name of ['c', 'a', 'b']) writeFileSync(join(folder, `${name}.jsonl`), name);
  writeFileSync(join(folder, 'notes.txt'), 'mine');
  const [latest] = await logsIn(folder);
  await removeOld(folder, { logs: 2, bytes: 9 });
  expect(readdirSync(folder).sort()).toEqual([`${latest?.name}.jsonl`, 'notes.txt'].sort());
});

it('goes on without whoever takes no more lines, and says so once', () => {
  const taken: string[] = [];
  const lost: string[] = [];
  const full: Outlet = {
    where: '/full',
    write: (line) => {
      if (!line.includes('"begin"')) throw Object.assign(new Error('x'), { code: 'ENOSPC' });
    },
    close: () => Promise.resolve(),
  };
  const good: Outlet = { where: 'x', write: (line) => taken.push(line), close: () => Promise.resolve() };
  const log = newLog();
  log.begin(beginning, [full, good], (text) => lost.push(text));
  const view = log.recording(nobody);
  view.message('one');
  view.message('two');
  expect(taken).toHaveLength(3);
  expect(lost).toEqual([
    "events of this run can't be written to /full any more (no space is left on the disk); it goes on without",
  ]);
});

it('closes a folder that others could read', async () => {
  const folder = join(fresh(), 'events');
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  await (await KeptLog.begin(folder, 'x')).close();
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

it.each([
  ['-', { kind: 'stdout' }],
  ['fd:1', { kind: 'stdout' }],
  ['fd:3', { kind: 'descriptor', number: 3 }],
  ['run.jsonl', { kind: 'file', path: 'run.jsonl' }],
  ['fd:0', undefined],
  ['fd:x', undefined],
  ['', undefined],
])('--events %s', (text, target) => expect(parseTarget(text)).toEqual(target));
