import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { builtFolder, packageRoot } from '../../package-root.ts';

/** Shells whose completion there is, and the name that the file has where each looks for it. */
export const completionFiles = {
  bash: 'clusterproxy.bash',
  zsh: '_clusterproxy',
  fish: 'clusterproxy.fish',
} as const;
export type CompletionShell = keyof typeof completionFiles;

/** The script of a shell: beside the program, where the build puts it, else among the sources. */
export async function completionScript(shell: CompletionShell): Promise<string> {
  const built = join(builtFolder(), 'completions', completionFiles[shell]);
  const source = join(packageRoot(), 'src/cli/completion', `clusterproxy.${shell}`);
  return readFile(existsSync(built) ? built : source, 'utf8');
}
