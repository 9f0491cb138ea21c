import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { understand } from '../../src/cli/completion/wanted.ts';
import { describedProgram } from '../../src/cli/program.ts';
import { buildProgram, clusterproxy, main } from './program.ts';

let folder: string;
let inventory: string;
const hostile = ['$(touch ran)', '`touch ran`', 'a;touch ran', "'x", '"x', 'a\nb', 'a b', '-rf', '\x1b[2J'];
beforeAll(async () => {
  await buildProgram();
  folder = await mkdtemp(join(tmpdir(), 'clusterproxy-complete-'));
  inventory = join(folder, 'prod.yaml');
  const nodes = ['node-01', 'node-02', ...hostile].map((name) => ({ name }));
  await writeFile(
    inventory,
    // YAML 1.2 takes JSON. The playbook has code of its own, which would leave a file behind.
    JSON.stringify({
      ...{ playbook: './evil.yaml', cluster: { name: 'prod' } },
      hosts: { proxy: [{ name: 'proxy-1' }], node: nodes, '$(touch ran)': [{ name: 'x1' }] },
    }),
  );
  await writeFile(join(folder, 'evil.yaml'), `name: evil\nmodules: [./evil.mjs]\n`);
  await writeFile(
    join(folder, 'evil.mjs'),
    `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(join(folder, 'ran'))}, '');\n`,
  );
  await mkdir(join(folder, 'clusterproxy/events'), { recursive: true });
  for (const run of ['20261121T074501Z-4f2a9c', '$(touch ran)', 'x'])
    await writeFile(join(folder, 'clusterproxy/events', `${run}.jsonl`), '{}\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What the program offers at the end of a command line: the words, without what they mean. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const { status, stdout, stderr } = await clusterproxy(['__complete', ...words], { XDG_STATE_HOME: folder });
  expect([status, stderr]).toEqual([0, '']);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')[0] ?? '');
}

describe('what is offered', () => {
  it.each([
    [['pl'], ['words', 'plan', 'playbook']],
    [
      ['docs', 'erro'],
      ['words', 'errors', 'errors-changing', 'errors-command', 'errors-files', 'errors-looking'],
    ],
    [
      ['fleet', ''],
      ['words', 'plan', 'apply', 'check', 'status', 'help'],
    ],
    [
      ['docs', 'stuck', 'end'],
      ['words', 'end-a-run'],
    ],
    [['docs', 'no-such-page', ''], ['words']],
    [
      ['docs', 'stuck#end'],
      ['words', 'stuck#end-a-run'],
    ],
    [
      ['explain', 'not-st'],
      ['words', 'not-started'],
    ],
    [
      ['schedule', 'r'],
      ['words', 'run', 'remove'],
    ],
    [
      ['plan', '--pru'],
      ['words', '--prune'],
    ],
    [
      ['apply', '--when-busy', 'd'],
      ['words', 'drain'],
    ],
    [
      ['apply', '--when-busy', '=', 'd'],
      ['words', 'drain'],
    ],
    [
      ['apply', '--when-busy=d'],
      ['words', '--when-busy=drain'],
    ],
    [
      ['completion', ''],
      ['words', 'bash', 'zsh', 'fish'],
    ],
    [['plan', '-i', ''], ['files']],
    [['plan', '--out', ''], ['files']],
    [['verify', '--screenshots', ''], ['folders']],
    [
      ['schema', '--playbook', 'w'],
      ['files', 'wcs'],
    ],
    [
      ['schema', ''],
      ['words', 'inventory', 'playbook', 'report', 'events', 'fleet'],
    ],
    [
      ['playbook', 'check', 'w'],
      ['files', 'wcs'],
    ],
    [
      ['explain', 'inventory-exp'],
      ['words', 'inventory-exposed'],
    ],
    [
      ['report', ''],
      ['words', '20261121T074501Z-4f2a9c'],
    ],
    [
      ['history', '--run', '2026'],
      ['words', '20261121T074501Z-4f2a9c'],
    ],
    [['plan', '--events', ''], ['words']],
    [['nonsense', ''], ['words']],
    [
      ['help', 'unl'],
      ['words', 'unlock'],
    ],
  ] as const)('%j', async (words, expected) => expect(await offered(...words)).toEqual(expected));

  it('are hosts and roles of the inventory that is named or lies there, without its playbook', async () => {
    const all = ['proxy-1', 'node-01', 'node-02', 'proxy', 'node'];
    const file = inventory;
    expect(await offered('plan', '-i', file, '--limit', '')).toEqual(['words', ...all]);
    expect(await offered('plan', `--inventory=${file}`, '--limit', 'node-')).toEqual([
      'words',
      'node-01',
      'node-02',
    ]);
    expect(await offered('plan', '-i', file, '--limit', 'proxy,node-02')).toEqual(['words', 'proxy,node-02']);
    // As bash hands quotes on.
    expect(await offered('retire', '-i', `"${file}"`, 'node-01')).toEqual(['words', 'node-01']);
    expect(await offered('retire', '--', '')).toEqual(['words']);
    const { stdout } = await clusterproxy(['__complete', 'retire', 'n'], { CLUSTERPROXY_INVENTORY: file });
    expect(stdout).toBe('words\nnode-01\tnode\nnode-02\tnode\n');
    expect(await readdir(folder)).not.toContain('ran');
  });

  it('are clusters of the inventories that a pattern matches', async () => {
    const pattern = join(folder, '*.yaml');
    expect(await offered('fleet', 'check', '-i', `"${pattern}"`, '--cluster', 'p')).toEqual([
      'words',
      'prod',
    ]);
    expect(await offered('fleet', 'check', '-i', pattern, '--cluster', 'x,')).toEqual(['words', 'x,prod']);
    expect(await offered('fleet', 'check', '--cluster', '')).toEqual(['words']);
    expect(await readdir(folder)).not.toContain('ran');
  });

  it('is nothing where the inventory is missing, broken or a pipe', async () => {
    const [broken, pipe] = [join(folder, 'broken.yaml'), join(folder, 'pipe')];
    await writeFile(broken, 'hosts: [');
    await promisify(execFile)('mkfifo', [pipe]);
    for (const file of [join(folder, 'none.yaml'), broken, pipe])
      expect(await offered('plan', '-i', file, '--limit', '')).toEqual(['words']);
  });

  it('is known for every option and operand that names something of a closed list', () => {
    const program = describedProgram();
    expect(understand(program, ['accept', '']).wanted).toEqual({ kind: 'hosts' });
    expect(understand(program, ['reboot', 'a', '']).wanted).toEqual({ kind: 'hosts' });
    expect(understand(program, ['follow', '']).wanted).toEqual({ kind: 'runs' });
    expect(understand(program, ['follow', 'x', '']).wanted).toEqual({ kind: 'nothing' });
    expect(understand(program, ['trust', '--replace', 'a,b']).before).toBe('a,');
  });
});

it('completion prints the script that packages install', async () => {
  const files = { bash: 'clusterproxy.bash', zsh: '_clusterproxy', fish: 'clusterproxy.fish' };
  for (const [shell, file] of Object.entries(files)) {
    const { stdout } = await clusterproxy(['completion', shell]);
    expect(stdout).toBe(await readFile(join(dirname(main), 'completions', file), 'utf8'));
    expect(stdout).toBe(
      await readFile(join(import.meta.dirname, '../../src/cli/completion', `clusterproxy.${shell}`), 'utf8'),
    );
  }
});
