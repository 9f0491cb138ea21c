import type { ReportRollout } from '../document/schema.ts';
import { list, oneLine } from '../shared/prose.ts';
import { wrap } from './prose.ts';
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
  const now = `${timeWords(one.now)} (${zoneWords(one)})`;
  const who = hostWords(windows.flatMap(({ interrupting }) => interrupting));
  if (one.regardless && one.state !== 'open')
    return [['--now', `people on ${who} are interrupted, at ${now}`]];
  if (one.state === 'by-day') {
    const text = `it is ${now}, and changing ${who} interrupts people; on weekdays from 07:00 to 18:00 that takes --now, or a yes on a terminal`;
    return [['by day', text]];
  }
  const text = one.state === 'closed' ? closedWords(now, windows) : openWords(one, windows);
  return [['window', text]];
}

function closedWords(now: string, windows: readonly RoleWindow[]): string {
  const late = windows.flatMap(({ deferred }) => deferred);
  const why = `since changing ${late.length === 1 ? 'it' : 'them'} interrupts people`;
  return `none is open at ${now}, ${nextWords(windows)}${deferredWords(late, why)}`;
}

function openWords(one: RoleWindow, windows: readonly RoleWindow[]): string {
  if (one.closes === undefined) return 'open';
  const end = `open until ${timeWords(one.closes)} (${zoneWords(one)})`;
  if (one.regardless) return end;
  const [last] = inOrder(windows.flatMap(({ lastBegin }) => lastBegin ?? []));
  const begin =
    last === undefined
      ? ''
      : `; hosts whose change interrupts people begin by ${timeWords(last)}, so that they can be put back before it closes`;
  const late = windows.flatMap(({ deferred }) => deferred);
  const deferred = deferredWords(late, "as there isn't enough time left");
  return `${end}${begin}${deferred}${late.length === 0 ? '' : `; ${nextWords(windows)}`}`;
}

function nextWords(windows: readonly RoleWindow[]): string {
  const latest = inOrder(windows.flatMap(({ opens }) => opens ?? [])).at(-1);
  return latest === undefined ? 'no window is long enough' : `the next one opens ${timeWords(latest)}`;
}

function deferredWords(late: readonly string[], why: string): string {
  if (late.length === 0) return '';
  return `; ${hostWords(late)} would be deferred, ${why}; --now changes ${late.length === 1 ? 'it' : 'them'} anyway`;
}

function deadlineWords(deadline: string, windows: readonly RoleWindow[]): string {
  const [first] = windows;
  const zone = first === undefined ? '' : ` (${zoneWords(first)})`;
  const late = windows.flatMap(({ pastDeadline }) => pastDeadline);
  const deferred = late.length === 0 ? '' : `; ${hostWords(late)} would be deferred`;
  return `${timeWords(deadline)}${zone}; no host begins that could not be done, or put back, before that${deferred}`;
}

/** Nobody reads the names of a hundred hosts, which stand above. */
function hostWords(hosts: readonly string[]): string {
  return hosts.length > 4 ? `${hosts.length} hosts` : list(hosts.map(oneLine));
}

function inOrder(instants: readonly string[]): readonly string[] {
  return [...instants].sort((one, other) => Date.parse(one) - Date.parse(other));
}

function zoneWords({ timeZone, timeZoneFrom }: RoleWindow): string {
  return timeZoneFrom === 'machine' ? `${oneLine(timeZone)}, this machine's time zone` : oneLine(timeZone);
}

const names = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Sat 28 Nov 22:00` of `2026-11-28T22:00+01:00` */
export function timeWords(iso: string): string {
  const shown = new Date(`${iso.slice(0, 16)}Z`);
  if (Number.isNaN(shown.getTime())) return oneLine(iso);
  return `${names[shown.getUTCDay()]} ${shown.getUTCDate()} ${months[shown.getUTCMonth()]} ${iso.slice(11, 16)}`;
}
