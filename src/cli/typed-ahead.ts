import type { Environment } from './environment.ts';

const ctrlC = 3;

/**
 * Throws away what was typed before a question is shown: it can't be meant as its answer. A whole line waits
 * in the kernel (termios(3), canonical mode), half a line as well; raw mode makes both readable. There is no
 * tcflush(3) in Node. `keys` leaves the terminal in raw mode, for who goes on reading so.
 */
export async function discardTyped(
  { stdin, interrupt }: Pick<Environment, 'stdin' | 'interrupt'>,
  { leaveAs = 'lines' }: { readonly leaveAs?: 'lines' | 'keys' } = {},
): Promise<void> {
  if (stdin.isTTY !== true || typeof stdin.setRawMode !== 'function') return;
  let isMore: boolean;
  const discard = (chunk: Buffer | string) => {
    isMore = true;
    // In raw mode Ctrl-C is a key like any other.
    if (Buffer.from(chunk).includes(ctrlC)) interrupt();
  };
  stdin.setRawMode(true);
  stdin.on('data', discard);
  try {
    do {
      isMore = false;
      // Between one round's end and the next one's, the loop has asked the terminal.
      await roundOfLoop();
      await roundOfLoop();
    } while (isMore);
  } finally {
    stdin.off('data', discard);
    stdin.pause();
    if (leaveAs === 'lines') stdin.setRawMode(false);
  }
}

function roundOfLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
