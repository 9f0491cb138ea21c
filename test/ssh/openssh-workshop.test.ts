import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { offerAnswer } from '../../src/ssh/openssh/answer.ts';
import { createPrivateDirectory } from '../../src/ssh/openssh/private-directory.ts';
import { localProgram, startWatchdog } from '../../src/ssh/openssh/watchdog.ts';

let base: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'workshop-'));
  vi.stubEnv('XDG_RUNTIME_DIR', base);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  vi.unstubAllEnvs();
  rmSync(base, { recursive: true, force: true });
});

function sleeper(): { readonly pid: number; readonly ended: Promise<unknown> } {
  const child = spawn('sleep', ['300'], { stdio: 'ignore' });
  children.push(child);
  return { pid: child.pid ?? 0, ended: once(child, 'exit') };
}

const isAlive = (pid: number) =>
  existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
/** A process id that nobody has. */
function gonePid(): number {
  const { pid } = spawnSync('true');
  return pid;
}

describe('the private folder', () => {
  test('is for this user alone, and its path is nothing that ssh or a shell would read otherwise', async () => {
    const directory = await createPrivateDirectory();
    expect(directory).toMatch(new RegExp(`^${base}/clusterproxy-${process.pid}-\\w{6}$`));
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  test.each([
    ['with a space', 'a b'],
    ['with a percent sign', '100%d'],
    ['that is long', 'x'.repeat(80)],
    ['that is not there', 'missing'],
  ])('is elsewhere where the usual place is one %s', async (what, name) => {
    const place = join(base, name);
    if (what !== 'that is not there') mkdirSync(place);
    vi.stubEnv('XDG_RUNTIME_DIR', place);
    const directory = await createPrivateDirectory();
    expect(directory.startsWith(place)).toBe(false);
    rmSync(directory, { recursive: true });
  });

  test('takes the place of those whose process is gone, and leaves all others alone', async () => {
    const hourAgo = new Date(Date.now() - 2 * 3_600_000);
    const make = (name: string, time = hourAgo) => {
      const path = join(base, name);
      mkdirSync(path);
      writeFileSync(join(path, 'file'), '');
      utimesSync(path, time, time);
      return path;
    };
    const old = make(`clusterproxy-${gonePid()}-abcdef`);
    const young = make(`clusterproxy-${gonePid()}-ghijkl`, new Date());
    const alive = make(`clusterproxy-${process.ppid}-abcdef`);
    const other = make(`clusterproxy-${gonePid()}-abcdef.old`);
    const link = join(base, `clusterproxy-${gonePid()}-mnopqr`);
    symlinkSync(other, link);
    await createPrivateDirectory();
    expect([old, young, alive, other, link].map((path) => existsSync(path))).toEqual([
      false,
      true,
      true,
      true,
      true,
    ]);
    expect(existsSync(join(other, 'file'))).toBe(true);
  });
});

describe('the watchdog', () => {
  test('ends what still runs when it is closed, and removes the folder', async () => {
    const directory = await createPrivateDirectory();
    const watchdog = await startWatchdog(directory);
    const [running, over] = [sleeper(), sleeper()];
    for (const { pid } of [running, over]) watchdog.started(pid);
    watchdog.ended(over.pid);
    await watchdog.close();
    await running.ended;
    expect(isAlive(over.pid)).toBe(true);
    expect(existsSync(directory)).toBe(false);
  });

  test('does so as well when who started it is killed', async () => {
    const directory = await createPrivateDirectory();
    const program = join(base, 'program');
    writeFileSync(program, await localProgram('watchdog'));
    const running = sleeper();
    // Holds the watchdog's stdin, as clusterproxy does.
    const owner = spawn(
      'sh',
      ['-c', `(echo "+${running.pid}"; exec sleep 300) | setsid sh "$1" "$2"`, 'sh', program, directory],
      {
        stdio: 'ignore',
        detached: true,
      },
    );
    children.push(owner);
    const isThere = (...what: readonly string[]) => spawnSync('pgrep', what).status === 0;
    // It is in a session of its own only once it is itself, and has been told of the process once sleep runs.
    await vi.waitFor(() => expect(isThere('-f', `^sh ${program} ${directory}$`)).toBe(true));
    await vi.waitFor(() => expect(isThere('-g', String(owner.pid), '-x', 'sleep')).toBe(true));
    expect(isAlive(running.pid)).toBe(true);
    process.kill(-(owner.pid ?? 0), 'SIGKILL');
    await running.ended;
    await vi.waitFor(() => expect(existsSync(directory)).toBe(false));
  });

  test('removes nothing that is not a folder of a run', async () => {
    const other = join(base, 'precious');
    mkdirSync(other);
    const program = await localProgram('watchdog');
    for (const directory of [other, '', '/']) {
      expect(spawnSync('/bin/sh', ['-c', program, 'sh', directory], { input: '' }).status).toBe(2);
    }
    expect(existsSync(other)).toBe(true);
  });
});

describe('an answer', () => {
  const ask = async (path: string, question: string, env: NodeJS.ProcessEnv = {}) => {
    const child = spawn('/bin/sh', ['-c', await localProgram('askpass'), 'askpass', question], {
      env: { ...process.env, CLUSTERPROXY_ANSWER: path, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
      // Its parent would be ended on some questions.
      detached: true,
    });
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    const [code] = await once(child, 'close');
    return { code, said };
  };

  test('can be read once, to the letter', async () => {
    const secret = ` it's \\n a "secret" $HOME %s * `;
    const answer = await offerAnswer(join(base, 'answer'), secret);
    expect(statSync(answer.path).mode & 0o777).toBe(0o600);
    expect(await ask(answer.path, "ops@bbb-01's password: ")).toEqual({ code: 0, said: `${secret}\n` });
    expect(existsSync(answer.path)).toBe(false);
    await answer.close();
  });

  test('is not given to a question that it is no answer to; what was asked is known', async () => {
    const answer = await offerAnswer(join(base, 'answer'), 'secret');
    expect(await ask(answer.path, '(ops@bbb-01) Verification code: ')).toEqual({ code: 1, said: '' });
    expect(await ask(answer.path, "Enter passphrase for key '/home/ada/.ssh/id': ")).toEqual({
      code: 1,
      said: '',
    });
    expect(await ask(answer.path, 'Confirm user presence', { SSH_ASKPASS_PROMPT: 'none' })).toEqual({
      code: 0,
      said: '',
    });
    expect(await ask(answer.path, 'Allow use of key?', { SSH_ASKPASS_PROMPT: 'confirm' })).toEqual({
      code: 1,
      said: '',
    });
    expect(await answer.refused()).toEqual([
      '(ops@bbb-01) Verification code: ',
      "Enter passphrase for key '/home/ada/.ssh/id': ",
    ]);
    await answer.close();
    expect(existsSync(`${answer.path}.asked`)).toBe(false);
  });
});
