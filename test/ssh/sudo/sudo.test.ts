import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createConnector } from '../../../src/ssh/connector.ts';
import type { Connection } from '../../../src/ssh/contract.ts';
import { sudoProblem, wordsOf } from '../../../src/ssh/sudo/problems.ts';
import { asRoot } from '../../../src/ssh/sudo/sudo.ts';
import type { SshTarget } from '../../../src/ssh/target.ts';
import { type Sample, sampleHost } from '../../host/sample.ts';

let sample: Sample;
let connections: Connection[];
beforeEach(async () => {
  sample = await sampleHost({ units: [] });
  connections = [];
});
afterEach(async () => {
  for (const connection of connections) await connection.close();
  await sample.close();
});

const limits = { timeout: 60, maximumOutput: 1_000_000 };

/** A login on a host whose sudo is this script; `"$@"` is what it is called with. */
async function login(script: string, more: Partial<SshTarget> = {}) {
  writeFileSync(join(sample.root, '..', 'work', 'bin', 'sudo'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const { host } = sample;
  const { port, user, identityFiles, hostKeys } = host.target;
  const connection = await createConnector().connect({
    host: '127.0.0.1',
    ...{ port, user, identityFiles, hostKeys },
    knownHostsFiles: [],
    config: 'none',
  });
  connections.push(connection);
  // The server lets in whoever has the key.
  return asRoot(connection, { ...host.target, user: 'ops', ...more });
}

const withPassword = (password: string) => ({ sudoPassword: async () => password });

/** As sudo -S -p PROMPT -- COMMAND: asks up to three times, each attempt in a file. */
function asking(password: string): string {
  return `
    [ "$1 $2" = '-S -p' ] && [ "$4" = -- ] || exit 9
    tries=0
    while :; do
      printf '%s' "$3" >&2
      IFS= read -r answer || { echo 'sudo: no password was provided' >&2; break; }
      tries=$((tries + 1))
      printf '%s\\n' "$answer" >> ${sample.root}/attempts
      [ "$answer" = '${password}' ] && { shift 4; exec "$@"; }
      [ $tries = 3 ] && break
      echo 'Sorry, try again.' >&2
    done
    echo "sudo: $tries incorrect password attempt" >&2
    exit 1`;
}
const attempts = () => sample.host.run('cat', join(sample.root, 'attempts'));

describe('without a password', () => {
  test('the command gets its quoting, input, output and status', async () => {
    const connection = await login('[ "$1 $2" = "-n --" ] || exit 9; shift 2; exec "$@"');
    const command = `printf '%s|' "it's" 'two  words'; cat; echo words >&2; exit 3`;
    const result = await connection.exec(command, Buffer.from('in'), limits);
    expect(result).toEqual({
      code: 3,
      stdout: Buffer.from("it's|two  words|in"),
      stderr: Buffer.from('words\n'),
    });
  });

  test('sudo speaks English, whatever the login does', async () => {
    const connection = await login('[ "$LC_ALL" = C ] || exit 9; shift 2; exec "$@"');
    expect((await connection.exec('true', Buffer.alloc(0), limits)).code).toBe(0);
  });

  test('what the command itself says of sudo is none of its', async () => {
    const connection = await login('shift 2; exec "$@"');
    const command = "echo 'sudo: a password is required' >&2; exit 1";
    expect(await connection.exec(command, Buffer.alloc(0), limits)).toMatchObject({ code: 1 });
  });

  test('who logs in as root needs no sudo', async () => {
    const connection = await login('exit 9', { user: 'root' });
    expect((await connection.exec('echo ok', Buffer.alloc(0), limits)).stdout.toString()).toBe('ok\n');
  });

  test.each([
    ['sudo-password', "echo 'sudo: a password is required' >&2; exit 1"],
    ['sudo-refused', "echo 'ops is not in the sudoers file.' >&2; exit 1"],
    ['sudo-missing', "echo 'env: „sudo“: Datei oder Verzeichnis nicht gefunden' >&2; exit 127"],
    ['sudo-missing', "echo 'sh: 1: sudo: not found' >&2; exit 127"],
    ['sudo-missing', `echo "env: can't execute 'sudo': No such file or directory" >&2; exit 127`],
    ['sudo-refused', "echo 'env: ‘sudo’: Permission denied' >&2; exit 126"],
    ['login-shell', "echo 'bash: line 1: env: command not found' >&2; exit 127"],
    ['login-shell', 'exit 127'],
    ['login-shell', "echo 'restricted: env LC_ALL=C sudo -n -- sh -c x' >&2; exit 126"],
    ['sudo-terminal', "echo 'sudo: sorry, you must have a tty to run sudo' >&2; exit 1"],
    ['sudo-failed', "echo 'sudo: error initializing policy plugin sudoers_policy' >&2; exit 1"],
  ])('%s', async (code, script) => {
    const connection = await login(script);
    await expect(connection.exec('true', Buffer.alloc(0), limits)).rejects.toMatchObject({ code });
  });

  test('a user who may run something else is told so', async () => {
    const connection = await login(
      `[ "$*" = '-n -l' ] && { printf 'User ops may run the following commands on h:\\n    (root) NOPASSWD: /usr/bin/systemctl\\n'; exit 0; }
       echo 'sudo: a password is required' >&2; exit 1`,
    );
    await expect(connection.exec('true', Buffer.alloc(0), limits)).rejects.toMatchObject({
      code: 'sudo-limited',
      problem: { detail: '(root) NOPASSWD: /usr/bin/systemctl' },
    });
  });

  test.each([
    [
      'a later rule asks after all',
      ['(root) NOPASSWD: ALL', '(ALL : ALL) ALL'],
      'sudo-password',
      'sorts last',
    ],
    ['one is for another account', ['(www-data) NOPASSWD: ALL', '(ALL : ALL) ALL'], 'sudo-limited', ''],
    ['the last rule is for something else', ['(root) NOPASSWD: ALL', '(root) /bin/ls'], 'sudo-limited', ''],
  ])('where %s, it is told', async (_what, rules, code, next) => {
    const lines = rules.map((rule) => `    ${rule}\\n`).join('');
    const connection = await login(
      `[ "$*" = '-n -l' ] && { printf 'User ops may run the following commands on h:\\n${lines}'; exit 0; }
       echo 'sudo: a password is required' >&2; exit 1`,
    );
    await expect(connection.exec('true', Buffer.alloc(0), limits)).rejects.toMatchObject({
      code,
      problem: { detail: rules.join('\n'), next: expect.stringContaining(next) },
    });
  });

  test('a login that ends without sudo having said anything is left to whoever asked', async () => {
    const connection = await login("echo 'this account is currently not available'; exit 1");
    expect(await connection.exec('true', Buffer.alloc(0), limits)).toMatchObject({ code: 1 });
  });
});

describe('with a password', () => {
  const input = Buffer.from('clusterproxy 0 0 0\nsecond line\n');

  test('it is sent when sudo asks, and nothing of it reaches the command', async () => {
    const connection = await login(asking('pass word'), withPassword('pass word'));
    const result = await connection.exec('cat; echo words >&2', input, limits);
    expect(result).toEqual({ code: 0, stdout: input, stderr: Buffer.from('words\n') });
    expect(await attempts()).toBe('pass word\n');
    expect(sample.host.commands.join('\n')).not.toContain('pass word');
  });

  test('sudo that does not ask does not get it, nor does the command', async () => {
    const connection = await login('shift 4; exec "$@"', withPassword('secret'));
    expect((await connection.exec('cat', input, limits)).stdout).toEqual(input);
  });

  test('a password that looks like our own protocol is no danger', async () => {
    const connection = await login(asking('clusterproxy x 1 1'), withPassword('clusterproxy x 1 1'));
    expect((await connection.exec('cat', input, limits)).stdout).toEqual(input);
  });

  test('a wrong one is tried once, in this exec and in later ones', async () => {
    const target = withPassword('wrong');
    const connection = await login(asking('right'), target);
    const refused = { code: 'sudo-password-refused' };
    await expect(connection.exec('cat', input, limits)).rejects.toMatchObject(refused);
    await expect(connection.exec('cat', input, limits)).rejects.toMatchObject(refused);
    expect(await attempts()).toBe('wrong\n');
  });

  test('words that come before the question do not hide it', async () => {
    const noise = `i=0; while [ $i -lt 3000 ]; do echo "sudo-asks: noise $i"; i=$((i + 1)); done >&2`;
    const connection = await login(`${noise}\n${asking('right')}`, withPassword('right'));
    expect((await connection.exec('cat', input, limits)).stdout).toEqual(input);
  });

  test('what cannot be sent as one line is not sent', async () => {
    for (const password of ['', 'two\nlines', 'x'.repeat(300)]) {
      const connection = await login(asking('right'), withPassword(password));
      await expect(connection.exec('cat', input, limits)).rejects.toMatchObject({
        code: 'sudo-password-refused',
        problem: { message: expect.not.stringContaining('xxx') },
      });
    }
    expect(existsSync(join(sample.root, 'attempts'))).toBe(false);
  });

  test('an account that is not in sudoers is refused after its password', async () => {
    const script = `printf '%s' "$3" >&2; read -r answer; echo 'ops is not in the sudoers file.  This incident will be reported.' >&2; exit 1`;
    const connection = await login(script, withPassword('right'));
    await expect(connection.exec('cat', input, limits)).rejects.toMatchObject({ code: 'sudo-refused' });
  });

  test('a connection that breaks off leaves the outcome open', async () => {
    const connection = await login(`kill -KILL $PPID; kill -KILL $$`, withPassword('right'));
    expect((await connection.exec('cat', input, limits)).code).toBeNull();
  });
});

describe('a sudo that hangs', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each([
    ['asks for something else', 'Verification code: ', /one-time code/],
    ['says nothing', '', /name resolution/],
  ])('and %s is given up, in words', async (_, said, words) => {
    vi.useFakeTimers();
    const connection: Connection = {
      exec: (_command, _input, options) => {
        if (said !== '') options.onErrorOutput?.(Buffer.from(said));
        return new Promise(() => {});
      },
      close: async () => {},
    };
    const target = { user: 'ops', sudoPassword: async () => 'secret' } as unknown as SshTarget;
    const refused = asRoot(connection, target).exec('true', Buffer.alloc(0), { ...limits, timeout: 600 });
    const expected = expect(refused).rejects.toMatchObject({
      code: 'sudo-unanswered',
      problem: {
        next: expect.stringMatching(words),
        detail: said === '' ? undefined : expect.stringContaining(said.trim()),
      },
    });
    await vi.advanceTimersByTimeAsync(31_000);
    await expected;
  });

  test('once it has begun, only the limit of the command itself counts', async () => {
    const connection = await login('shift 2; exec "$@"');
    const limit = { timeout: 0.5, maximumOutput: 1_000 };
    await expect(connection.exec('sleep 20', Buffer.alloc(0), limit)).rejects.toMatchObject({
      code: 'command-timeout',
    });
  });
});

describe('words', () => {
  const target = { user: 'ops' } as SshTarget;
  test.each([
    ['sudo: a password is required', 'sudo-password'],
    ['sudo: interactive authentication is required', 'sudo-password'],
    ['sudo-rs: interactive authentication is required', 'sudo-password'],
    ['sudo: Authentication required but not attempted', 'sudo-password'],
    ['doas: Authentication required', 'sudo-password'],
    ['doas: Operation not permitted', 'sudo-refused'],
    ["sudo: I'm sorry ops. I'm afraid I can't do that", 'sudo-refused'],
    ['ops is not allowed to run sudo on h.  This incident will be reported.', 'sudo-refused'],
    ['Sorry, user ops may not run sudo on h.', 'sudo-refused'],
    ["Sorry, user ops is not allowed to execute '/usr/bin/sh -c echo x' as root on h.", 'sudo-limited'],
    ['Sorry, user ops may not run /usr/bin/sh on h.', 'sudo-limited'],
    ['sudo: Account or password is expired, reset your password and try again', 'sudo-account'],
    ['sudo: account validation failure, is your account locked?', 'sudo-account'],
    ['sudo: PAM account management error: Permission denied', 'sudo-account'],
    ['/usr/bin/sudo must be owned by uid 0 and have the setuid bit set', 'sudo-failed'],
    ['sudo: The "no new privileges" flag is set, which prevents sudo from running as root.', 'sudo-failed'],
    ['/etc/sudoers:3:1: syntax error', 'sudo-failed'],
  ])('%s', (said, code) => {
    const problem = sudoProblem(target, { code: 1, said: wordsOf(`${said}\n`), passwordSent: false });
    expect(problem?.code).toBe(code);
  });

  test('noise is left out, and so is our own command', () => {
    const said = [
      'sudo: unable to resolve host bbb-01: Name or service not known',
      'We trust you have received the usual lecture from the local System',
      "Sorry, user ops is not allowed to execute '/usr/bin/sh -c echo x >&2; exec sh -c '\\''while …'\\''' as root on h.",
    ];
    expect(wordsOf(said.join('\n'))).toBe(
      "Sorry, user ops is not allowed to execute 'sh -c ...' as root on h.",
    );
    expect(wordsOf(`${said[0]}\n`)).toBe('');
  });
});
