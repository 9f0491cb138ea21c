import type { Query } from '../../model/reads.ts';
import type { StepHost } from '../../virtual/step-host.ts';

/** A command's program. Commands are split at blanks, as no shell is around them. */
export function programOf(command: string): string {
  return command.split(' ')[0] ?? '';
}

/** Asks whether the program is a file that can be run, without fetching it: it may hold a secret. */
export function isProgram(path: string): Query {
  const asked = '[ -f "$1" ] || exit 4; [ -x "$1" ] || exit 5';
  return { kind: 'command', args: ['sh', '-c', asked, 'sh', path] };
}

/**
 * Warns of programs that an operator has to put on the host, and that aren't there, or can't be run. What an
 * earlier step writes will be there.
 */
export function warnOfMissing(host: StepHost, commands: readonly string[], what: string): void {
  for (const path of new Set(commands.map(programOf))) {
    const status = host.isWritten(path) ? 0 : host.answer(isProgram(path))?.status;
    if (status === 4)
      host.warn(`there is no program ${path} on this host, without which ${what}: put it there`);
    if (status === 5) {
      host.warn(`${path} can't be executed on this host, so that ${what}: make it executable (chmod 0755)`);
    }
  }
}
