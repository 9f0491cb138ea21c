import type { Command } from 'commander';
import { cleanLine } from '../../document/clean-text.ts';
import type { Environment } from '../environment.ts';
import { type Candidate, candidatesFor } from './candidates.ts';
import { unquoted } from './unquoted.ts';
import { understand } from './wanted.ts';

/**
 * What a shell would have to quote never gets to one: that nothing is ever run is worth more. `#` begins a
 * comment only where a word begins.
 */
const harmless = /^[A-Za-z0-9._:/=,@%+-][A-Za-z0-9._:/=,@%+#-]*$/;

/**
 * Tells a shell what could stand at the cursor: first a line `files`, `folders` or `words`, which says what
 * the shell adds by itself, then a line for each candidate, with a tab before what it means. Whatever goes
 * wrong, there is just nothing to offer.
 */
export async function completeWords(
  words: readonly string[],
  program: Command,
  environment: Environment,
): Promise<void> {
  const understood = understand(program, words.map(unquoted));
  const { wanted, typed, before } = understood;
  const found = await candidatesFor(understood, environment).catch((): readonly Candidate[] => []);
  const lines = found.flatMap(({ value, means }) =>
    value.startsWith(typed) && harmless.test(`${before}${value}`)
      ? [`${before}${value}\t${cleanLine(means)}`]
      : [],
  );
  // A code may stand in two tables.
  const unique = lines.filter(
    (line, index) => lines.findIndex((one) => wordOf(one) === wordOf(line)) === index,
  );
  const shell = wanted.kind === 'playbooks' ? 'files' : wanted.kind;
  const own = shell === 'files' || shell === 'folders' ? shell : 'words';
  environment.output.results.write(`${[own, ...unique].join('\n')}\n`);
}

function wordOf(line: string): string {
  return line.replace(/\t.*/, '');
}
