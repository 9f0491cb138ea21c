import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { AskPassphrase } from '../ssh/keys/keyring.ts';
import type { Environment } from './environment.ts';
import { discardTyped } from './typed-ahead.ts';

/**
 * Asks on the terminal for the passphrase of a private key, without showing what is typed. Undefined where
 * nobody is there to be asked.
 */
export function passphraseAsker(
  environment: Pick<Environment, 'stdin' | 'output' | 'signal' | 'interrupt' | 'secrets'>,
  { json }: { readonly json: boolean },
): AskPassphrase | undefined {
  const { stdin, output, signal, secrets } = environment;
  if (json || stdin.isTTY !== true || !output.messages.isTerminal) return undefined;
  return async (file, attempt) => {
    // It's never shown: not for the moment before readline takes over, either.
    await discardTyped(environment, { leaveAs: 'keys' });
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
    const prompt = createInterface({ input: stdin, output: silent, terminal: true, historySize: 0 });
    // readline takes Ctrl-C for itself while it reads, so that no SIGINT arrives.
    prompt.once('SIGINT', environment.interrupt);
    const closed = new Promise<undefined>((resolve) => {
      prompt.once('close', () => resolve(undefined));
    });
    const answered = output.ask(`${attempt > 1 ? 'Wrong passphrase. ' : ''}Passphrase for ${file}: `);
    try {
      const answer = prompt.question('', { signal });
      const passphrase = await Promise.race([answer.catch(() => undefined), closed]);
      secrets.add(passphrase ?? '');
      return passphrase;
    } finally {
      prompt.close();
      answered('\n');
    }
  };
}
