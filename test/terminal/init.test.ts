import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildProgram, clusterproxy } from '../cli/program.ts';
import { startCluster, type TestCluster } from '../run/cluster.ts';
import { closeTerminals, clusterproxyOn, type Terminal } from './terminal.ts';

let cluster: TestCluster;
let folder: string;
beforeAll(async () => {
  [cluster] = await Promise.all([startCluster(), buildProgram()]);
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-init-'));
  const entries = [...cluster.demo.hosts.values()].map(
    ({ name, port, target }) =>
      `Host ${name}\n  HostName 127.0.0.1\n  Port ${port}\n  IdentityFile ${target.identityFiles[0]}\n`,
  );
  const always = `Host *\n  UserKnownHostsFile ${join(folder, 'known_hosts')}\n  IdentitiesOnly yes\n  IdentityAgent none\n`;
  writeFileSync(join(folder, 'ssh_config'), entries.join('') + always);
});
afterEach(closeTerminals);
afterAll(() => cluster?.close());

const enter = '\r';
const ctrlC = '\x03';
const init = (...more: readonly string[]) =>
  clusterproxyOn(['init', '--ssh-config', 'ssh_config', ...more], { cwd: folder });

/** Waits for a question, and answers it. */
async function answer(terminal: Terminal, question: string | RegExp, keys: string): Promise<void> {
  await terminal.shows(question);
  terminal.type(keys);
}

