import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OperatorErrors, type Problem } from '../../src/model/operator-error.ts';
import { runForSecret } from '../../src/secrets/command.ts';
import type { SecretReference } from '../../src/secrets/reference.ts';
import { SecretRegister } from '../../src/secrets/register.ts';
import {
  lookUpSecrets,
  type ResolveOptions,
  referenceId,
  type WantedSecret,
} from '../../src/secrets/resolve.ts';

let folder: string;
let register: SecretRegister;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  register = new SecretRegister();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function optionsWith(more: Partial<ResolveOptions> = {}): ResolveOptions {
  return {
    directory: folder,
    home: join(folder, 'home'),
    variables: { PATH: process.env.PATH, KEY: 'from-the-environment' },
    terminal: false,
    signal: new AbortController().signal,
    register,
    progress: () => undefined,
    ...more,
  };
}

/** The values, where all of them can be had. */
async function resolveSecrets(wanted: readonly WantedSecret[], options: ResolveOptions) {
  const { values, problems } = await lookUpSecrets(wanted, options);
  if (problems.length > 0) throw new OperatorErrors(problems);
  return values;
}

async function had(
  reference: SecretReference,
  more: Partial<ResolveOptions> = {},
): Promise<string | undefined> {
  const location = { file: 'prod.yaml', line: 3, column: 5, text: '' };
  return (await resolveSecrets([{ reference, location }], optionsWith(more))).get(referenceId(reference));
}

async function problemOf(reference: SecretReference, more: Partial<ResolveOptions> = {}): Promise<Problem> {
  try {
    await had(reference, more);
  } catch (error) {
    if (error instanceof OperatorErrors && error.problems[0] !== undefined) return error.problems[0];
    throw error;
  }
  throw new Error('it could be had');
}

function put(name: string, content: string | Buffer, mode = 0o600): void {
  writeFileSync(join(folder, name), content, { mode });
  chmodSync(join(folder, name), mode);
}

describe('a secret is had', () => {
  it('from the environment', async () => {
    expect(await had({ env: 'KEY' })).toBe('from-the-environment');
    expect(register.isIn('x from-the-environment')).toBe(true);
  });

  it('from a file, relative to the inventory, at home or absolute, without its one line end', async () => {
    mkdirSync(join(folder, 'home'));
    put('plain', 'no line end');
    put('home/.key', 'at home\n');
    put('windows', 'with a carriage return\r\n');
    symlinkSync('plain', join(folder, 'link'));
    expect(await had({ file: 'plain' })).toBe('no line end');
    expect(await had({ file: './link' })).toBe('no line end');
    expect(await had({ file: '~/.key' })).toBe('at home');
    expect(await had({ file: join(folder, 'windows') })).toBe('with a carriage return');
  });

  it('from a program, with its arguments as they are, in the directory of the inventory, without a shell', async () => {
    put('here', 'it works\n');
    put('own.sh', '#!/bin/sh\nprintf "%s" "$1"\n', 0o700);
    expect(await had({ command: ['cat', 'here'] })).toBe('it works');
    expect(await had({ command: ['./own.sh', '$HOME; `id` | x'] })).toBe('$HOME; `id` | x');
    // Nothing to read where there is no terminal.
    expect(await had({ command: ['sh', '-c', 'cat; echo end'] })).toBe('end');
  });

  it('from a program that does not see the secrets of others', async () => {
    const variables = { PATH: process.env.PATH, KEY: 'mine', OTHER: 'theirs' };
    const found = await had(
      { command: ['sh', '-c', 'echo "$KEY,$OTHER"'] },
      { variables, withheld: new Set(['OTHER']) },
    );
    expect(found).toBe('mine,');
  });

  it('once, however often it stands in the inventory', async () => {
    put('count.sh', '#!/bin/sh\necho once >>log\necho value\n', 0o700);
    const reference = { command: ['./count.sh'] };
    const location = { file: 'prod.yaml', line: 1, column: 1, text: '' };
    await resolveSecrets(
      [1, 2, 3].map((line) => ({ reference, location: { ...location, line } })),
      optionsWith(),
    );
    expect(await had({ command: ['cat', 'log'] })).toBe('once');
  });
});

