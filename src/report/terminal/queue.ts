import type { ReportRollout } from '../document/schema.ts';
import { list, oneLine } from '../shared/prose.ts';
import { spanWords } from '../shared/queued.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';
import { timeWords } from './window.ts';

/** What becomes of hosts that change themselves later, in a paragraph for each role. */
export function renderQueues(rollout: readonly ReportRollout[], style: Style): readonly string[] {
  const { columns, paint } = style;
  return rollout.flatMap(({ role, queue }) => {
    if (queue === undefined) return [];
    const text = queueWords(role, queue);
    return wrap(text, { columns, first: 'later: ', hanging: 2 }).map((line, index) =>
      index === 0 ? line.replace('later', paint.yellow('later')) : line,
    );
  });
}

function queueWords(role: string, queue: NonNullable<ReportRollout['queue']>): string {
  const { hosts, idleForSeconds, until, awaySeconds, balancer, withoutCordon } = queue;
  const who =
    hosts.length === 0
      ? `a host of the role ${oneLine(role)} on which people are by then is`
      : hosts.length === 1
        ? `${oneLine(hosts[0] ?? '')} is`
        : `${list(hosts.map(oneLine))} are`;
  const cordon = balancer ? "a host can't tell the balancer" : 'no balancer is told';
  const begins = hosts.length > 1 ? 'each begins' : 'begins';
  return `${who} queued, and ${begins} by itself once nobody has been there for ${spanWords(idleForSeconds)}, until ${timeWords(until)} at the longest; ${cordon}, so nobody can join there while its services restart, for up to ${spanWords(awaySeconds)}${withoutCordon ? '' : ', which takes --without-cordon'}`;
}
