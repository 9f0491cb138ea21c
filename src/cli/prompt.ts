import { createInterface } from 'node:readline';
import type { Environment } from './environment.ts';
import { discardTyped } from './typed-ahead.ts';

/**
 * Asks a question that is answered by yes or no; the end of the input and anything but `y` or `yes` mean no.
 * The terminal itself shows and edits what is typed, so that Ctrl-C stays a signal.
 */
export async function confirm(
  question: string,
  environment: Pick<Environment, 'stdin' | 'output' | 'signal' | 'interrupt'>,
): Promise<'yes' | 'no' | 'interrupted'> {
  const { stdin, output, signal } = environment;
  await discardTyped(environment);
  if (signal.aborted) return 'interrupted';
  const answered = output.ask(question);
  const prompt = createInterface({ input: stdin, terminal: false });
  let abort = () => {};
  try {
    const answer = await new Promise<string | undefined>((resolve) => {
      abort = () => resolve(undefined);
      signal.addEventListener('abort', abort);
      prompt.once('line', resolve);
      prompt.once('close', abort);
    });
    // Nothing of an answer that was not given has ended the question's line.
    answered(answer === undefined ? '\n' : '');
    if (signal.aborted) return 'interrupted';
    return /^y(?:es)?$/i.test(answer?.trim() ?? '') ? 'yes' : 'no';
  } finally {
    signal.removeEventListener('abort', abort);
    prompt.close();
  }
}
