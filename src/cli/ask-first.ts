import type { Problem } from '../model/operator-error.ts';
import { confirm } from './prompt.ts';
import type { Session } from './session.ts';

export interface Asking {
  /** the operator has agreed already */
  readonly yes: boolean;
  readonly question: string;
  /** what would happen, where there is nobody to ask */
  readonly otherwise: string;
  /** how to agree, or to look only */
  readonly next: string;
}

/** What the operator says to it; a problem where nobody can be asked. */
export async function askFirst(
  session: Pick<Session, 'environment' | 'json'>,
  { yes, question, otherwise, next }: Asking,
): Promise<'yes' | 'no' | 'interrupted' | Problem> {
  const { environment } = session;
  // Nobody agrees to what they could not read, nor can read afterwards what became of it.
  await new Promise((resolve) => setImmediate(resolve));
  const loss = environment.output.takeLoss();
  if (loss !== undefined) throw loss;
  if (yes) return 'yes';
  const reason = whyNotAsked(session);
  if (reason !== undefined)
    return { code: 'confirmation-needed', message: `${otherwise}: confirmation needed, but ${reason}`, next };
  return confirm(`\n${question} [y/N] `, environment);
}

/** Why nobody can be asked; undefined where somebody can. */
export function whyNotAsked({
  json,
  environment: { stdin, output },
}: Pick<Session, 'environment' | 'json'>): string | undefined {
  if (json) return '--json was given';
  if (stdin.isTTY !== true) return 'stdin is not a terminal';
  return output.messages.isTerminal ? undefined : 'stderr is not a terminal';
}
