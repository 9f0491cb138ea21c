import { Argument, type Command } from 'commander';
import type { CompletionShell } from './completion/script.ts';
import type { Registration } from './environment.ts';
import { addExample } from './options.ts';

/** What shells call with the words of a command line; see completion/complete.ts. */
export const completing = '__complete';

export function registerCompletion(program: Command, { environment, finish }: Registration): void {
  const command = program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .description(
      'Prints what a shell needs to complete commands, options, hosts, roles and runs. Nothing is connected to when it does.',
    )
    .action(async (shell: CompletionShell) => {
      const { completionScript } = await import('./completion/script.ts');
      environment.output.results.write(await completionScript(shell));
      finish(0);
    });
  addExample(
    command,
    'source <(clusterproxy completion bash)',
    'clusterproxy completion fish > ~/.config/fish/completions/clusterproxy.fish',
  );
}
