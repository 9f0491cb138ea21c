import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram, main } from '../cli/program.ts';
import { startCluster, type TestCluster } from '../run/cluster.ts';
import { buildPackage, hasDpkg } from '../support/build-package.ts';
import { changed, lockedKey, oneNode, type SilentHost, startSilentHost } from './places.ts';
import {
  closeTerminals,
  clusterproxyOn,
  openTerminal,
  type Terminal,
  type TerminalOptions,
  usual,
  wide,
} from './terminal.ts';

let cluster: TestCluster;
let silent: SilentHost;
beforeAll(async () => {
  [cluster, silent] = await Promise.all([startCluster(), startSilentHost(), buildProgram()]);
  if (hasDpkg)
    buildPackage(join(cluster.folder, 'packages'), { name: 'ca-certificates', version: '30230311' });
}, 120_000);
afterEach(closeTerminals);
afterAll(async () => {
  silent?.close();
  await cluster?.close();
});

const inventory = ['-i', 'demo.yaml'];
const on = (argv: readonly string[], options: TerminalOptions = {}) =>
  clusterproxyOn(argv, { cwd: cluster.folder, ...options });
/** The pictures of the line that tells how far a command is. */
const pictures = /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/;

/** What is left to read when a command has ended. */
async function readWhenEnded(terminal: Terminal, status: number): Promise<string> {
  const ended = await terminal.ended();
  const text = (await terminal.everything()).join('\n');
  expect(ended, text.slice(-1500)).toBe(status);
  return text;
}

describe.each([
  ['80x24', usual],
  ['200x50', wide],
] as const)('on a terminal of %s', (_name, size) => {
  it.each([
    ['validate', 0, 'demo.yaml is valid: cluster demo, playbook bigbluebutton, proxy: 1, node: 3'],
    ['plan', 0, '4 hosts: 4 would change;'],
    ['check', 2, '4 hosts: 4 would change;'],
    ['status', 0, 'bbb-03'],
    ['trust', 0, 'all keys are known: nothing to pin'],
    ['history', 0, 'no host remembers a run'],
  ] as const)('%s tells how far it is, and leaves nothing of that behind', async (command, status, words) => {
    const terminal = on([command, ...inventory], { size });
    const text = await readWhenEnded(terminal, status);
    expect(text).toContain(words);
    expect(text).not.toMatch(pictures);
    if (command !== 'validate') expect(terminal.written).toMatch(/looking: \d of 4 done/);
    // Prose is wrapped to what people can read, and to what there is.
    const prose = text.split('\n').filter((line) => /^ {0,2}\S/.test(line));
    for (const line of prose) expect(line.length, line).toBeLessThanOrEqual(100);
    if (command === 'plan') expect(terminal.written).toContain('\x1b[1m');
  });

  it.skipIf(!hasDpkg)('forecast tells what the packages change, and the plan after that', async () => {
    const terminal = on(['forecast', ...inventory, '--packages', 'packages', '--limit', 'bbb-01'], { size });
    const text = await readWhenEnded(terminal, 0);
    expect(text).toMatch(/^bbb-01: the upgrade itself\n {2}ca-certificates: .* → 30230311\n/m);
    expect(text.indexOf('The plan that would follow')).toBeLessThan(text.indexOf('bbb-02: node'));
    expect(text).not.toMatch(pictures);
  });

  it('a host that refuses is told', async () => {
    const refusing = oneNode(cluster, 'refusing.yaml', { port: 9 });
    const text = await readWhenEnded(on(['plan', '-i', refusing], { size }), 3);
    expect(text).toMatch(/^node-1: node\n {2}error unreachable: 127.0.0.1:9 refuses connections\n/);
  });

  it('a mistake in the inventory is pointed at', async () => {
    const wrong = changed(cluster, 'wrong.yaml', (text) =>
      text.replace('hostname: bbb-02', 'hostnam: bbb-02'),
    );
    const text = await readWhenEnded(on(['plan', '-i', wrong], { size }), 1);
    expect(text).toContain('wrong.yaml:');
    expect(text).toMatch(/\| +\^\^\^/);
  });
});

