import { localTime } from './time-zone.ts';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const names = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** `Sat 28 Nov 22:00`, as clocks in the time zone show it. */
export function timeWords(instant: number, zone: string): string {
  const { date, minute } = localTime(instant, zone);
  const shown = new Date(`${date}T00:00:00Z`);
  const day = `${names[shown.getUTCDay()]} ${shown.getUTCDate()} ${months[shown.getUTCMonth()]}`;
  return `${day} ${clockWords(minute)}`;
}

/** `22:00` */
export function clockWords(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}

/** `35 min`, rounded up: how long something may take; milliseconds. */
export function spanWords(milliseconds: number): string {
  const minutes = Math.ceil(milliseconds / 60_000);
  if (minutes < 120) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? '' : ` ${rest} min`}`;
}

/** `2026-11-28T22:00+01:00`: the instant, as clocks in the time zone show it. */
export function localIso(instant: number, zone: string): string {
  const { date, minute } = localTime(instant, zone);
  const ahead = Math.round((Date.parse(`${date}T${clockWords(minute)}Z`) - instant) / 60_000);
  return `${date}T${clockWords(minute)}${ahead < 0 ? '-' : '+'}${clockWords(Math.abs(ahead))}`;
}
