import { createInterface } from 'node:readline/promises';
import type { Environment } from './environment.ts';

/** Asks a question that is answered by yes or no; the end of the input and anything but `y` or `yes` mean no. */
export async function confirm(
  question: string,
  { stdin, stderr, signal }: Pick<Environment, 'stdin' | 'stderr' | 'signal'>,
): Promise<'yes' | 'no' | 'interrupted'> {
  const prompt = createInterface({ input: stdin, output: stderr });
  const controller = new AbortController();
  const closed = new Promise<string>((resolve) => {
    prompt.once('close', () => resolve(''));
  });
  // readline takes Ctrl-C for itself while it reads, so that no SIGINT arrives.
  prompt.once('SIGINT', () => controller.abort());
  const interruption = AbortSignal.any([signal, controller.signal]);
  try {
    const answer = await Promise.race([prompt.question(question, { signal: interruption }), closed]);
    return /^y(?:es)?$/i.test(answer.trim()) ? 'yes' : 'no';
  } catch (error) {
    if (interruption.aborted) return 'interrupted';
    throw error;
  } finally {
    if (interruption.aborted) stderr.write('\n');
    prompt.close();
  }
}
