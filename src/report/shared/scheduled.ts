import { statusWords } from '../../model/status-words.ts';
import type { ReportSchedule } from '../document/schema.ts';

type ScheduledRun = NonNullable<ReportSchedule['runs']>[number];

/** `2 in sync, 1 changed`; where it saw no host, how it ended. */
export function scheduledWords({ statuses, exitStatus }: ScheduledRun): string {
  const words: Readonly<Record<string, string>> = statusWords;
  const said = Object.entries(statuses).map(([status, number]) => `${number} ${words[status] ?? status}`);
  return said.join(', ') || `exit status ${exitStatus}`;
}

/** What it put off, and what went wrong, a sentence each. */
export function scheduledTroubles({ putOff, errors }: ScheduledRun): readonly string[] {
  return [...putOff, ...errors].map(({ host, message }) =>
    host === undefined ? message : `${host}: ${message}`,
  );
}

/** `person ada`; empty where nobody is known */
export function authorWords(author: NonNullable<ReportSchedule['differences']>[number]['author']): string {
  return author === undefined
    ? ''
    : [author.kind, author.name].filter((part) => part !== undefined).join(' ');
}
