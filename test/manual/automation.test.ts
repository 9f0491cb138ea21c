import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { describedProgram } from '../../src/cli/program.ts';
import { wordsOfLine } from './command-words.ts';

const folder = join(import.meta.dirname, '../../examples/automation');
const files = readdirSync(folder);
const textOf = (file: string) => readFileSync(join(folder, file), 'utf8');
const isData = (file: string) => !file.endsWith('.sh');

/** Calls of the program in data: as a list of words, or in lines for a shell. */
function callsIn(data: unknown): readonly (readonly string[])[] {
  if (typeof data === 'string') return callsInText(data);
  if (typeof data !== 'object' || data === null) return [];
  if (Array.isArray(data) && data[0] === 'clusterproxy') return [data.slice(1).map(String)];
  const { entrypoint, args } = data as { readonly entrypoint?: unknown; readonly args?: unknown };
  if (Array.isArray(entrypoint) && entrypoint[0] === 'clusterproxy' && Array.isArray(args))
    return [args.map(String)];
  return Object.values(data).flatMap(callsIn);
}

function callsInText(text: string): readonly (readonly string[])[] {
  return text.split('\n').flatMap((line) => {
    const call = /^\s*clusterproxy (.*)$/.exec(line)?.[1];
    return call === undefined ? [] : [wordsOfLine(call)];
  });
}

function callsOf(file: string): readonly (readonly string[])[] {
  return isData(file) ? callsIn(parseDocument(textOf(file)).toJS()) : callsInText(textOf(file));
}

/** Has the program take a call, without carrying it out; throws what commander has against it. */
async function take(words: readonly string[]): Promise<string> {
  const program = describedProgram();
  let taken = '';
  const quiet = (command: Command, name: string) => {
    command.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
    if (command.commands.length === 0) {
      command.action(() => {
        taken = name;
      });
    }
    for (const one of command.commands) quiet(one, `${name} ${one.name()}`.trim());
  };
  quiet(program, '');
  await program.parseAsync([...words], { from: 'user' });
  return taken;
}

describe('examples of automation', () => {
  it.each(files.filter(isData))('%s is read without a mistake', (file) => {
    const document = parseDocument(textOf(file), { strict: true });
    expect([...document.errors, ...document.warnings]).toEqual([]);
  });

  it.each(files.filter((file) => !isData(file)))('%s is a program for sh', (file) => {
    expect(() => execFileSync('sh', ['-n', join(folder, file)])).not.toThrow();
  });

  it.each(files)('%s calls the program as it is', async (file) => {
    const calls = callsOf(file);
    expect(calls).not.toEqual([]);
    for (const call of calls) {
      const words = call.slice(0, call[0] === 'fleet' ? 2 : 1).join(' ');
      await expect(take(call), call.join(' ')).resolves.toBe(words);
    }
  });

  it('what the program would not take is found', async () => {
    await expect(take(['fleet', 'chek'])).rejects.toThrow('unknown command');
    await expect(take(['fleet', 'apply', '-i', 'a.yaml', '--rings', '1,5'])).rejects.toThrow('rest');
    await expect(take(['apply', '--pln', 'plan.json'])).rejects.toThrow('unknown option');
    expect(callsInText('true\n  clusterproxy plan -i "a b.yaml" >out # all\n')).toEqual([
      ['plan', '-i', 'a b.yaml'],
    ]);
  });

  it('docs/automation.md names each', () => {
    const page = readFileSync(join(folder, '../../docs/automation.md'), 'utf8');
    expect(files.filter((file) => !page.includes(`../examples/automation/${file})`))).toEqual([]);
  });
});
