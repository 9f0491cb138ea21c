import pLimit, { type LimitFunction } from 'p-limit';
import type { AskedQuestion } from '../model/outside-check.ts';
import { serverOf } from '../verify/server-of.ts';

/** How many questions one server is asked at once: a check is no load test. */
const atOneServer = 16;
/** How many are under way in all: this machine may be a small one, and behind a small router. */
const inAll = 96;

/**
 * Begins to ask when the question's server and this machine can take it. Servers are counted by themselves:
 * otherwise twenty nodes, each of which could answer at once, would wait for each other.
 */
export function questionLimits(): <Result>(
  question: AskedQuestion,
  ask: () => Promise<Result>,
) => Promise<Result> {
  const all = pLimit(inAll);
  const servers = new Map<string, LimitFunction>();
  return (question, ask) => {
    const server = serverOf(question) ?? ('address' in question ? question.address : '');
    const limit = servers.get(server) ?? pLimit(atOneServer);
    servers.set(server, limit);
    return limit(() => all(ask));
  };
}
