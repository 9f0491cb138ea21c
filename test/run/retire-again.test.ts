import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inventoryName } from '../../src/demo/cluster.ts';
import { buildProgram, clusterproxy } from '../cli/program.ts';
import { problems, startCluster, type TestCluster } from './cluster.ts';

/** One cluster for all tests of this file, which follow one another: its nodes leave, and one comes back. */
let cluster: TestCluster;
beforeAll(async () => {
  [cluster] = await Promise.all([startCluster(), buildProgram()]);
  expect(problems(await cluster.apply(await cluster.inventory()))).toEqual([]);
}, 240_000);
afterAll(() => cluster.close());

interface Told {
  readonly hosts: readonly { readonly name: string; readonly status: string; readonly changes: unknown[] }[];
  readonly warnings: readonly string[];
  readonly errors?: readonly { readonly code: string; readonly message: string }[];
}

async function run(
  command: string,
  args: readonly string[],
  edit = (text: string) => text,
): Promise<{ readonly status: number | null; readonly stderr: string; readonly document: Told }> {
  const file = join(cluster.folder, 'again.yaml');
  writeFileSync(file, edit(readFileSync(join(cluster.folder, inventoryName), 'utf8')));
  const { status, stdout, stderr } = await clusterproxy([command, '-i', file, '--json', ...args]);
  return { status, stderr, document: JSON.parse(stdout) as Told };
}

const nodesConf = () => cluster.text('proxy-1', '/etc/nginx/clusterproxy/demo/nodes.conf');
const statusOf = ({ document }: { readonly document: Told }, host: string) =>
  document.hosts.find(({ name }) => name === host)?.status;
const leftAside = (...names: readonly string[]) =>
  names.map((name) => expect.stringContaining(`${name} is active in`));

describe('a node that was retired, and still stands as active in the inventory', { timeout: 240_000 }, () => {
  it('is not given its locations back when another one is retired', async () => {
    expect((await run('retire', ['bbb-02', '--yes'])).status).toBe(0);
    expect(nodesConf()).not.toContain('bbb-02');
    const second = await run('retire', ['bbb-03', '--yes']);
    expect(second.status, second.stderr).toBe(0);
    expect(statusOf(second, 'bbb-03')).toBe('changed');
    expect(statusOf(second, 'bbb-02')).toBe('skipped');
    expect(second.document.warnings).toEqual(leftAside('bbb-02'));
    expect(nodesConf()).toContain('bbb-01.example.com');
    expect(nodesConf()).not.toMatch(/bbb-0[23]/);
  });

  it('is not counted where one more is to go', async () => {
    const last = await run('retire', ['bbb-01', '--yes']);
    expect(last.status).toBe(1);
    expect(last.document.errors).toMatchObject([
      { code: 'last-host', message: expect.stringContaining('bbb-02 and bbb-03') },
    ]);
    expect(nodesConf()).toContain('bbb-01.example.com');
  });

  it('is not given them when one that is not in the inventory any more is removed', async () => {
    const more = (text: string) => text.replace(/- name: bbb-03\n/, '$&      state: retired\n');
    expect((await run('join', ['bbb-02', '--yes'], more)).status).toBe(0);
    expect(nodesConf()).toContain('bbb-02');
    const without = (text: string) => text.replace(/ {4}- name: bbb-02\n(?: {6}.*\n)*/, '');
    const gone = await run('retire', ['bbb-02', '--yes'], without);
    expect(gone.status, gone.stderr).toBe(0);
    expect(nodesConf()).not.toMatch(/bbb-0[23]/);
    expect(gone.document.warnings).toEqual(leftAside('bbb-03'));
  });

  it('is set up again by whoever asks for it', async () => {
    // bbb-02 was not touched when it was removed from the proxy: nothing of it is missing but that.
    const back = await run('apply', ['--yes']);
    expect(back.status, back.stderr).toBe(0);
    expect(nodesConf()).toContain('bbb-02.example.com');
    expect(nodesConf()).toContain('bbb-03.example.com');
  });
});

describe('a node that leaves while its proxy does not answer', { timeout: 240_000 }, () => {
  /** Nothing listens on this port. */
  const silent = (text: string) => text.replace(/(- name: proxy-1\n(?:.*\n)*? +port: )\d+/, '$19');

  it('gets its files back, and is told of what stays', async () => {
    const first = await run('retire', ['bbb-02', '--yes'], silent);
    expect(first.status, first.stderr).toBe(3);
    expect(statusOf(first, 'bbb-02')).toBe('changed');
    expect(first.document.warnings).toEqual([
      expect.stringMatching(/^proxy-1 can't be reached, so it keeps what it has for bbb-02, which leaves/),
    ]);
    expect(cluster.text('bbb-02', '/etc/bigbluebutton/bbb-web.properties')).not.toContain('bbb-proxy');
    expect(nodesConf()).toContain('bbb-02.example.com');
  });

  it('is removed from it once that answers, by the same command', async () => {
    const second = await run('retire', ['bbb-02', '--yes']);
    expect(second.status, second.stderr).toBe(0);
    expect(nodesConf()).not.toContain('bbb-02');
    expect((await run('apply', ['--yes'])).status).toBe(0);
  });
});

describe('a node of which nothing is set up but what its proxy has for it', { timeout: 240_000 }, () => {
  it('keeps that when another one is retired', async () => {
    const inventory = await cluster.inventory();
    expect((await run('retire', ['bbb-03', '--yes'])).status).toBe(0);
    const result = await cluster.apply(inventory, { limit: ['proxy-1'] });
    expect(problems(result)).toEqual([]);
    expect(nodesConf()).toContain('bbb-03');
    const other = await run('retire', ['bbb-02', '--yes']);
    expect(other.status, other.stderr).toBe(0);
    expect(other.document.warnings).toEqual([]);
    expect(nodesConf()).toContain('bbb-03');
    expect(nodesConf()).not.toContain('bbb-02');
  });
});
