import { spawn } from 'node:child_process';
import { findInPath } from '../ssh/find-in-path.ts';

/** What less(1) does where the operator has not said: end where all fits, keep colours and the screen. */
const usualLess = 'FRX';

/** The operator's pager as a shell takes it: MANPAGER, PAGER, else less; undefined: there is none. */
export async function pagerOf(
  variables: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  for (const name of ['MANPAGER', 'PAGER']) {
    const given = variables[name];
    // `cat` is how people say that they want none.
    if (given !== undefined) return given === '' || given === 'cat' ? undefined : given;
  }
  return (await findInPath('less')) === undefined ? undefined : 'less';
}

/**
 * Shows a text by a pager, and waits until it has ended. Returns false if it could not be started. It is the
 * pager that Ctrl-C is for, meanwhile.
 */
export async function page(
  text: string,
  pager: string,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  const ignore = () => undefined;
  process.on('SIGINT', ignore);
  try {
    return await new Promise<boolean>((resolve) => {
      const child = spawn('/bin/sh', ['-c', pager], {
        env: { LESS: usualLess, LV: '-c', ...variables },
        stdio: ['pipe', 'inherit', 'inherit'],
      });
      child.on('error', () => resolve(false));
      // The shell says 127 where there is no such program, and 126 where it can't be run.
      child.on('close', (status) => resolve(status !== 127 && status !== 126));
      // It may be closed before all is read.
      child.stdin.on('error', ignore);
      child.stdin.end(text);
    });
  } finally {
    process.off('SIGINT', ignore);
  }
}