describe('what a terminal can not or should not show', () => {
  it('is no colour with NO_COLOR', async () => {
    const terminal = on(['plan', ...inventory], { variables: { NO_COLOR: '1' } });
    await readWhenEnded(terminal, 0);
    expect(terminal.written).toContain('looking: ');
    expect(terminal.written).not.toMatch(/\x1b\[[\d;]*m/);
  });

  it.each([
    ['TERM=dumb', { TERM: 'dumb' }],
    ['TERM=dumb and NO_COLOR', { TERM: 'dumb', NO_COLOR: '1' }],
  ])('is nothing but text with %s', async (_name, variables) => {
    const terminal = on(['plan', ...inventory], { variables });
    const text = await readWhenEnded(terminal, 0);
    expect(text).toMatch(/^looking at 4 hosts\nlooking: 4 of 4 done\n/);
    expect(terminal.written).not.toContain('\x1b');
  });

  it('is no progress with --quiet', async () => {
    expect(await readWhenEnded(on(['check', '--quiet', ...inventory]), 2)).not.toContain('looking');
  });
});

describe('while hosts are looked at', () => {
  async function looking(command = 'plan'): Promise<Terminal> {
    const before = silent.callers;
    const terminal = on([command, '-i', oneNode(cluster, 'silent.yaml', { port: silent.port })]);
    await terminal.shows('looking: 0 of 1 done');
    while (silent.callers === before) await new Promise((resolve) => setTimeout(resolve, 20));
    return terminal;
  }

  it('the window may become narrower and wider, and nothing is left of the line', async () => {
    const terminal = await looking();
    for (const columns of [16, 80, 9, 120]) {
      terminal.resize({ columns, rows: 24 });
      const { length } = terminal.written;
      // Two more pictures: the first one may have been on its way.
      while ((terminal.written.slice(length).match(/\x1b\[K/g)?.length ?? 0) < 3)
        await new Promise((resolve) => setTimeout(resolve, 20));
      const screen = (await terminal.screen()).filter((line) => line !== '');
      expect(screen).toHaveLength(1);
      expect(screen[0]).toMatch(pictures);
    }
    terminal.kill('SIGTERM');
    expect(await readWhenEnded(terminal, 130)).not.toMatch(pictures);
  });

  it('Ctrl-C ends it, and says that nothing was changed', async () => {
    const terminal = await looking();
    terminal.type('\x03');
    const text = await readWhenEnded(terminal, 130);
    expect(text).toMatch(/^interrupted: nothing was changed so far\.$/m);
    expect(text).not.toContain('^C');
    expect(text).not.toMatch(pictures);
  });

  it('Ctrl-C twice ends it at once', async () => {
    const terminal = await looking('apply');
    terminal.type('\x03');
    await terminal.shows('interrupted: ');
    terminal.type('\x03');
    await readWhenEnded(terminal, 130);
  });
});

describe('a question', () => {
  const question = 'Apply these changes to 4 hosts? [y/N]';
  const asked = async (options: TerminalOptions = {}) => {
    const terminal = on(['apply', ...inventory], options);
    await terminal.shows(question);
    expect((await terminal.screen()).at(-1)).toBe(question);
    return terminal;
  };

  it.each([
    ['no', 'n\r', 1],
    ['a mere return', '\r', 1],
    ['what is neither yes nor no', 'yeah\r', 1],
    ['Ctrl-D', '\x04', 1],
    ['Ctrl-C', '\x03', 130],
  ] as const)('that is answered by %s changes nothing', async (_name, keys, status) => {
    const terminal = await asked();
    terminal.type(keys);
    const text = await readWhenEnded(terminal, status);
    expect(text.slice(text.indexOf(question))).toMatch(/\[y\/N\].*\nnothing was changed$/);
  });

  it('can be answered by a line that is corrected', async () => {
    const terminal = await asked();
    terminal.type('y\x7fn\r');
    expect(await readWhenEnded(terminal, 1)).toContain('[y/N] n\nnothing was changed');
  });

  it.each([
    ['a whole answer', 'y\r'],
    ['the beginning of one', 'y'],
    ['several', 'y\ry\rn\ry\r'],
  ])('is not answered by %s that was typed before it was shown', async (_name, keys) => {
    const terminal = on(['apply', ...inventory]);
    terminal.type(keys);
    await terminal.shows('looking: ');
    terminal.type(keys);
    await terminal.shows(question);
    terminal.type('\r');
    expect(await readWhenEnded(terminal, 1)).toContain('nothing was changed');
  });

  it('is not answered by what was typed while the hosts are looked at, but Ctrl-C counts', async () => {
    const terminal = on(['apply', ...inventory]);
    await terminal.shows('looking: ');
    terminal.type('y\r\x03');
    expect(await readWhenEnded(terminal, 130)).not.toContain('changed (run ');
  });

  it('of trust is asked, and its answer obeyed', async () => {
    const knownHosts = `${cluster.folder}/known_hosts`;
    const unknown = changed(cluster, 'unknown.yaml', (text) =>
      text
        .replace(/ +host_keys: .*\n/g, '')
        .replace('config: none', `config: none\n  known_hosts: [${knownHosts}]`),
    );
    const declined = on(['trust', '-i', unknown]);
    declined.type('y\r');
    await declined.shows(/Pin 4 keys of 4 hosts in [^?]*\? \[y\/N\]/);
    declined.type('n\r');
    expect(await readWhenEnded(declined, 1)).toContain('nothing was pinned');
    const agreed = on(['trust', '-i', unknown], { size: wide });
    await agreed.shows(/\? \[y\/N\]/);
    agreed.type('y\r');
    expect(await readWhenEnded(agreed, 0)).toContain('pinned: proxy-1, bbb-01, bbb-02, bbb-03');
  });
});

describe('a passphrase', () => {
  const passphrase = 'open sesame';
  const asked = async () => {
    const key = lockedKey(cluster, 'proxy-1', passphrase);
    const locked = changed(cluster, 'locked.yaml', (text) =>
      text.replace(/(port: \d+\n.*\n +identity_files: )\[.*\]/, `$1[${key}]`),
    );
    const terminal = on(['check', '-i', locked]);
    terminal.type('typed too early\r');
    await terminal.shows(`Passphrase for ${key}:`);
    return terminal;
  };

  it('is asked for once more where it is wrong, and never shown', async () => {
    const terminal = await asked();
    // Hosts that answer meanwhile don't draw over the question.
    expect((await terminal.screen()).at(-1)).toMatch(/locked-proxy-1:$/);
    terminal.type('something else\r');
    await terminal.shows('Wrong passphrase. Passphrase for ');
    terminal.type(`${passphrase}\r`);
    const text = await readWhenEnded(terminal, 2);
    expect(text).toContain('4 hosts: 4 would change');
    expect(terminal.written).not.toMatch(/something else|sesame/);
  });

  it('that is not given ends it by Ctrl-C', async () => {
    const terminal = await asked();
    terminal.type('half of it\x03');
    const text = await readWhenEnded(terminal, 130);
    expect(terminal.written).not.toContain('half of it');
    expect(text).not.toContain('4 would change');
  });

  it('can be no answer at all: Ctrl-D', async () => {
    const terminal = await asked();
    terminal.type('\x04');
    expect((await readWhenEnded(terminal, 3)).replace(/\s+/g, ' ')).toContain('the only keys are encrypted');
  });

  it('that a program asks for is not answered by what was typed before', async () => {
    const ask = 'printf "PIN: " > /dev/tty; read -r pin; echo "got $pin" > /dev/tty; echo "secret-$pin"';
    const asking = oneNode(cluster, 'asking.yaml', { port: 9, password: { command: ['sh', '-c', ask] } });
    const terminal = on(['plan', '-i', asking]);
    terminal.type('early\r');
    await terminal.shows('PIN: ');
    terminal.type('1234\r');
    const text = await readWhenEnded(terminal, 3);
    expect(text).toContain('got 1234');
    expect(text).not.toContain('got early');
  });
});

describe('apply', () => {
  it('that was agreed to changes the hosts, and says so', async () => {
    const terminal = on(['apply', ...inventory], { size: wide });
    await terminal.shows('[y/N]');
    terminal.type('yes\r');
    expect(await readWhenEnded(terminal, 0)).toContain('4 hosts: 4 changed (run ');
    expect(terminal.written).toMatch(/\d of \d done, 0 put off, 0 failed/);
    expect(await readWhenEnded(on(['status', ...inventory]), 0)).toContain('in sync');
  });

  it('leaves hosts to themselves on the second Ctrl-C; unlock asks before it ends their work', async () => {
    const web = '/etc/bigbluebutton/bbb-web.properties';
    cluster.edit('bbb-02', web, (text) => text.replaceAll('bbb-proxy', 'away'));
    const slow = changed(cluster, 'slow-demo.yaml', (text) =>
      text.replace('./bigbluebutton.yaml', './slow.yaml'),
    );
    const terminal = on(['apply', '-i', slow]);
    await terminal.shows('[y/N]');
    terminal.type('y\r');
    await terminal.shows('bbb-02: restart-bbb-web');
    terminal.type('\x03');
    await terminal.shows('no further host is started, and those being changed finish or roll back');
    terminal.type('\x03');
    const text = await readWhenEnded(terminal, 130);
    expect(text).toMatch(/^leaving: hosts under way finish or roll back by themselves\.$/m);

    const run = /\(run ([\w-]+)\)/.exec(text)?.[1] ?? '';
    const unlocking = on(['unlock', ...inventory, run]);
    unlocking.type('n\r');
    await unlocking.shows('End this run on bbb-02? [y/N]');
    unlocking.type('y\r');
    expect(await readWhenEnded(unlocking, 0)).toMatch(/bbb-02 +rolled back/);
  });
});

it('a plan that is piped into something has neither colours nor progress in it', async () => {
  const variables = { NODE: process.execPath, MAIN: main };
  const line = '"$NODE" "$MAIN" plan -i demo.yaml | cat > plan.txt; cat plan.txt';
  const terminal = openTerminal('/bin/sh', ['-c', line], { cwd: cluster.folder, variables });
  const text = await readWhenEnded(terminal, 0);
  expect(text).toMatch(/^host +state +changes\n[\s\S]*\n\nbbb-02: node, /);
  expect(text).not.toMatch(/looking|\^\[/);
  expect(terminal.written).toContain('looking: ');
});
