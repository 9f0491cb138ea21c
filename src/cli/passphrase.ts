import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { AskPassphrase } from '../ssh/keys/keyring.ts';
import type { Environment } from './environment.ts';

/**
 * Asks on the terminal for the passphrase of a private key, without showing what is typed. Undefined where nobody is there to
 * be asked.
 */
export function passphraseAsker(
  environment: Pick<Environment, 'stdin' | 'stderr' | 'signal'>,
  { json, clear }: { readonly json: boolean; readonly clear: () => void },
): AskPassphrase | undefined {
  const { stdin, stderr, signal } = environment;
  if (json || stdin.isTTY !== true || stderr.isTTY !== true) return undefined;
  return async (file, attempt) => {
    clear();
    stderr.write(`${attempt > 1 ? 'That does not open it. ' : ''}Passphrase of ${file}: `);
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
    const prompt = createInterface({ input: stdin, output: silent, terminal: true, historySize: 0 });
    const interruption = new AbortController();
    // readline takes Ctrl-C for itself while it reads, so that no SIGINT arrives.
    prompt.once('SIGINT', () => interruption.abort());
    const closed = new Promise<undefined>((resolve) => {
      prompt.once('close', () => resolve(undefined));
    });
    try {
      const answer = prompt.question('', { signal: AbortSignal.any([signal, interruption.signal]) });
      return await Promise.race([answer.catch(() => undefined), closed]);
    } finally {
      stderr.write('\n');
      prompt.close();
    }
  };
}
