import { short } from '../short.ts';
import type { Broken, Refusal, Started } from './conversation.ts';

/** What came of asking for something over RTMP. */
export type RtmpAnswer = Started | Refusal | Broken;

/**
 * Whether the server wants to know who is asking: a name or a token, which nobody has given us, or names that
 * are in its database. Ant Media Server answers BadName then; a name that is taken has the same code, but a
 * random one never is. Others say it in words.
 */
export function wantsPermission({ code, words }: Refusal): boolean {
  return (
    /^NetStream\.Publish\.(BadName|Denied|Unauthorized)$/.test(code) ||
    /\b(not allowed|not permitted|not authori[sz]ed|unauthori[sz]ed|forbidden|denied|auth\w*|token|credentials?|password)\b/i.test(
      words,
    )
  );
}

/** Whether an operator has turned off what was asked for. */
export function isSwitchedOff({ words }: Refusal): boolean {
  return /\b(disabled|not enabled|turned off|switched off)\b/i.test(words);
}

/** Why it didn't start, as a sentence without its end. */
export function wordsOf(answer: Refusal | Broken): string {
  if (answer.kind === 'broken') return answer.words;
  const { code, words } = answer;
  if (words === '' && code === '') return 'it refuses';
  return `it refuses: ${words === '' ? code : `'${short(words)}' (${code})`}`;
}

/** The same words once, with how many of all connections they come from. */
export function countedWords(answers: readonly (Refusal | Broken)[], all: number): string {
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(wordsOf(answer), (counts.get(wordsOf(answer)) ?? 0) + 1);
  return [...counts]
    .map(([words, count]) => (count === all ? words : `${words} (${count} of ${all} times)`))
    .join('; ');
}
