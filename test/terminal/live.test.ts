import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedHost, startEmbeddedHost } from '../../src/demo/embedded-host.ts';
import { buildProgram, main } from '../cli/program.ts';
import { startCluster, type TestCluster } from '../run/cluster.ts';
import { long } from '../support/random.ts';
import { changed } from './places.ts';
import {
  closeTerminals,
  clusterproxyOn,
  openTerminal,
  type Size,
  type Terminal,
  usual,
  wide,
} from './terminal.ts';

beforeAll(buildProgram, 120_000);
afterEach(closeTerminals);

/** Whatever of a picture may be left behind. */
const pieces = /what is being done|put off, \d+ failed|^and \d+ more$/m;

/** The screen, once it is as it should be. */
async function screenWith(terminal: Terminal, is: (lines: readonly string[]) => boolean) {
  await expect.poll(async () => is(await terminal.screen()), { timeout: 60_000, interval: 50 }).toBe(true);
  return terminal.screen();
}

describe('apply to several hosts', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  }, 120_000);
  afterAll(() => cluster?.close());

  it('shows them in a table, of which nothing is among the results', async () => {
    const variables = {
      NODE: process.execPath,
      MAIN: main,
      TERM_PROGRAM: 'ghostty',
      TERM_PROGRAM_VERSION: '1.2.3',
    };
    const line = '"$NODE" "$MAIN" apply --yes -i demo.yaml > results.txt';
    const terminal = openTerminal('/bin/sh', ['-c', line], { cwd: cluster.folder, variables, size: wide });
    expect(await terminal.ended()).toBe(0);
    expect(terminal.written).toMatch(/what is being done/);
    expect(terminal.written).toMatch(/\d of 4 done, 0 put off, 0 failed/);
    expect((await terminal.everything()).join('\n')).not.toMatch(pieces);
    const results = readFileSync(join(cluster.folder, 'results.txt'), 'utf8');
    expect(results).toContain('4 hosts: 4 changed (run ');
    expect(results).not.toMatch(/\x1b|put off, /);
    const told = [...terminal.written.matchAll(/\x1b\]9;4;([\d;]*)/g)].map(([, words]) => words);
    expect(told[0]).toBe('1;0');
    expect(told.at(-1)).toBe('0;');
  });

  it('survives a window that is resized, and leaves nothing behind after Ctrl-C', async () => {
    const web = '/etc/bigbluebutton/bbb-web.properties';
    for (const host of ['bbb-01', 'bbb-02'])
      cluster.edit(host, web, (text) => text.replaceAll('bbb-proxy', 'away'));
    const slow = changed(cluster, 'slow.inventory.yaml', (text) =>
      text.replace('./bigbluebutton.yaml', './slow.yaml'),
    );
    const terminal = clusterproxyOn(['apply', '-i', slow], { cwd: cluster.folder, size: usual });
    await terminal.shows('[y/N]');
    terminal.type('y\r');
    // Its handler doesn't end.
    const isWhole = (lines: readonly string[]) =>
      /^0 of 2 done, 0 put/.test(lines.at(-1) ?? '') &&
      /^bbb-0\d( +\d+:\d\d +\d+:\d\d)? +restart-bbb-web/.test(lines.at(-2) ?? '');
    await screenWith(terminal, isWhole);
    const sizes: Size[] = [{ columns: 44, rows: 24 }, { columns: 30, rows: 12 }, wide, usual];
    for (const size of sizes) {
      terminal.resize(size);
      const screen = await screenWith(
        terminal,
        (lines) => isWhole(lines) && lines.every((one) => one.length < size.columns || !pieces.test(one)),
      );
      expect(screen.filter((line) => line.startsWith('0 of 2'))).toHaveLength(1);
    }
    terminal.type('\x03');
    await terminal.shows('no further host is started');
    await screenWith(terminal, isWhole);
    terminal.type('\x03');
    expect(await terminal.ended()).toBe(130);
    expect((await terminal.everything()).join('\n')).not.toMatch(pieces);
    // No cursor has to be shown again.
    expect(terminal.written).not.toContain('\x1b[?25l');
    // Terminals that aren't known to have one are told nothing of a taskbar.
    expect(terminal.written).not.toContain('\x1b]9');
  });
});

