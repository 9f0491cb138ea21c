import { randomUUID } from 'node:crypto';
import type { NotifyItem, NotifyMessage, Severity } from '../../model/notify.ts';
import { rank } from './changes.ts';

/** More items than this in one message help nobody. */
const most = 50;

/** One message of all that a target wants to know of one run; undefined where that is nothing. */
export function messageOf(
  items: readonly NotifyItem[],
  {
    cluster,
    at,
    wanted,
    dropped,
  }: {
    readonly cluster: string;
    readonly at: number;
    readonly wanted: readonly Severity[];
    readonly dropped: number;
  },
): NotifyMessage | undefined {
  const chosen = items.filter(({ severity }) => wanted.includes(severity));
  const [first] = chosen.toSorted((one, other) => rank(other.severity) - rank(one.severity));
  if (first === undefined) return undefined;
  const count = (change: string) => chosen.filter((one) => one.change === change).length;
  const parts = (['new', 'worse', 'over', 'repaired', 'test'] as const).flatMap((change) =>
    count(change) === 0 ? [] : [`${count(change)} ${change}`],
  );
  return {
    ...{ schemaVersion: 1, id: `msg_${randomUUID()}`, at: new Date(at).toISOString(), cluster },
    severity: first.severity,
    title: `[${first.severity}] cluster ${cluster}: ${parts.join(', ')}`,
    items: chosen.slice(0, most),
    ...{ more: Math.max(0, chosen.length - most), dropped },
  };
}

/** The whole message as plain text, without its title. */
export function textOf(message: NotifyMessage): string {
  return linesOf(message).join('\n');
}

export function linesOf({ items, more, dropped }: NotifyMessage): readonly string[] {
  return [
    ...items.map(({ severity, text }) => `${severity}: ${text}`),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...(dropped > 0 ? [`messages that were given up before this one: ${dropped}`] : []),
  ];
}
