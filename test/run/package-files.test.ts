import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { OperatorError } from '../../src/model/operator-error.ts';
import { packageFilesIn } from '../../src/run/package-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-packages-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = (name: string, content: string) =>
  `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(content.length).padEnd(10)}\`\n${content}${content.length % 2 === 1 ? '\n' : ''}`;
const head = `!<arch>\n${entry('debian-binary', '2.0\n')}${entry('control.tar.xz', 'odd')}`;

async function problemOf(name: string, content: string | undefined): Promise<string> {
  if (content !== undefined) writeFileSync(join(folder, name), content);
  try {
    await packageFilesIn(folder);
    return 'none';
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return `${error.problem.code}: ${error.problem.message.replace(folder, 'DIR')}`;
  }
}

it('says in words that there is no such folder, or none at all', async () => {
  const at = (path: string) =>
    packageFilesIn(join(folder, path)).catch((error: unknown) =>
      error instanceof OperatorError ? error.problem : undefined,
    );
  const next = 'give the folder in which the .deb files of the new version are';
  expect(await at('nope')).toMatchObject({
    code: 'packages-unreadable',
    message: `no packages can be read from ${folder}/nope: there is no such folder`,
    next,
  });
  writeFileSync(join(folder, 'a.deb'), head);
  expect(await at('a.deb')).toMatchObject({
    message: expect.stringMatching(/a\.deb: it is a file, not a folder$/),
  });
});

it('takes the beginning of a package up to the end of its control archive', async () => {
  writeFileSync(join(folder, 'b.deb'), `${head}${entry('data.tar.xz', 'large')}`);
  writeFileSync(join(folder, 'a.deb'), head);
  writeFileSync(join(folder, 'notes.txt'), 'not a package');
  const files = await packageFilesIn(folder);
  expect(files.map(({ file }) => file)).toEqual(['a.deb', 'b.deb']);
  expect(files.map((one) => one.head.toString())).toEqual([head, head]);
  expect(files[0]?.sha256).toMatch(/^[0-9a-f]{64}$/);
});

it.each([
  ['notes.txt', 'x', 'packages-unreadable: there is no .deb file in DIR'],
  [
    'a.deb',
    'hi',
    "package-unreadable: DIR/a.deb can't be used as a package: it is not a whole Debian package",
  ],
  [
    'a.deb',
    'PK'.repeat(90),
    "package-unreadable: DIR/a.deb can't be used as a package: it is not a Debian package",
  ],
  [
    'a.deb',
    head.slice(0, -2),
    "package-unreadable: DIR/a.deb can't be used as a package: it is not a whole Debian package",
  ],
  [
    'a.deb',
    '!<arch>\n'.padEnd(200, 'x'),
    "package-unreadable: DIR/a.deb can't be used as a package: it is not a Debian package",
  ],
])('refuses %s', async (name, content, expected) => {
  expect(await problemOf(name, content)).toBe(expected);
});

it('refuses a folder that is not there', async () => {
  await expect(packageFilesIn(join(folder, 'none'))).rejects.toThrow('no packages can be read from');
});
