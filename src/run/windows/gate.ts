import { beginsNext } from '../../calendar/calendar.ts';
import { spanWords, timeWords } from '../../calendar/words.ts';
import { revertLimit, timeLimit } from '../../host/manifest.ts';
import { stageInterrupts } from '../../model/interrupting.ts';
import type { Stage } from '../../model/plan.ts';
import type { BeginBefore } from '../../model/transaction.ts';
import type { ApplyOptions } from '../options.ts';
import type { RunWindow } from './run-window.ts';

/** Until when stages may begin, and what is told where it is too late. */
export interface Limit extends Pick<BeginBefore, 'code' | 'message' | 'next'> {
  /** milliseconds since the epoch, by our clock */
  readonly at: number;
}

/** How long the hosts wait for the word of this program counts as well. */
export type GateOptions = Pick<ApplyOptions, 'confirm' | 'confirmTimeout'>;

/**
 * The longest that a host may need for stages from their beginning, and to put back the last of them;
 * milliseconds. Waiting for another run's lock doesn't count: the host looks at its clock after that.
 */
export function neededFor(stages: readonly Stage[], { confirm, confirmTimeout }: GateOptions): number {
  const limited = stages.map(({ actions, changes, handlers, units }) => ({
    actions: actions.map(({ action }) => action),
    handlers: handlers.map(({ handler }) => handler),
    ...{ changes, units, confirmTimeout },
    confirm: confirm === 'host' ? ('host' as const) : ('outside' as const),
  }));
  const forward = limited.reduce((sum, one) => sum + timeLimit(one), 0);
  return (forward + Math.max(0, ...limited.map(revertLimit))) * 1_000;
}

/**
 * Until when these stages of a host may begin: so that all of them can be done, or put back, before the
 * window closes and the deadline comes. Undefined if they may begin at any time.
 */
export function limitFor(
  window: RunWindow,
  stages: readonly Stage[],
  options: GateOptions,
): Limit | undefined {
  const needed = neededFor(stages, options);
  const limits = [
    ...(stages.some(stageInterrupts) ? windowLimit(window, needed) : []),
    ...deadlineLimit(window, needed),
  ];
  return limits.sort((one, other) => one.at - other.at)[0];
}

function windowLimit(window: RunWindow, needed: number): readonly Limit[] {
  const { calendar, regardless, zone } = window;
  if (calendar === undefined || regardless) return [];
  const now = window.now();
  const words = (instant: number) => `${timeWords(instant, zone)} (${zone})`;
  const closes = calendar.closesAt(now);
  if (closes === undefined) return [];
  const next = beginsNext(calendar, closes, needed);
  const opens = next === undefined ? undefined : `the next one opens ${words(next)}`;
  const long = `this host may need ${spanWords(needed)} until it is done or put back`;
  const isOpen = calendar.isOpen(now);
  const why = isOpen
    ? `the window closes ${words(closes)}, and ${long}`
    : 'people may be interrupted only within a window, and none is open';
  return [
    {
      at: isOpen ? closes - needed : now,
      code: 'outside-window',
      message: `${why}; ${opens ?? `no window is long enough for it${isOpen ? '' : `: ${long}`}`}`,
      next:
        opens === undefined
          ? 'make a window of the inventory longer, or interrupt people now with --now'
          : 'run the command again then, or interrupt people now with --now',
    },
  ];
}

function deadlineLimit({ deadline, zone }: RunWindow, needed: number): readonly Limit[] {
  if (deadline === undefined) return [];
  return [
    {
      at: deadline - needed,
      code: 'past-deadline',
      message: `the deadline is ${timeWords(deadline, zone)} (${zone}), and this host may need ${spanWords(needed)} until it is done or put back`,
      next: 'run the command again, with a later --deadline',
    },
  ];
}
