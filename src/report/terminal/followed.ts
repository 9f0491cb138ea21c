import type { ReportAborted, ReportDocument } from '../document/schema.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';

/** `run ID: apply by ada from laptop, 2026-11-26 18:00:00 UTC`, and below it how it stands */
export function renderFollowed({ followed, aborted }: ReportDocument, style: Style): readonly string[] {
  if (followed === undefined) return [];
  const { run, command, operator, from, startedAt, resumes, resumedBy, phase } = followed;
  const lines = [
    `run ${run}: ${command} by ${operator} from ${from}, ${utc(startedAt)}`,
    ...(resumes === undefined ? [] : [`  it goes on with the rest of ${resumes}`]),
    ...(aborted === undefined ? [] : [`  ${abortedWords(aborted)}`]),
    resumedBy === undefined || phase !== 'ended'
      ? `  ${phaseWords[phase]}`
      : `  ${resumedBy} went on with its rest`,
  ];
  return lines.flatMap((line) => wrap(line, { columns: style.columns, first: '', hanging: 4 }));
}

/** `aborted by brian from desk at 2026-11-26 18:10:00 UTC` */
export function abortedWords({ by, from, since }: ReportAborted): string {
  return `aborted by ${by} from ${from} at ${utc(since)}`;
}

const phaseWords = {
  'going-on': 'it goes on',
  ended: 'it has ended',
  lost: 'it has not ended, and its controller is gone',
} as const;

/** `2026-11-26 18:00:00 UTC` */
function utc(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')} UTC`;
}
