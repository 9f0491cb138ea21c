import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedHost, startEmbeddedHost } from '../../src/demo/embedded-host.ts';
import { buildProgram, main } from '../cli/program.ts';
import { closeTerminals, clusterproxyOn } from './terminal.ts';

/**
 * A step module that does to the program what no module should; on the host itself, not where its playbook is
 * checked.
 */
const odd = `import { existsSync, writeSync } from 'node:fs';
const loop = (name) => {
  writeSync(2, 'stuck\\n');
  while (!existsSync(new URL(name, import.meta.url)));
};
const beyondWords = () => {
  const error = new Error();
  for (const key of ['message', 'stack']) Object.defineProperty(error, key, { get: () => { throw error; } });
  return error;
};
const oddities = {
  nothing: () => {},
  loop: () => loop('never'),
  'loop-a-while': () => loop('go-on'),
  'microtasks': () => { writeSync(2, 'stuck\\n'); const again = () => { queueMicrotask(again); }; again(); },
  'patched-streams': () => {
    const { stdout, stderr } = process;
    stdout.write = (...words) => stderr.write(...words);
    stderr.write = (...words) => stdout.write(...words);
  },
  'thrown-elsewhere': () => { setImmediate(() => { throw new Error('an event handler fails'); }); },
  'beyond-words': () => { setImmediate(() => { throw beyondWords(); }); },
  'thrown-twice': () => {
    const fail = () => { throw new Error('no idea what securitySalt=sample-5ba1 means'); };
    queueMicrotask(fail);
    queueMicrotask(fail);
  },
  'rejected-beyond-words': () => { void Promise.reject(beyondWords()); },
};
export default ({ z }) => ({
  name: 'odd',
  description: 'does odd things',
  parameters: z.strictObject({ what: z.string() }),
  reads: () => ({ paths: ['/etc/motd', '/etc'] }),
  apply: (host, { what }) => {
    const text = host.text('/etc/motd') ?? '';
    if (globalThis.wasOdd === undefined && text.includes('real')) {
      globalThis.wasOdd = true;
      oddities[what]();
    }
    host.manage({ path: '/etc/motd', format: 'file', key: [] });
    host.write('/etc/motd', 'changed\\n');
  },
});
`;
const playbook = `name: odd
description: for tests
modules: [odd.mjs]
variables:
  what: {type: string, default: nothing, description: what to do}
roles:
  node:
    description: a host
    steps:
      - id: odd
        odd: {what: '{{ vars.what }}'}
`;

let folder: string;
let host: EmbeddedHost;
beforeAll(async () => {
  await buildProgram();
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-odd-'));
  put('odd.mjs', odd);
  put('odd.yaml', playbook);
  put('host/etc/machine-id', '0123456789abcdef0123456789abcdef\n');
  put('host/etc/os-release', 'ID=debian\nVERSION_ID="12"\n');
  put('host/etc/motd', 'a real host\n');
  mkdirSync(join(folder, 'host/var/lib'), { recursive: true });
  host = await startEmbeddedHost({ name: 'node-1', root: join(folder, 'host'), work: join(folder, 'ssh') });
}, 120_000);
afterEach(closeTerminals);
afterAll(async () => {
  await host?.close();
  rmSync(folder, { recursive: true, force: true });
});