describe('SIGTERM while hosts are changed, as a service manager or kill(1) sends it', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  }, 120_000);
  afterAll(() => cluster?.close());

  it('leaves the terminal whole: first no further host is begun, then those under way are left', async () => {
    const slow = changed(cluster, 'slow.inventory.yaml', (text) =>
      text.replace('./bigbluebutton.yaml', './slow.yaml'),
    );
    const terminal = clusterproxyOn(['apply', '--yes', '-i', slow], {
      ...{ cwd: cluster.folder, variables: { TERM_PROGRAM: 'ghostty', TERM_PROGRAM_VERSION: '1.2.3' } },
    });
    // The proxy is done; the first node's handler doesn't end.
    const isWhole = (lines: readonly string[]) =>
      /^1 of 4 done, 0 put/.test(lines.at(-1) ?? '') && / restart-bbb-web$/.test(lines.at(-2) ?? '');
    await screenWith(terminal, isWhole);
    terminal.kill('SIGTERM');
    await terminal.shows('interrupted: no further host is started');
    await screenWith(terminal, isWhole);
    terminal.kill('SIGTERM');
    await terminal.shows('leaving: hosts under way finish or roll back by themselves.');
    expect(await terminal.ended()).toBe(130);
    const everything = (await terminal.everything()).join('\n');
    expect(everything).not.toMatch(pieces);
    expect(everything).toMatch(/^bbb-01 +outcome unknown /m);
    expect(everything).toMatch(/^bbb-02 +not started$/m);
    const { written } = terminal;
    // The cursor was never hidden, nor the screen changed for another; what is drawn at once is drawn whole.
    expect(written).not.toMatch(/\x1b\[\?(?:25l|1049h|2004h)/);
    expect(written.split('\x1b[?2026h')).toHaveLength(written.split('\x1b[?2026l').length);
    expect([...written.matchAll(/\x1b\]9;4;([\d;]*)/g)].at(-1)?.[1]).toBe('0;');
    expect([...written.matchAll(/\x1b\[([\d;]*)m/g)].at(-1)?.[1]).toMatch(/^(?:22|39|0)?$/);
  });
});

describe.runIf(long)('apply to 200 hosts', () => {
  let folder: string;
  const hosts: EmbeddedHost[] = [];
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const playbook = {
    ...{ name: 'many', description: 'for tests' },
    variables: { text: { type: 'string', default: 'changed', description: 'what is written' } },
    roles: {
      node: {
        description: 'a host',
        steps: [{ id: 'motd', file: { path: '/etc/motd', content: '{{ vars.text }}\n' } }],
      },
    },
  };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'clusterproxy-many-'));
    put('many.yaml', JSON.stringify(playbook));
    for (let index = 0; index < 200; index += 1) {
      const name = `node-${String(index).padStart(3, '0')}`;
      put(`${name}/etc/machine-id`, `${String(index).padStart(32, '0')}\n`);
      put(`${name}/etc/os-release`, 'ID=debian\nVERSION_ID="12"\n');
      put(`${name}/etc/motd`, 'a host\n');
      mkdirSync(join(folder, name, 'var/lib'), { recursive: true });
      hosts.push(
        await startEmbeddedHost({ name, root: join(folder, name), work: join(folder, 'ssh', name) }),
      );
    }
    const node = hosts.map(({ name, port, hostKey, target }) => ({
      ...{ name, hostname: `${name}.example.com` },
      ssh: { address: '127.0.0.1', port, host_keys: [hostKey], identity_files: target.identityFiles },
    }));
    const cluster = { name: 'many', hostname: 'many.example.com' };
    const ssh = { user: 'root', config: 'none' };
    put(
      'many.inventory.yaml',
      JSON.stringify({ playbook: './many.yaml', cluster, windows: 'anytime', ssh, hosts: { node } }),
    );
  }, 300_000);
  afterAll(async () => {
    for (const host of hosts) await host.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  it.each([
    ['80x24', usual, 'one'],
    ['200x50', wide, 'two'],
  ] as const)('fits %s', { timeout: 1_200_000 }, async (_name, size, text) => {
    const inventory = join(folder, 'many.inventory.yaml');
    const given = JSON.parse(readFileSync(inventory, 'utf8'));
    writeFileSync(inventory, JSON.stringify({ ...given, vars: { text } }));
    const terminal = clusterproxyOn(['apply', '--yes', '-i', inventory], { cwd: folder, size });
    await terminal.shows(/^and \d+ more$/m);
    const screen = await terminal.screen();
    expect(screen.length).toBeLessThan(size.rows);
    expect(await terminal.ended()).toBe(0);
    const everything = (await terminal.everything()).join('\n');
    expect(everything).toContain('200 hosts: 200 changed');
    expect(everything).not.toMatch(pieces);
    for (const [, picture = ''] of terminal.written.matchAll(/\x1b\[\?2026h([\s\S]*?)\x1b\[\?2026l/g))
      expect(picture.split('\n').length).toBeLessThanOrEqual(size.rows / 2 + 1);
  });
});
