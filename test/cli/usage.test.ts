import { CommanderError } from 'commander';
import { expect, it } from 'vitest';
import { describedProgram } from '../../src/cli/program.ts';
import { usageError } from '../../src/cli/usage.ts';

/** What is said of a command line that isn't understood. */
async function nextOf(command: string, ...words: readonly string[]): Promise<string | undefined> {
  const program = describedProgram();
  const error = await program.parseAsync([command, ...words], { from: 'user' }).catch((one: unknown) => one);
  if (!(error instanceof CommanderError)) throw new Error('it was understood');
  return usageError(error, command, program).problem.next;
}

it('says how hosts are named where somebody has named them without an option', async () => {
  expect(await nextOf('plan', 'bbb-01', 'bbb-02')).toBe(
    'for some of the hosts only: clusterproxy plan --limit bbb-01,bbb-02; see clusterproxy plan --help',
  );
});

it('says how the inventory is named where somebody has named it without an option', async () => {
  expect(await nextOf('apply', 'prod.yaml')).toBe(
    'to name the inventory: clusterproxy apply --inventory prod.yaml; see clusterproxy apply --help',
  );
  expect(await nextOf('plan', 'prod.yml', 'bbb-01')).toContain(
    'clusterproxy plan --inventory prod.yml --limit bbb-01;',
  );
});

it('repeats nothing that is no name, and nothing to a command that takes a host or no limit', async () => {
  const help = (command: string) => `see clusterproxy ${command} --help`;
  expect(await nextOf('apply', 'bbb 01; ls')).toBe(help('apply'));
  expect(await nextOf('retire', 'bbb-01', 'bbb-02')).toBe(help('retire'));
});
