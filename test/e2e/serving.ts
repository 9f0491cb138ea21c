import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CommandResult } from '../lab/command.ts';
import type { Lab } from '../lab/lab.ts';
import type { Call } from '../support/served-program.ts';
import { servedBy } from '../support/serving.ts';

/**
 * What the build of the program says to a command line, from this machine with the lab's names and without
 * starting it anew. Rejects if it takes longer than `patience`, milliseconds, or ends.
 */
export function served(lab: Lab, build: string, call: Call, patience: number): Promise<CommandResult> {
  // It keeps the names that the lab had when it was started.
  const names = statSync(join(lab.directory, 'names/hosts')).ino;
  const start = () => {
    const [command, ...words] = lab.wordsFor(process.execPath, [join(dirname(build), 'served.js')]);
    return spawn(command, words, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...call.variables },
    });
  };
  return servedBy(`${build} ${lab.directory} ${names}`, start, call, patience);
}
