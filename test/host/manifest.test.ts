import { expect, test } from 'vitest';
import { manifest, timeLimit } from '../../src/host/manifest.ts';
import type { PathState } from '../../src/model/snapshot.ts';
import { absent, change, directory, file, reloadNginx, restartWeb, transaction } from './sample.ts';

const link: PathState = { kind: 'symlink', target: 'x' };
const special: PathState = { kind: 'unreadable', reason: 'a device' };

test('every field of a change stands at its place, also the empty ones', () => {
  const lines = manifest(
    transaction([change('/etc/a b', file('x', 0o4750), { kind: 'symlink', target: 'to there' })], []),
  ).split('\n');
  const fields = lines.find((line) => line.startsWith('change'))?.split('\u001f');
  expect(fields).toHaveLength(16);
  expect(fields?.slice(0, 4)).toEqual(['change', '1', '/etc/a b', 'file']);
  expect(fields?.[5]).toBe('4750');
  expect(fields?.slice(9)).toEqual(['symlink', '', '', '', '', 'to there', '.']);
});

test.each<[string, PathState, PathState, boolean]>([
  ['a file becomes a link', file('x'), link, true],
  ['a link becomes a file', link, file('x'), true],
  ['a directory comes', absent, directory(), true],
  ['a directory goes', directory(), absent, true],
  ['a directory becomes a file', directory(), file('x'), false],
  ['a link becomes a directory', link, directory(), false],
  ['a device becomes a file', special, file('x'), false],
])('%s', (_, before, after, possible) => {
  const write = () => manifest(transaction([change('/etc/a', before, after)], []));
  if (possible) expect(write).not.toThrow();
  else expect(write).toThrow(expect.objectContaining({ code: 'unsupported-change' }));
});

test('what would break the records is refused', () => {
  const control = expect.objectContaining({ code: 'control-character' });
  expect(() => manifest(transaction([change('/etc/a\nb', absent, file('x'))], []))).toThrow(control);
  const argv = ['sh', '-c', 'a\nb'];
  expect(() => manifest(transaction([], [{ ...reloadNginx, validate: argv }]))).toThrow(control);
  expect(() => manifest(transaction([], [{ ...reloadNginx, id: 'a b' }]))).toThrow(
    expect.objectContaining({ code: 'handler-id' }),
  );
});

test('the host has at least the time that its handlers have', () => {
  const limit = timeLimit(transaction([], [restartWeb, { ...reloadNginx, timeout: 300 }]));
  expect(limit).toBeGreaterThan(305 + restartWeb.settle);
});
