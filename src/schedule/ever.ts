import { localTime } from '../calendar/time-zone.ts';
import { isQuietTime, type RunWindow } from '../run/windows/run-window.ts';
import type { When } from './when.ts';

const minute = 60_000;
/** Windows that come once a month are found as well. */
const days = 40;

/**
 * Whether a schedule ever begins within a window, in the next weeks: else its policy `fix` would repair
 * nothing. `machineZone`: by whose clocks a schedule of minutes or hours runs. Pure.
 */
export function everWithin(
  when: When,
  window: Pick<RunWindow, 'rule' | 'calendar' | 'regardless' | 'zone' | 'now'>,
  machineZone: string,
): boolean {
  const now = window.now();
  const step = when.kind === 'minutes' ? when.every : 1;
  const zone = when.kind === 'daily' ? window.zone : machineZone;
  const first = Math.ceil(now / (step * minute)) * step * minute;
  const isOpenAt = (at: number) =>
    isQuietTime({ ...window, now: () => at, deadline: undefined, zoneFrom: 'inventory' });
  for (let at = first; at < now + days * 1_440 * minute; at += step * minute) {
    const shown = localTime(at, zone).minute;
    if (when.kind === 'minutes' || shown % 60 === (when.kind === 'daily' ? when.minute % 60 : 0)) {
      if (runsAt(when, shown) && isOpenAt(at)) return true;
      // Nothing else is within this hour.
      if (when.kind !== 'minutes') at += 59 * minute;
    }
  }
  return false;
}

function runsAt(when: When, shown: number): boolean {
  if (when.kind === 'daily') return shown === when.minute;
  return shown % (when.kind === 'hours' ? when.every * 60 : when.every) === 0;
}
