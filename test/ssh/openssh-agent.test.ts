import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ssh2, { type ParsedKey } from 'ssh2';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AgentServer, startAgentServer } from '../../src/ssh/openssh/agent-server.ts';

/**
 * The system's own programs say whether an agent is one: ssh-add(1) lists, ssh-keygen(1) signs and verifies.
 */
const run = promisify(execFile);

let folder: string;
let server: AgentServer | undefined;
let stop: (() => Promise<unknown>) | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-agent-'));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await stop?.();
  stop = undefined;
  rmSync(folder, { recursive: true });
});

function makeKey(name: string, type: string, bits?: string): ParsedKey {
  const file = join(folder, name);
  const size = bits === undefined ? [] : ['-b', bits];
  execFileSync('ssh-keygen', ['-q', '-t', type, ...size, '-N', '', '-C', name, '-f', file]);
  const key = ssh2.utils.parseKey(readFileSync(file));
  if (key instanceof Error) throw key;
  return key;
}

/** The operator's agent, with a key of its own. */
async function startOperatorsAgent(): Promise<string> {
  const socket = join(folder, 'operator');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(agent.stdout, 'data');
  stop = async () => {
    agent.kill();
    await once(agent, 'exit');
  };
  makeKey('theirs', 'ed25519');
  await run('ssh-add', ['-q', join(folder, 'theirs')], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  return socket;
}

async function start(keys: readonly ParsedKey[], behind?: string): Promise<NodeJS.ProcessEnv> {
  server = await startAgentServer(join(folder, 'agent'), keys, behind);
  return { ...process.env, SSH_AUTH_SOCK: server.socket };
}

const list = async (env: NodeJS.ProcessEnv) =>
  (await run('ssh-add', ['-L'], { env })).stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ').at(-1));

/** Signs by the agent alone: only the public half is given. */
async function signs(env: NodeJS.ProcessEnv, name: string): Promise<boolean> {
  const key = join(folder, `${name}.pub`);
  const data = join(folder, 'data');
  writeFileSync(data, 'what is signed');
  rmSync(`${data}.sig`, { force: true });
  await run('ssh-keygen', ['-Y', 'sign', '-q', '-n', 'test', '-f', key, data], { env });
  writeFileSync(join(folder, 'allowed'), `ops ${readFileSync(key, 'utf8')}`);
  const verify = spawn('ssh-keygen', [
    '-Y',
    'verify',
    '-f',
    join(folder, 'allowed'),
    '-I',
    'ops',
    '-n',
    'test',
    '-s',
    `${data}.sig`,
  ]);
  verify.stdin.end('what is signed');
  const [code] = await once(verify, 'exit');
  return code === 0;
}

describe('an agent of our own', () => {
  test('has our keys before those of the agent behind it, and both sign', async () => {
    const behind = await startOperatorsAgent();
    const ours = makeKey('ours', 'ed25519');
    rmSync(join(folder, 'ours'));
    const env = await start([ours], behind);
    expect(await list(env)).toEqual(['ours', 'theirs']);
    rmSync(join(folder, 'theirs'));
    expect(await signs(env, 'ours')).toBe(true);
    expect(await signs(env, 'theirs')).toBe(true);
  });

  test.each([
    ['ecdsa', '256'],
    ['ecdsa', '384'],
    ['ecdsa', '521'],
    ['rsa', '2048'],
  ])('signs with %s %s, whatever the numbers are', async (type, bits) => {
    const env = await start([makeKey('ours', type, bits)]);
    rmSync(join(folder, 'ours'));
    // The length of an ECDSA signature differs from time to time.
    for (let count = 0; count < 8; count++) expect(await signs(env, 'ours')).toBe(true);
  });

  test('hands on what it does not know: adding, removing, locking, extensions', async () => {
    const behind = await startOperatorsAgent();
    const env = await start([], behind);
    makeKey('third', 'ed25519');
    await run('ssh-add', ['-q', join(folder, 'third')], { env });
    expect(await list(env)).toEqual(['theirs', 'third']);
    await run('ssh-add', ['-q', '-d', join(folder, 'theirs')], { env });
    expect(await list(env)).toEqual(['third']);
  });

  test('has its own keys alone where the agent behind it is gone', async () => {
    const ours = makeKey('ours', 'ed25519');
    expect(await list(await start([ours], '/nonexistent/agent'))).toEqual(['ours']);
    expect(await signs({ ...process.env, SSH_AUTH_SOCK: server?.socket }, 'ours')).toBe(true);
  });

  test('answers many at once, and hangs up on who sends no message of an agent', async () => {
    const env = await start([makeKey('ours', 'ed25519')]);
    expect(await Promise.all(Array.from({ length: 20 }, () => list(env)))).toHaveLength(20);
    const socket = net.connect(env.SSH_AUTH_SOCK ?? '');
    socket.on('error', () => {});
    socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 11]));
    await once(socket, 'close');
    // Cut short: nothing comes, and nothing ends.
    const half = net.connect(env.SSH_AUTH_SOCK ?? '');
    half.write(Buffer.from([0, 0, 0, 9, 13]));
    half.write(Buffer.from([0, 0, 0, 200, 0, 0, 0, 0]));
    const [answer] = await once(half, 'data');
    expect([...answer]).toEqual([0, 0, 0, 1, 5]);
    half.destroy();
    expect(await list(env)).toEqual(['ours']);
  });

  test('takes its socket away', async () => {
    const env = await start([]);
    await server?.close();
    server = undefined;
    expect(existsSync(env.SSH_AUTH_SOCK ?? '')).toBe(false);
  });
});
