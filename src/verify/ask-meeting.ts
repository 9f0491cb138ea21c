import type { MeetingQuestion, Verdict } from '../model/outside-check.ts';
import { judgeJoining } from './judge-joining.ts';
import type { Network } from './network.ts';
import { follow, type Session } from './session.ts';

/** A way into a meeting: the address is good for one person, and is never shown. */
export interface WayIn {
  readonly who: string;
  readonly url: string;
}

export interface JoinedBy {
  readonly verdict: Verdict;
  /** that of the first who has joined; undefined if not everybody could */
  readonly session: Session | undefined;
}

/** Joins a meeting in each way, one after the other as people do, and says where that has led. */
export async function joinMeeting(
  question: Pick<MeetingQuestion, 'client' | 'session'>,
  ways: readonly WayIn[],
  network: Network,
): Promise<JoinedBy> {
  const expected = `a meeting is created, everybody who joins it is sent to ${question.client.join(' or ')}, and it ends`;
  const origins = question.client.map((page) => new URL(page).origin);
  let session: Session | undefined;
  for (const { who, url } of ways) {
    const joined = judgeJoining(question, who, await follow(network, url, origins));
    if (joined.verdict.outcome === 'failed') {
      return { verdict: { ...joined.verdict, expected }, session: undefined };
    }
    session ??= joined.session;
  }
  const everybody = ways.map(({ who }) => who).join(' and ');
  return { verdict: { outcome: 'passed', expected, found: `joined as ${everybody}` }, session };
}
