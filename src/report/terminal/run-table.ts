import { shortened, widthOf } from './prose.ts';
import type { RunState } from './run-state.ts';
import { clockWords, timeLeft, timeLeftWords } from './time-left.ts';

/** Where a picture has to fit, and when it is. */
export interface Frame {
  readonly columns: number;
  readonly rows: number;
  /** milliseconds, as those of the state */
  readonly now: number;
}

/**
 * How much of the window the picture may take: what was told before stays in sight, and a window that becomes
 * narrower has room for lines that it breaks. In a low one it may take all but a line above it and one for
 * the cursor below.
 */
const share = 0.5;
const [low, kept] = [10, 2];

const gap = '  ';
/** wide enough for `59:59`, and for their titles */
const clockWidth = 6;
/** Narrower than this it is but names and what is being done. */
const roomForClocks = 50;
/** Lower than this, a line of titles would take the place of a host. */
const roomForTitles = 8;

/** A line of the picture: a host, or a cluster. Times are milliseconds. */
export interface AtWork {
  readonly name: string;
  readonly words: string;
  readonly since: number;
  readonly begun: number;
}

/**
 * The hosts that are at work, slowest first, and a sum below them, in lines that fit. What is told of a host
 * has to be harmless already.
 */
export function renderRun(state: RunState, frame: Frame): readonly string[] {
  const { longestName } = state;
  const atWork = state.atWork.map(({ host, ...one }) => ({ ...one, name: host }));
  return renderAtWork({ what: 'host', atWork, longestName, sum: sumWords(state, frame.now) }, frame);
}

/** Whatever is at work, each in a line of its own, and a sum below. */
export function renderAtWork(
  {
    what,
    atWork,
    longestName,
    sum,
  }: {
    readonly what: string;
    readonly atWork: readonly AtWork[];
    readonly longestName: number;
    readonly sum: string;
  },
  { columns, rows, now }: Frame,
): readonly string[] {
  // The last column stays free: terminals differ in where the cursor is after it.
  const width = Math.max(1, columns - 1);
  const room = Math.max(Math.min(rows - kept, low), Math.floor(rows * share)) - 1;
  const titles = rows >= roomForTitles && atWork.length > 0 ? 1 : 0;
  const isCut = atWork.length > room - titles;
  const shown = atWork.slice(0, Math.max(0, room - titles - (isCut ? 1 : 0)));
  const line = lineIn(width, Math.max(longestName, what.length));
  return [
    ...(titles > 0 && shown.length > 0 ? [line(what, 'what is being done', ['for', 'in all'])] : []),
    ...shown.map((one) => line(one.name, one.words, clocks(one, now))),
    ...(isCut && room > 0 ? [shortened(`and ${atWork.length - shown.length} more`, width)] : []),
    shortened(sum, width),
  ];
}

/** `12 of 25 done, 1 put off, 0 failed; about 3 minutes left` */
function sumWords(state: RunState, now: number): string {
  const left = timeLeft(state, now);
  return `${countsOf(state)}${left === undefined ? '' : `; ${timeLeftWords(left)}`}`;
}

/** `12 of 25 done, 1 put off, 0 failed` */
export function countsOf({ sum, later }: Pick<RunState, 'sum' | 'later'>): string {
  const { of, done, putOff, failed, notStarted } = sum;
  const rest = notStarted === 0 ? '' : `, ${notStarted} not started`;
  const almost = later === 0 ? '' : `, ${later} but for what comes last`;
  return `${done} of ${of} done${almost}, ${putOff} put off, ${failed} failed${rest}`;
}

function clocks({ since, begun }: AtWork, now: number): readonly string[] {
  return [clockWords(now - since), clockWords(now - begun)];
}

/**
 * All lines of a picture have the same columns, which don't move while hosts come and go. What is of
 * different length stands last: a line that is no longer than need be survives a window that becomes
 * narrower.
 */
function lineIn(width: number, longestName: number) {
  const nameWidth = Math.max(4, Math.min(longestName, Math.floor(width / 3)));
  return (name: string, words: string, times: readonly string[]): string => {
    const first = padded(shortened(name, nameWidth), nameWidth);
    const clocks = width < roomForClocks ? [] : times.map((time) => time.padStart(clockWidth));
    return shortened([first, ...clocks, words].join(gap), width);
  };
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}
