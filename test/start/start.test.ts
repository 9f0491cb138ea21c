import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildProgram, main } from '../support/built-program.ts';

const root = join(import.meta.dirname, '../..');
let folder: string;
let dist: string;
let home: string;

/** A copy of the program without what the build has compiled, as a package for npm is. */
beforeAll(async () => {
  await buildProgram();
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'clusterproxy-start-')));
  dist = join(folder, 'dist');
  home = join(folder, 'cache');
  cpSync(dirname(main), dist, { recursive: true });
  for (const name of ['package.json', 'src', 'docs', 'schema', 'playbooks'])
    symlinkSync(join(root, name), join(folder, name));
  for (const name of compiledIn(dist)) rmSync(join(dist, name));
});
afterAll(() => rmSync(folder, { recursive: true }));

const compiledIn = (where: string) => readdirSync(where).filter((name) => name.endsWith('.code'));
const own = () => join(home, 'clusterproxy/code');

function start(...words: readonly string[]): string {
  return execFileSync(process.execPath, [join(dist, 'main.js'), ...words], {
    env: { ...process.env, XDG_CACHE_HOME: home },
    encoding: 'utf8',
    cwd: root,
  });
}

/** Of the file that is kept. */
function commands(): readonly string[] {
  const [name = ''] = readdirSync(own());
  return JSON.parse(readFileSync(join(own(), name), 'latin1').split('\n')[0] ?? '').commands;
}

test('the build compiles in advance, and then nothing is kept elsewhere', () => {
  expect(compiledIn(dirname(main))).toHaveLength(1);
  const elsewhere = join(folder, 'unused');
  execFileSync(process.execPath, [main, 'config'], { env: { ...process.env, XDG_CACHE_HOME: elsewhere } });
  expect(readdirSync(folder)).not.toContain(basename(elsewhere));
});

test('whatever is kept, the program does the same, and keeps what is missing', () => {
  const validate = ['validate', '--inventory', 'inventory.example.yaml'];
  const first = start(...validate);
  expect(first).toContain('inventory.example.yaml is valid');
  expect(commands()).toEqual(['validate']);
  expect(start(...validate)).toBe(first);
  expect(start('--version')).toMatch(/^\d+\.\d+\.\d+/);
  expect(commands()).toEqual(['validate', '--version']);
  expect(start(...validate)).toBe(first);

  const [name = ''] = readdirSync(own());
  const path = join(own(), name);
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, whole.length / 2));
  expect(start(...validate)).toBe(first);
  // Made anew, of what has run.
  expect(commands()).toEqual(['validate']);

  chmodSync(own(), 0o777);
  writeFileSync(path, 'not to be touched');
  expect(start(...validate)).toBe(first);
  expect(readFileSync(path, 'utf8')).toBe('not to be touched');
});
