import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { Output } from '../../src/report/output.ts';

/** A terminal (or not), and what was written to it. */
function outputTo(
  variables: Readonly<Record<string, string>> = {},
  { columns = 40, isTTY = true }: { columns?: number; isTTY?: boolean } = {},
) {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => {
    const made = Object.assign(new PassThrough(), { columns, isTTY });
    made.write = ((text: string) => {
      written[name] += text;
      return true;
    }) as typeof made.write;
    return made as unknown as NodeJS.WriteStream;
  };
  const [stdout, stderr] = [stream('stdout'), stream('stderr')];
  const mask = (text: string) => text.replaceAll('s3cret', '********');
  return { output: new Output({ stdout, stderr, variables, mask }), written, stdout };
}

describe('the only way out for words', () => {
  it('takes secrets out of all of them', async () => {
    const { output, written } = outputTo();
    output.results.write('a s3cret\n');
    output.messages.write('b s3cret\n');
    output.document('{"c": "s3cret"}\n');
    output.interject('d s3cret');
    output.status('e s3cret');
    // What draws it is loaded when it is needed.
    await vi.waitFor(() => expect(written.stderr).toContain('e ***'));
    output.ask('f s3cret? ')('s3cret\n');
    const all = written.stdout + written.stderr;
    // The line of what is being done may have been drawn more than once by then.
    for (const letter of 'abdef') expect(all).toContain(`${letter} ********`);
    expect(all).toContain('{"c": "********"}');
    expect(all).toContain('? ********');
    expect(all).not.toContain('s3cret');
  });

  it('lets colours through and nothing else that a terminal obeys', () => {
    const { output, written } = outputTo();
    output.results.write('\x1b[31mred\x1b[0m \x1b[2J\x1b]0;title\x07\u009b1m\u202e\n');
    expect(written.stdout).toBe('\x1b[31mred\x1b[0m ^[[2J^[]0;title^G<U+009B>1m<U+202E>\n');
  });

  it('masks before it shortens', async () => {
    const { output, written } = outputTo({}, { columns: 20 });
    output.status('looking at a s3cret thing');
    await vi.waitFor(() => expect(written.stderr).toContain('- looking at a *...'));
    output.close();
  });

  it('is kept by everything else: nothing but src/process.ts has the streams', () => {
    const source = join(import.meta.dirname, '../../src');
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
    const found = files.filter((name) =>
      /process\s*\.\s*(?:stdout|stderr)|console\.\w|\{[^}]*\bstd(?:out|err)\b[^}]*\}\s*=\s*process\b/.test(
        readFileSync(join(source, name), 'utf8'),
      ),
    );
    expect(found.filter((name) => name !== 'schema.ts')).toEqual(['process.ts']);
  });
});

describe('while somebody is asked', () => {
  it('everything else waits, in its order', () => {
    const { output, written } = outputTo();
    const answered = output.ask('Really? ');
    output.status('looking');
    output.messages.write('one\n');
    output.interject('two');
    expect(written.stderr).toBe('Really? ');
    answered('\n');
    output.close();
    expect(written.stderr.replace(/\r[^\n]*?\x1b\[[JK]/g, '')).toBe('Really? \none\ntwo\n');
  });

  it('the end of the program lets it go', () => {
    const { output, written } = outputTo();
    output.ask('Really? ');
    output.messages.write('a last word\n');
    output.close();
    expect(written.stderr).toContain('a last word\n');
  });
});

describe('a line that is drawn anew', () => {
  it.each([
    ['no terminal', {}, { isTTY: false }],
    ['a terminal of unknown width', {}, { columns: 0 }],
    ['TERM=dumb', { TERM: 'dumb' }, {}],
    ['a terminal that nobody watches', { CI: 'true' }, {}],
  ])('is not drawn on %s', (_name, variables, size) => {
    expect(outputTo(variables, size).output.hasStatus).toBe(false);
  });

  it('is never wider than the terminal, whatever is in it', async () => {
    const { output, written } = outputTo({}, { columns: 10 });
    output.status('話題話題話題話題\u001b[2J');
    await vi.waitFor(() => expect(written.stderr).toContain('話題'));
    output.close();
    // Drawn anew as often as there is time for it.
    const [before, ...lines] = written.stderr.split('\r');
    expect([before, lines.pop()]).toEqual(['', '\x1b[J']);
    expect([...new Set(lines)]).toEqual(['- 話題...\x1b[K']);
  });
});

it('results that could not be written are told once, but for a reader that is gone', () => {
  const { output, stdout } = outputTo();
  stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  expect(output.takeLoss()).toBeUndefined();
  stdout.emit('error', Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
  expect(output.takeLoss()?.problem).toMatchObject({ code: 'output-lost' });
  expect(output.takeLoss()).toBeUndefined();
});
