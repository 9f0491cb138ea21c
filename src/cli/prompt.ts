import { createInterface } from 'node:readline';
import { renderQuestion } from '../report/terminal/question.ts';
import type { Environment } from './environment.ts';
import { discardTyped } from './typed-ahead.ts';

/**
 * Asks a question that is answered by yes or no; the end of the input and anything but `y` or `yes` mean no.
 */
export async function confirm(question: string, environment: Asked): Promise<'yes' | 'no' | 'interrupted'> {
  const answer = await askLine(question, environment);
  if (environment.signal.aborted) return 'interrupted';
  return /^y(?:es)?$/i.test(answer?.trim() ?? '') ? 'yes' : 'no';
}

/**
 * Asks for one of several words, or the beginning of one, until it gets one. Undefined at the end of the
 * input and after an interruption.
 */
export async function askWord(
  question: string,
  words: readonly string[],
  environment: Asked,
): Promise<string | undefined> {
  for (;;) {
    const answer = await askLine(question, environment);
    if (answer === undefined || environment.signal.aborted) return undefined;
    const given = answer.trim().toLowerCase();
    const meant = words.filter((word) => given !== '' && word.startsWith(given));
    if (meant.length === 1) return meant[0];
  }
}

type Asked = Pick<Environment, 'stdin' | 'output' | 'signal' | 'interrupt'>;

/** A line from the terminal, which itself shows and edits what is typed, so that Ctrl-C stays a signal. */
async function askLine(question: string, environment: Asked): Promise<string | undefined> {
  const { stdin, output, signal } = environment;
  await discardTyped(environment);
  if (signal.aborted) return undefined;
  const answered = output.ask(renderQuestion(question, output.messages.columns));
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
    return answer;
  } finally {
    signal.removeEventListener('abort', abort);
    prompt.close();
  }
}
