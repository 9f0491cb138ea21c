import { isoOf } from '../../model/claims.ts';
import type { QueuedRun } from '../../model/queue.ts';
import type { RoleQueue } from '../../model/rollout.ts';
import { ownLine, showableLine } from '../../secrets/showable.ts';
import { cleanName } from './harmless.ts';
import type { ReportQueued, ReportRollout } from './schema.ts';

/** A run that waits on a host until nobody is there. */
export function queuedDocument({ run, who, since, until, idleFor, slot, asked }: QueuedRun): ReportQueued {
  return {
    run: cleanName(run),
    ...(who === undefined ? {} : { who: showableLine(who) }),
    ...{ since: isoOf(since), until: isoOf(until), idleForSeconds: idleFor },
    ...(slot === undefined ? {} : { mayBegin: { from: isoOf(slot.from), to: isoOf(slot.to) } }),
    ...(asked === undefined
      ? {}
      : {
          asked: {
            ...{ at: isoOf(asked.at), verdict: asked.verdict },
            ...(asked.idleSince === undefined ? {} : { idleSince: isoOf(asked.idleSince) }),
            ...(asked.heldBack === undefined ? {} : { heldBack: asked.heldBack }),
            ...(asked.words === '' ? {} : { words: ownLine(asked.words) }),
          },
        }),
  };
}

/** Hosts of a role that change themselves once nobody is there. */
export function queueDocument(queue: RoleQueue): NonNullable<ReportRollout['queue']> {
  const { hosts, idleFor, until, away, balancer, withoutCordon } = queue;
  return {
    hosts: hosts.map(cleanName),
    ...{ idleForSeconds: idleFor, until, awaySeconds: away, balancer, withoutCordon },
  };
}
