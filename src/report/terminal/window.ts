import type { ReportRollout } from '../document/schema.ts';
import { list, oneLine, wrap } from './prose.ts';
import type { Style } from './style.ts';

type RoleWindow = NonNullable<ReportRollout['window']>;

/** What windows and the deadline mean for the hosts that are changed, in a paragraph for each. */
export function renderWindows(rollout: readonly ReportRollout[], style: Style): readonly string[] {
  const windows = rollout.flatMap(({ window }) => window ?? []);
  const [first] = windows;
  if (first === undefined) return [];
  const { columns, paint } = style;
  const labelled = (label: string, text: string) =>
    wrap(text, { columns, first: `${label}: `, hanging: 2 }).map((line, index) =>
      index === 0 ? line.replace(label, paint.yellow(label)) : line,
    );
  return [
    ...windowWords(windows).flatMap(([label, text]) => labelled(label, text)),
    ...(first.deadline === undefined ? [] : labelled('deadline', deadlineWords(first.deadline, windows))),
  ];
}

type Labelled = readonly [label: string, text: string];

function windowWords(windows: readonly RoleWindow[]): readonly Labelled[] {
  const one = windows.find(({ state }) => state !== undefined);
  if (one === undefined) return [];
  const zone = zoneWords(one);
  const who = list(windows.flatMap(({ interrupting }) => interrupting.map(oneLine)));
  if (one.regardless && one.state !== 'open')
    return [['--now', `people on ${who} are interrupted, at ${timeWords(one.now)} (${zone})`]];
  if (one.state === 'by-day') {
    const text = `it is ${timeWords(one.now)} (${zone}), and changing ${who} interrupts people; on weekdays from 07:00 to 18:00 that takes --now, or a yes on a terminal`;
    return [['by day', text]];
  }
  const late = [...new Set(windows.flatMap(({ deferred }) => deferred.map(oneLine)))];
  const [latest] = windows.flatMap(({ opens }) => opens ?? []).sort((a, b) => Date.parse(b) - Date.parse(a));
  const next = latest === undefined ? 'no window is long enough' : `the next one opens ${timeWords(latest)}`;
  if (one.state === 'closed') {
    const deferred =
      late.length === 0
        ? ''
        : `; ${list(late)} would be deferred, since changing ${late.length === 1 ? 'it' : 'them'} interrupts people; --now changes ${late.length === 1 ? 'it' : 'them'} anyway`;
    return [['window', `none is open at ${timeWords(one.now)} (${zone}), ${next}${deferred}`]];
  }
  const end = one.closes === undefined ? 'open' : `open until ${timeWords(one.closes)} (${zone})`;
  if (one.regardless || one.closes === undefined) return [['window', end]];
  const [last] = windows
    .flatMap(({ lastBegin }) => lastBegin ?? [])
    .sort((a, b) => Date.parse(a) - Date.parse(b));
  const begin =
    last === undefined
      ? ''
      : `; hosts whose change interrupts people begin by ${timeWords(last)}, so that they can be put back before it closes`;
  const deferred =
    late.length === 0
      ? ''
      : `; ${list(late)} would be deferred, as there isn't enough time left; ${next}; --now changes ${late.length === 1 ? 'it' : 'them'} anyway`;
  return [['window', `${end}${begin}${deferred}`]];
}

function deadlineWords(deadline: string, windows: readonly RoleWindow[]): string {
  const [first] = windows;
  const zone = first === undefined ? '' : ` (${zoneWords(first)})`;
  return `${timeWords(deadline)}${zone}; no host begins that could not be done, or put back, before that`;
}

function zoneWords({ timeZone, timeZoneFrom }: RoleWindow): string {
  return timeZoneFrom === 'machine' ? `${oneLine(timeZone)}, this machine's time zone` : oneLine(timeZone);
}

const names = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Sat 28 Nov 22:00` of `2026-11-28T22:00+01:00` */
function timeWords(iso: string): string {
  const shown = new Date(`${iso.slice(0, 16)}Z`);
  if (Number.isNaN(shown.getTime())) return oneLine(iso);
  return `${names[shown.getUTCDay()]} ${shown.getUTCDate()} ${months[shown.getUTCMonth()]} ${iso.slice(11, 16)}`;
}
