import type { OutsideQuestion } from '../model/outside-check.ts';

/** The name of the server that is asked; undefined where it isn't one of that name. */
export function serverOf(question: OutsideQuestion): string | undefined {
  if ('hostname' in question) return question.hostname;
  if (!('url' in question)) return undefined;
  return URL.canParse(question.url) ? new URL(question.url).hostname : undefined;
}
