import type { MeetingQuestion, Verdict } from '../model/outside-check.ts';
import { statusWords } from './judge-http.ts';
import type { Followed, Session } from './session.ts';

/** What joining has shown: with a session where it has led to the client. */
export interface Joined {
  readonly verdict: Verdict;
  readonly session: Session | undefined;
}

/** Whether following the redirects of a way in has led to the client, and through no other server. */
export function judgeJoining(
  { client, session: parameter }: Pick<MeetingQuestion, 'client' | 'session'>,
  who: string,
  { urls, answer, session }: Followed,
): Joined {
  const expected = `whoever joins as ${who} is sent to ${client.join(' or ')}`;
  const failed = (found: string, fix?: string): Joined => ({
    verdict: { outcome: 'failed', expected, found, ...(fix === undefined ? {} : { fix }) },
    session: undefined,
  });
  const last = urls.at(-1) ?? '';
  if (answer.kind === 'trouble') return failed(answer.words, answer.fix);
  const origins = client.map((page) => new URL(page).origin);
  const astray = urls.slice(1).find((url) => !origins.includes(new URL(url).origin));
  if (urls.length === 1) {
    return failed(`joining doesn't send people anywhere, it answers ${statusWords(answer.status)}`);
  }
  if (astray !== undefined) return failed(`as ${who}, people are sent to ${shown(astray)}`);
  if (!client.includes(shown(last))) return failed(`as ${who}, people end up at ${shown(last)}`);
  if (answer.status !== 200) return failed(`${shown(last)} answers ${statusWords(answer.status)}`);
  const token = new URL(last).searchParams.get(parameter) ?? '';
  if (token === '') return failed(`the address of the client has no ${parameter}`);
  return {
    verdict: { outcome: 'passed', expected, found: `as ${who}, people end up there` },
    session: { ...session, token },
  };
}

/** An address without what may be good for a session. */
export function shown(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