describe('init on a terminal of 80x24', () => {
  it('asks, looks at each host as it is named, and writes what plan takes as it is', async () => {
    const terminal = init();
    await answer(terminal, 'What do the nodes have?', enter);
    await answer(terminal, 'Who logs in to the hosts?', `root${enter}`);
    await answer(terminal, /A proxy:/, `proxy-1${enter}`);
    await answer(terminal, 'Pin 1 key of 1 host', `y${enter}`);
    await answer(terminal, /A node: a\s+BigBlueButton server/, `bbb-03${enter}`);
    await answer(terminal, /Pin 1 key of 1 host[\s\S]*Pin 1 key of 1 host/, `y${enter}`);
    await terminal.shows('a BigBlueButton server, version 3.0');
    // What the node says of itself is proposed.
    await answer(terminal, /The public DNS name of bbb-03\s[\s\S]*bbb-03\.example\.com/, enter);
    await answer(terminal, 'empty: that was the last', enter);
    await answer(terminal, 'The DNS name that browsers see', `bbb-proxy.example.com${enter}`);
    await answer(terminal, 'The name of the cluster', enter);
    await answer(terminal, 'Write this to clusterproxy.yaml?', enter);
    expect(await terminal.ended()).toBe(0);
    const lines = (await terminal.everything()).join('\n');
    // What was agreed to stands above the question, and nowhere else.
    expect(lines).toMatch(/^clusterproxy\.yaml is written$/m);
    expect(lines.match(/playbook: bigbluebutton/g)).toHaveLength(1);
    expect(lines).toMatch(/^next: clusterproxy plan$/m);
    // What is asked for next is no fault.
    expect(lines).not.toContain('error');
    const file = join(folder, 'clusterproxy.yaml');
    expect(
      readFileSync(file, 'utf8'),
    ).toBe(`# yaml-language-server: $schema=./inventory-bigbluebutton.schema.json
playbook: bigbluebutton
cluster: {name: bbb-proxy, hostname: bbb-proxy.example.com}
ssh: {user: root, config: ssh_config}
hosts:
  proxy:
    - {name: proxy-1}
  node:
    - {name: bbb-03, hostname: bbb-03.example.com, address: bbb-03}
`);
    const plan = await clusterproxy(['plan', '-i', file]);
    expect(plan.status, plan.stderr).toBe(0);
  });

  it.each([
    ['the first', []],
    ['another', [enter]],
  ])('Ctrl-C at %s question leaves nothing behind, and says so', async (_which, before) => {
    const terminal = init('--user', 'root');
    await terminal.shows('What do the nodes have?');
    for (const keys of before) {
      terminal.type(keys);
      await terminal.shows('A proxy:');
    }
    terminal.type(ctrlC);
    expect(await terminal.ended()).toBe(130);
    expect((await terminal.everything()).join('\n')).toContain('interrupted before anything was changed');
    expect(readdirSync(folder)).toEqual(['ssh_config']);
    // The cursor is there again, and keys are shown.
    expect(terminal.written.lastIndexOf('\x1b[?25h')).toBeGreaterThan(
      terminal.written.lastIndexOf('\x1b[?25l'),
    );
  });

  it('asks again where a key is declined, and where a host is named twice', async () => {
    const terminal = init('--playbook', 'bigbluebutton', '--user', 'root', '--proxy', 'external');
    await answer(terminal, /A node:/, `bbb-03${enter}`);
    await answer(terminal, 'Pin 1 key of 1 host', `n${enter}`);
    await answer(terminal, /bbb-03 is left out: its key was not pinned[\s\S]*A node:/, `bbb-03${enter}`);
    await answer(terminal, /Pin 1 key of 1 host[\s\S]*Pin 1 key of 1 host/, `y${enter}`);
    await answer(terminal, 'The public DNS name of bbb-03', enter);
    await answer(terminal, 'empty: that was the last', `bbb-03=192.0.2.9${enter}`);
    await answer(terminal, 'bbb-03 is named already', ctrlC);
    expect(await terminal.ended()).toBe(130);
    const lines = (await terminal.everything()).join('\n');
    expect(lines).toMatch(/^error interrupted: no inventory was written; host keys that were pinned stay$/m);
    expect(lines).not.toContain('before anything was changed');
  });

  it('asks about each of several by itself where their keys are declined, and wants at least one', async () => {
    const terminal = init('--playbook', 'bigbluebutton', '--user', 'root', '--proxy', 'external');
    await answer(terminal, /A node:/, `bbb-02 bbb-03${enter}`);
    await answer(terminal, 'Pin 2 keys of 2 hosts', `n${enter}`);
    const pinned = (times: number) =>
      new RegExp(Array.from({ length: times }, () => 'Pin 1 key of 1 host').join('[\\s\\S]*'));
    await answer(terminal, pinned(1), `n${enter}`);
    await answer(terminal, /bbb-02 is left out[\s\S]*Pin 1 key of 1 host/, `n${enter}`);
    await answer(terminal, /bbb-03 is left out[\s\S]*A node:/, enter);
    await answer(terminal, 'no node is named yet; name at least one', `bbb-02,bbb-03${enter}`);
    await answer(terminal, /Pin 2 keys of 2 hosts[\s\S]*Pin 2 keys of 2 hosts/, `n${enter}`);
    await answer(terminal, pinned(3), `n${enter}`);
    await answer(terminal, pinned(4), `y${enter}`);
    await answer(terminal, 'The public DNS name of bbb-03', enter);
    await answer(terminal, 'empty: that was the last', enter);
    await answer(terminal, 'The DNS name that browsers see', `bbb.example.com${enter}`);
    await answer(terminal, 'The name of the cluster', enter);
    await answer(terminal, 'Write this to clusterproxy.yaml?', enter);
    expect(await terminal.ended()).toBe(0);
    const text = readFileSync(join(folder, 'clusterproxy.yaml'), 'utf8');
    expect(text.match(/- \{name: .*/g)).toEqual([
      '- {name: bbb-03, hostname: bbb-03.example.com, address: bbb-03}',
    ]);
  });

  it('goes on without a host that is down, and refuses what is no host', async () => {
    const terminal = init('--playbook', 'bigbluebutton', '--user', 'root', '--proxy', 'external');
    await answer(terminal, /A node:/, `https://bbb-01.example.com${enter}`);
    await answer(terminal, 'with a scheme', `${'\x7f'.repeat(40)}bbb-09.example.com=127.0.0.1:9${enter}`);
    await terminal.shows('error unreachable: 127.0.0.1:9 refuses connections');
    await answer(terminal, 'Keep bbb-09 all the same?', enter);
    await answer(terminal, /A node:[\s\S]*Keep bbb-09[\s\S]*A node:/, ctrlC);
    expect(await terminal.ended()).toBe(130);
  });

  it('takes several hosts at once, and none of them twice', async () => {
    const terminal = init(...['--playbook', 'bigbluebutton', '--user', 'root', '--no-look']);
    await answer(terminal, /A proxy:/, `proxy-1${enter}`);
    await answer(terminal, /A node:/, `a.example.com, b.example.com a.example.com${enter}`);
    await answer(
      terminal,
      'a.example.com is named already',
      `${'\x7f'.repeat(13)}c=c.example.com:2222${enter}`,
    );
    await answer(terminal, 'empty: that was the last', enter);
    await answer(terminal, 'The DNS name that browsers see', `bbb.example.com${enter}`);
    await answer(terminal, 'The name of the cluster', enter);
    await answer(terminal, 'Write this to clusterproxy.yaml?', enter);
    expect(await terminal.ended()).toBe(0);
    const text = readFileSync(join(folder, 'clusterproxy.yaml'), 'utf8');
    expect(text.match(/- \{name: .*/g)).toEqual([
      '- {name: proxy-1}',
      '- {name: a, hostname: a.example.com}',
      '- {name: b, hostname: b.example.com}',
      '- {name: c, hostname: c.example.com, ssh: {port: 2222}}',
    ]);
  });

  it('lets choose among the hosts of a list', async () => {
    writeFileSync(join(folder, 'hosts'), '[nodes]\nbbb-01.example.com\nbbb-02.example.com\n');
    const terminal = init(
      '--from',
      'hosts',
      '--playbook',
      'bigbluebutton',
      '--no-look',
      '--proxy',
      'external',
    );
    // The first is taken out.
    await answer(terminal, /Which of these hosts\?[\s\S]*bbb-02\.example\.com/, ` ${enter}`);
    await answer(terminal, 'Who logs in', `bbb-proxy.example.com${enter}`);
    await answer(terminal, 'looks like the name of a host', `${'\x7f'.repeat(21)}${enter}`);
    await terminal.shows(/Who logs in to the hosts\?\s+as ssh would choose\s/);
    await answer(terminal, 'The DNS name that browsers see', `bbb.example.com${enter}`);
    await answer(terminal, 'The name of the cluster', enter);
    await answer(terminal, 'Write this to clusterproxy.yaml?', enter);
    expect(await terminal.ended()).toBe(0);
    expect((await terminal.everything()).join('\n')).toMatch(/^\s*as ssh would choose$/m);
    const text = readFileSync(join(folder, 'clusterproxy.yaml'), 'utf8');
    expect(text.match(/name: bbb-.*/g)).toEqual(['name: bbb-02, hostname: bbb-02.example.com}']);
  });

  it('asks before it replaces a file', async () => {
    writeFileSync(join(folder, 'clusterproxy.yaml'), 'mine\n');
    const terminal = init();
    await answer(terminal, /clusterproxy.yaml exists already/, enter);
    expect(await terminal.ended()).toBe(1);
    expect((await terminal.everything()).join('\n')).toContain('nothing was written');
    expect(readFileSync(join(folder, 'clusterproxy.yaml'), 'utf8')).toBe('mine\n');
  });
});