function put(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** An inventory for which the module does this. */
function inventory(what: string): string {
  const { port, hostKey, target } = host;
  const ssh = { address: '127.0.0.1', port, host_keys: [hostKey], identity_files: target.identityFiles };
  put(
    `${what}.inventory.yaml`,
    JSON.stringify({
      playbook: './odd.yaml',
      cluster: { name: 'odd', hostname: 'odd.example.com' },
      windows: 'anytime',
      ssh: { user: 'root', config: 'none' },
      vars: { what },
      hosts: { node: [{ name: 'node-1', hostname: 'node-1.example.com', ssh }] },
    }),
  );
  return `${what}.inventory.yaml`;
}

const on = (command: string, what: string) =>
  clusterproxyOn([command, '-i', inventory(what)], { cwd: folder });

/**
 * Whether the process takes SIGINT and SIGTERM itself (proc_pid_status(5), a bit for each signal from 1 on).
 */
function takesSignals(pid: number): boolean {
  const [, mask = '0'] = /^SigCgt:\s*(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return [2, 15].every((signal) => (BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n);
}

describe('a loop that never comes to its end', () => {
  it.each([
    ['loop', 'Ctrl-C', 130],
    ['loop', 'SIGTERM', 143],
    ['microtasks', 'Ctrl-C', 130],
    ['microtasks', 'SIGTERM', 143],
  ] as const)('(%s) is ended by %s', async (what, how, status) => {
    const terminal = on('plan', what);
    await terminal.shows('stuck');
    const pid = await terminal.pid();
    await expect.poll(() => takesSignals(pid), { timeout: 60_000, interval: 100 }).toBe(false);
    if (how === 'Ctrl-C') terminal.type('\x03');
    else terminal.kill(how);
    expect(await terminal.ended()).toBe(status);
  });

  it('that comes to its end after all is asked for one again', async () => {
    const terminal = on('apply', 'loop-a-while');
    await terminal.shows('stuck');
    const pid = await terminal.pid();
    await expect.poll(() => takesSignals(pid), { timeout: 60_000, interval: 100 }).toBe(false);
    put('go-on', '');
    await terminal.shows('[y/N]');
    await expect.poll(() => takesSignals(pid), { timeout: 60_000, interval: 100 }).toBe(true);
    terminal.type('\x03');
    expect(await terminal.ended()).toBe(130);
    expect((await terminal.screen()).at(-1)).toBe('nothing was changed');
  });
});

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it by a shell, which says where its words go. */
function inShell(command: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const variables = { NODE: process.execPath, MAIN: main };
    const child = spawn('/bin/sh', ['-c', command.replaceAll('clusterproxy', '"$NODE" "$MAIN"')], {
      cwd: folder,
      env: { ...process.env, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}

describe('an error where nobody waits for one', () => {
  it.each([
    ['thrown-elsewhere', 'error unexpected: an unexpected error: an event handler fails'],
    ['patched-streams', 'error unexpected: an error could not be reported: RangeError: Maximum call stack'],
    ['beyond-words', 'error unexpected: an error could not be reported'],
    ['rejected-beyond-words', 'error unexpected: an error could not be reported'],
  ] as const)('%s ends it with words and exit 1', async (what, words) => {
    const { status, stderr } = await inShell(`clusterproxy plan -i ${inventory(what)}`);
    expect(stderr).toContain(words);
    expect(status).toBe(1);
  });

  it('is told without secrets of a host that it quotes', async () => {
    const { stderr } = await inShell(`clusterproxy plan -i ${inventory('thrown-twice')}`);
    expect(stderr).toMatch(/could not be reported: Error: no idea what securitySalt=\*+ means/);
    expect(stderr).not.toContain('sample-5ba1');
  });

  it('ends it on a terminal as well', async () => {
    const terminal = on('plan', 'patched-streams');
    await terminal.shows('an error could not be reported');
    expect(await terminal.ended()).toBe(1);
  });
});

describe('results that can not be written', () => {
  const fresh = 'a real host\n';
  const motd = () => readFileSync(join(folder, 'host/etc/motd'), 'utf8');

  it.each(['validate', 'plan', 'plan --json', 'apply --yes', 'check', 'status', 'uninstall --yes', '--help'])(
    '(%s) are an error, and nothing is changed',
    async (command) => {
      const options = command === '--help' ? '' : `-i ${inventory('nothing')}`;
      const { status, stderr } = await inShell(`clusterproxy ${command} ${options} > /dev/full`);
      expect(stderr).toContain('error output-lost: ');
      expect(stderr).toContain('no space is left');
      expect(status).toBe(1);
      expect(motd()).toBe(fresh);
    },
  );

  it('is nothing to tell anybody where messages can not be written either', async () => {
    const plan = `clusterproxy plan -i ${inventory('nothing')}`;
    expect(await inShell(`${plan} > /dev/full 2> /dev/full`)).toEqual({ status: 1, stdout: '', stderr: '' });
    expect((await inShell(`${plan} > /dev/full 2>&-`)).status).toBe(1);
  });

  it.each(['2> /dev/full', '2>&-', '2> /dev/null'])(
    'but they can without messages (%s)',
    async (redirection) => {
      const { status, stdout } = await inShell(`clusterproxy plan -i ${inventory('nothing')} ${redirection}`);
      expect(stdout).toContain('1 host: 1 would change');
      expect(status).toBe(0);
    },
  );

  it('end it with 3 where hosts were changed, which is brought to its end', async () => {
    const apply = `clusterproxy apply --yes -i ${inventory('nothing')}`;
    await inShell(`${apply} --dry-run > plan.txt`);
    // The plan can be written, and of what follows a few bytes.
    const room = statSync(join(folder, 'plan.txt')).size + 5;
    const { status, stderr } = await inShell(`prlimit --fsize=${room} ${apply} > results.txt`);
    expect(stderr).toContain('error output-lost: ');
    expect(status).toBe(3);
    expect(motd()).toBe('changed\n');
    expect(existsSync(join(folder, 'host/var/lib/clusterproxy/runs'))).toBe(true);
    const { stdout } = await inShell(`clusterproxy status -i ${inventory('nothing')}`);
    expect(stdout).toContain('in sync');
  });
});
