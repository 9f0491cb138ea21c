import type { AnyCheck } from '../model/outside-check.ts';

/** The name of the server that is asked; undefined where it isn't one of that name. */
export function serverOf(question: AnyCheck['question']): string | undefined {
  if ('hostname' in question) return question.hostname;
  const url = 'page' in question ? question.page : 'url' in question ? question.url : undefined;
  return url !== undefined && URL.canParse(url) ? new URL(url).hostname : undefined;
}
