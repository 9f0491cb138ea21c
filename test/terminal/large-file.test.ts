import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedHost, startEmbeddedHost } from '../../src/demo/embedded-host.ts';
import { buildProgram } from '../cli/program.ts';
import { closeTerminals, clusterproxyOn, wide } from './terminal.ts';

/** Says on which host planning has come how far. */
const telling = `import { writeSync } from 'node:fs';
export default ({ z }) => ({
  name: 'telling',
  description: 'says that it is its turn',
  parameters: z.strictObject({ words: z.string() }),
  reads: () => ({ paths: ['/etc/large.yml', '/etc'] }),
  // Where its playbook is checked nobody says anything.
  apply: (host, { words }) => host.text('/etc/large.yml')?.includes('key0') && writeSync(2, words + '\\n'),
});
`;
/** Where a file is that large, planning takes place on another thread. */
const lines = 4_000;
/** One edit after the other, each of which is short: all of them take much longer than anybody waits. */
const keys = 300;
const playbook = `name: large
description: for tests
modules: [telling.mjs]
roles:
  node:
    description: a host
    steps:
      - {id: begins, telling: {words: 'planning {{ host.name }}'}}
      - id: large
        yaml:
          path: /etc/large.yml
          set: {${Array.from({ length: keys }, (_, index) => `key${index * 7}: another`).join(', ')}}
      - {id: ends, telling: {words: 'planned {{ host.name }}'}}
`;

/** An edit that takes as long as the file lasts that it looks for: nothing else gets a turn on its thread. */
const lasting = `import { existsSync } from 'node:fs';
export default ({ z }) => ({
  name: 'lasting',
  description: 'an edit that lasts',
  parameters: z.strictObject({ file: z.string() }),
  reads: () => ({ paths: ['/etc/large.yml', '/etc'] }),
  apply: (host, { file }) => {
    while (host.text('/etc/large.yml')?.includes('key0') && existsSync(file));
  },
});
`;
/** What ends the thread on which it runs, as too little memory would. */
const crashing = `export default ({ z }) => ({
  name: 'crashing',
  description: 'ends the thread',
  parameters: z.strictObject({ on: z.string() }),
  reads: () => ({ paths: ['/etc/large.yml', '/etc'] }),
  apply: (host, { on }) => {
    if (host.text('/etc/large.yml')?.includes('key0') && on === 'node-1') process.exit(7);
  },
});
`;
const playbookOf = (name: string, steps: readonly string[]) => `name: ${name}
description: for tests
modules: [telling.mjs, ${name}.mjs]
roles:
  node:
    description: a host
    steps:
      - {id: begins, telling: {words: 'planning {{ host.name }}'}}
${steps.map((step) => `      - ${step}\n`).join('')}      - {id: ends, telling: {words: 'planned {{ host.name }}'}}
`;

let folder: string;
const hosts: EmbeddedHost[] = [];
beforeAll(async () => {
  await buildProgram();
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-large-'));
  put('telling.mjs', telling);
  put('large.yaml', playbook);
  put('lasting.mjs', lasting);
  put('lasts', '');
  put('lasting.yaml', playbookOf('lasting', [`{id: lasts, lasting: {file: ${join(folder, 'lasts')}}}`]));
  put('crashing.mjs', crashing);
  put(
    'crashing.yaml',
    playbookOf('crashing', [
      `{id: crashes, crashing: {on: '{{ host.name }}'}}`,
      '{id: key, yaml: {path: /etc/large.yml, set: {key0: another}}}',
    ]),
  );
  for (const name of ['node-1', 'node-2']) {
    put(`${name}/etc/machine-id`, `${name.at(-1)?.repeat(32)}\n`);
    put(`${name}/etc/os-release`, 'ID=debian\nVERSION_ID="12"\n');
    put(
      `${name}/etc/large.yml`,
      Array.from({ length: lines }, (_, i) => `key${i}: "value" # why\n`).join(''),
    );
    mkdirSync(join(folder, name, 'var/lib'), { recursive: true });
    hosts.push(
      await startEmbeddedHost({ name, root: join(folder, name), work: join(folder, `${name}-ssh`) }),
    );
  }
}, 120_000);
afterEach(closeTerminals);
afterAll(async () => {
  for (const host of hosts) await host.close();
  rmSync(folder, { recursive: true, force: true });
});

function put(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function inventory(playbook = 'large'): string {
  const node = hosts.map(({ name, port, hostKey, target }) => ({
    name,
    hostname: `${name}.example.com`,
    ssh: { address: '127.0.0.1', port, host_keys: [hostKey], identity_files: target.identityFiles },
  }));
  const cluster = { name: 'large', hostname: 'large.example.com' };
  const all = {
    playbook: `./${playbook}.yaml`,
    cluster,
    ssh: { user: 'root', config: 'none' },
    hosts: { node },
  };
  put(`inventory-${playbook}.yaml`, JSON.stringify(all));
  return `inventory-${playbook}.yaml`;
}

describe('while the large file of a host is planned', () => {
  it.each(['plan', 'check', 'apply'])('Ctrl-C ends %s, with words', async (command) => {
    const terminal = clusterproxyOn([command, '-i', inventory()], { cwd: folder });
    await terminal.shows('planning node-1');
    terminal.type('\x03');
    expect(await terminal.ended()).toBe(130);
    const words = (await terminal.everything()).join('\n');
    expect(words).toContain('interrupted');
    expect(words).not.toContain('planned node-1');
    expect(words).not.toContain('planning node-2');
  });

  it('Ctrl-C is heard in the middle of one edit, however long that lasts', async () => {
    const terminal = clusterproxyOn(['plan', '-i', inventory('lasting')], { cwd: folder });
    await terminal.shows('planning node-1');
    terminal.type('\x03');
    // The edit isn't over: the file that it waits for is still there.
    expect(await terminal.ended()).toBe(130);
    const words = (await terminal.everything()).join('\n');
    expect(words).toContain('interrupted before anything was changed');
    expect(words).not.toContain('planned node-1');
  });

  it('a crash is that host’s problem, and the others are planned', async () => {
    const terminal = clusterproxyOn(['plan', '-i', inventory('crashing')], { cwd: folder, size: wide });
    expect(await terminal.ended()).toBe(3);
    const words = (await terminal.everything()).join('\n');
    expect(words).toMatch(
      /node-1: node\n +error planning-crashed: [^:]*:\s+it\s+ended\s+with\s+the\s+exit\s+code\s+7/,
    );
    expect(words).toContain('node-2: node');
    expect(words).toContain('planned node-2');
  });
});
