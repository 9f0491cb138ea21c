import type { ReportQueued } from '../document/schema.ts';
import { oneLine } from './prose.ts';

/** `run ID (apply by ada from laptop) waits since … until nobody has been there for 20 min: …` */
export function queuedWords(queued: ReportQueued): string {
  const { run, who, since, until, idleForSeconds } = queued;
  const by = who === undefined ? '' : ` (${oneLine(who.replace(`, run ${run}`, ''))})`;
  const waits = `run ${oneLine(run)}${by} waits until nobody has been there for ${spanWords(idleForSeconds)}`;
  const [now, then] = [utc(since), utc(until)];
  return `${waits}, since ${now} and until ${then} at the longest; ${askedWords(queued)}`;
}

const obstacles: Readonly<Record<NonNullable<NonNullable<ReportQueued['asked']>['heldBack']>, string>> = {
  held: 'the cluster is held',
  leased: 'another run has reserved the host',
  locked: 'another run is at work there',
  window: 'it may not begin at this time',
  failed: 'it could not be begun',
};

function askedWords({ asked, mayBegin }: ReportQueued): string {
  if (asked === undefined) return 'it has not asked yet who is there';
  const next = mayBegin === undefined ? '' : ` (it may from ${utc(mayBegin.from)} to ${utc(mayBegin.to)})`;
  const held =
    asked.heldBack === undefined
      ? ''
      : `, but ${obstacles[asked.heldBack]}${asked.heldBack === 'window' ? next : ''}`;
  const words = asked.words === undefined ? '' : ` (${oneLine(asked.words)})`;
  switch (asked.verdict) {
    case 'none':
      return `nobody is there${asked.idleSince === undefined ? '' : ` since ${utc(asked.idleSince)}`}${held}${asked.heldBack === 'failed' ? words : ''}`;
    case 'busy':
      return `people were there at ${utc(asked.at)}${words}`;
    case 'unknown':
      return `at ${utc(asked.at)} it was not known whether people are there${words}`;
  }
}

/** `2026-11-26 18:00:00 UTC` */
function utc(iso: string): string {
  return `${oneLine(iso.slice(0, 19)).replace('T', ' ')} UTC`;
}

/** `45 s`, `20 min`, `1 h 30 min` */
export function spanWords(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? '' : ` ${rest} min`}`;
}
