import type { BalancerQuestion } from '../model/balancer-question.ts';
import type { OutsideQuestion, Verdict } from '../model/outside-check.ts';
import { queryKey } from '../model/reads.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { judgeAgent } from './agent.ts';
import { judgeHaproxy } from './haproxy.ts';
import { judgeCommand, judgeSessionIds } from './host-words.ts';
import { judgeNginx } from './nginx.ts';
import { judgeRtmpServers } from './rtmp/handshake.ts';

/** Questions that the look at the host has answered. */
export type SeenQuestion = Exclude<
  BalancerQuestion,
  {
    readonly kind:
      | 'rtmp'
      | 'rtmp-connect'
      | 'rtmp-stream'
      | 'closed'
      | 'websockets'
      | 'sticky'
      | 'certificates'
      | 'names'
      | 'virtual-address'
      | 'same-files';
  }
>;

/** Whether the look at the host answers it; anything else is asked over connections of its own. */
export function isSeen(question: OutsideQuestion): question is SeenQuestion {
  return 'queries' in question || 'needs' in question;
}

/** Whether it can't be answered without a look at the host, be it that only part of the answer is there. */
export function needsLook(question: OutsideQuestion): boolean {
  return isSeen(question) || ['names', 'virtual-address', 'same-files'].includes(question.kind);
}

/** Judges what the look at a host has found; nothing is asked any more. */
export function judgeSeen(question: SeenQuestion, snapshot: Snapshot | undefined): Verdict {
  if (snapshot === undefined)
    return { outcome: 'not-asked', expected: '', found: 'the host was not looked at' };
  if ('needs' in question) return judgeNginx(question, snapshot);
  const answers = question.queries.map((query) => snapshot.answers.get(queryKey(query)));
  switch (question.kind) {
    case 'haproxy-servers':
    case 'haproxy-agents':
      return judgeHaproxy(question, answers);
    case 'agent':
      return judgeAgent(question, answers);
    case 'rtmp-servers':
      return judgeRtmpServers(question, answers);
    case 'command':
      return judgeCommand(question, answers);
    case 'session-ids':
      return judgeSessionIds(question, answers);
  }
}
