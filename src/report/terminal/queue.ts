import type { ReportQueued, ReportRollout } from '../document/schema.ts';
import { list, oneLine, wrap } from './prose.ts';
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
