import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildProgram } from '../cli/program.ts';
import { startCluster, type TestCluster } from '../run/cluster.ts';
import { asUsersHaveIt } from './as-users-have-it.ts';
import { Names, run } from './transcript.ts';

const root = join(import.meta.dirname, '../..');
/** Pages with screens, in the order in which their commands are run: all of them over one cluster. */
const pages = ['README.md', 'docs/apply.md', 'docs/plan.md', 'docs/stuck.md'];
/** Writes what commands print into the pages instead of comparing it: review the difference. */
const recording = process.env.CLUSTERPROXY_RECORD === '1';

/**
 * A screen is a fenced block below a comment that names the command, perhaps behind others that lead up to it
 * and print nothing.
 */
const screen = /^(<!-- screen: (.*) -->\n```text\n)([\s\S]*?)(^```)$/gm;

let cluster: TestCluster;
let names: Names;
beforeAll(async () => {
  [cluster] = await Promise.all([startCluster(), buildProgram()]);
  names = new Names(cluster.folder);
});
afterAll(() => cluster?.close());

it('no page has screens that are not made', () => {
  const all = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)];
  const marked = all.filter(
    (name) => name.endsWith('.md') && /^<!-- screen: /m.test(readFileSync(join(root, name), 'utf8')),
  );
  expect(marked).toEqual(pages);
});

it.each(pages)('the screens of %s are what the program shows', async (page) => {
  const file = join(root, page);
  const text = readFileSync(file, 'utf8');
  const shown: string[] = [];
  for (const [, , command = ''] of text.matchAll(screen)) {
    const printed = await run(command, { cwd: cluster.folder, env: asUsersHaveIt(cluster.folder) });
    shown.push(
      names
        .in(printed)
        .replace(/^looking at \d+ hosts\n/m, '')
        .replaceAll('demo.yaml', 'prod.yaml'),
    );
  }
  expect(shown).toHaveLength(text.match(/^<!-- screen: /gm)?.length ?? 0);
  const now = text.replace(screen, (_all, before, _command, _old, end) => `${before}${shown.shift()}${end}`);
  if (recording) writeFileSync(file, now);
  else expect(now).toBe(text);
});