describe('a secret is refused', () => {
  it('in an environment variable that is not set, or empty', async () => {
    const problem = await problemOf({ env: 'NOT_SET' });
    expect(problem).toMatchObject({ code: 'secret-env-missing', location: { file: 'prod.yaml', line: 3 } });
    expect(problem.message).toContain('NOT_SET');
    expect((await problemOf({ env: 'EMPTY' }, { variables: { EMPTY: '' } })).code).toBe('secret-unusable');
  });

  it.each([0o640, 0o604, 0o620, 0o601, 0o666])('in a file with mode %o', async (mode) => {
    put('open', 'hidden-value\n', mode);
    const problem = await problemOf({ file: 'open' });
    expect(problem.code).toBe('secret-file-exposed');
    expect(problem.next).toContain(`chmod 600 ${join(folder, 'open')}`);
    expect(JSON.stringify(problem)).not.toContain('hidden-value');
  });

  it('in a file that is not there, or none', async () => {
    expect((await problemOf({ file: 'none' })).code).toBe('secret-file-missing');
    expect((await problemOf({ file: '.' })).code).toBe('secret-file-unreadable');
    expect((await problemOf({ file: '/dev/null' })).code).toBe('secret-file-unreadable');
  });

  it.runIf(process.getuid?.() === 0)('in a file of another user', async () => {
    put('theirs', 'x');
    const { chownSync } = await import('node:fs');
    chownSync(join(folder, 'theirs'), 12345, 12345);
    expect(await problemOf({ file: 'theirs' })).toMatchObject({ code: 'secret-file-exposed' });
  });

  it.each([
    ['empty', ''],
    ['blank', ' \n'],
    ['of two lines', 'one\ntwo\n'],
    ['with a NUL', 'a\0b'],
    ['with an escape', 'a\x1b[31mb'],
    ['too long', 'x'.repeat(8193)],
    ['not UTF-8', Buffer.from([0x61, 0xff, 0xfe])],
  ])('that is %s', async (_, content) => {
    put('odd', content);
    expect((await problemOf({ file: 'odd' })).code).toBe('secret-unusable');
    expect((await problemOf({ command: ['cat', 'odd'] })).code).toBe('secret-unusable');
  });

  it('of a program that is missing, not executable, or fails: with its complaint, never with its output', async () => {
    expect(await problemOf({ command: ['no-such-program'] })).toMatchObject({
      code: 'secret-command-missing',
    });
    put('data', 'x', 0o600);
    expect((await problemOf({ command: ['./data'] })).message).toContain('not executable');
    const failed = await problemOf({
      command: ['sh', '-c', 'echo half-a-secret; echo "vault: sealed, half-a-secret" >&2; exit 3'],
    });
    expect(failed).toMatchObject({ code: 'secret-command-failed', detail: 'vault: sealed, ********' });
    expect(failed.message).toContain('exit status 3');
    expect((await problemOf({ command: ['sh', '-c', 'kill -9 $$'] })).message).toContain('SIGKILL');
  });

  it('of a program that takes too long, also when it ignores a friendly signal and leaves children', async () => {
    const found = await runForSecret(['sh', '-c', "trap '' TERM; sleep 60 & sleep 60"], {
      ...optionsWith(),
      timeLimit: 100,
    });
    expect(found).toMatchObject({ code: 'secret-command-failed' });
  });

  it('of a program that never stops printing', async () => {
    expect((await problemOf({ command: ['yes'] })).code).toBe('secret-unusable');
  });

  it('when the operator interrupts', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    const problem = await problemOf({ command: ['sleep', '60'] }, { signal: controller.signal });
    expect(problem.code).toBe('interrupted');
  });

  it('together with all others that are, in the order of the file', async () => {
    const at = (line: number) => ({ file: 'prod.yaml', line, column: 1, text: '' });
    const wanted = [
      { reference: { command: ['false'] }, location: at(9) },
      { reference: { env: 'KEY' }, location: at(1) },
      { reference: { file: 'none' }, location: at(2) },
      { reference: { env: 'NOT_SET' }, location: at(5) },
    ];
    const problems = await resolveSecrets(wanted, optionsWith()).then(
      () => [],
      (error: OperatorErrors) => error.problems,
    );
    expect(problems.map(({ code, location }) => `${location?.line} ${code}`)).toEqual([
      '2 secret-file-missing',
      '5 secret-env-missing',
      '9 secret-command-failed',
    ]);
  });
});
