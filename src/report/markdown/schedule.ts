import type { ReportDocument } from '../document/schema.ts';
import { authorWords, scheduledTroubles, scheduledWords } from '../shared/scheduled.ts';
import { code, text } from './text.ts';

interface Part {
  readonly words: string;
  readonly missing: string;
}

/** Earlier runs are in the page. */
const mostRuns = 10;

/** What differs since when, and what scheduled runs did, the latest first. */
export function scheduleOf({ schedule }: Pick<ReportDocument, 'schedule'>): readonly Part[] {
  const { differences = [], runs = [] } = schedule ?? {};
  const drift = differences.map(({ host, what, since, author }) => {
    const by = authorWords(author);
    return `| ${[code(host), code(what), utc(since), text(by)].join(' | ')} |`;
  });
  const looks = runs.slice(0, mostRuns).map((run) => {
    const troubles = scheduledTroubles(run).map((words) => `  - ${text(words)}`);
    return [`- ${utc(run.at)}, ${text(run.did)}: ${text(scheduledWords(run))}`, ...troubles].join('\n');
  });
  const head = '| Host | What differs | Since | Changed by |\n| --- | --- | --- | --- |';
  return [
    ...(drift.length === 0 ? [] : [{ words: [head, ...drift].join('\n'), missing: 'what differs' }]),
    ...(looks.length === 0
      ? []
      : [{ words: `Scheduled runs, the latest first:\n\n${looks.join('\n')}`, missing: 'scheduled runs' }]),
  ];
}

function utc(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}
