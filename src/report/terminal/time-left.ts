import { count } from '../shared/prose.ts';
import type { RunState } from './run-state.ts';

/** Fewer hosts than this say nothing about the others. */
const enough = 2;

/**
 * How long a run will take from now on, if the hosts that are left take as long as most of those that are
 * done, and as many are changed at once as now. Milliseconds; undefined: that can't be said yet, or all that
 * are left wait for people, who stay as long as they like.
 */
export function timeLeft({ sum, ended, atWork, took }: RunState, now: number): number | undefined {
  if (took.length < enough) return undefined;
  const typical = [...took].sort((one, other) => one - other)[Math.floor(took.length / 2)] ?? 0;
  const waiting = atWork.filter(({ phase }) => phase === 'waiting').length;
  const working = atWork.filter(({ phase }) => phase !== 'waiting');
  const toCome = sum.of - ended - waiting - working.length;
  if (toCome <= 0 && working.length === 0) return undefined;
  const rest = working.map(({ begun }) => Math.max(0, typical - (now - begun)));
  const work = rest.reduce((total, one) => total + one, 0) + Math.max(0, toCome) * typical;
  return Math.max(work / Math.max(1, working.length), ...rest);
}

const minute = 60_000;
const hour = 60 * minute;

/** `about 3 minutes left` */
export function timeLeftWords(milliseconds: number): string {
  if (milliseconds < minute) return 'less than a minute left';
  const [number, unit] =
    milliseconds < 100 * minute ? [milliseconds / minute, 'minute'] : [milliseconds / hour, 'hour'];
  return `about ${count(Math.round(number), unit)} left`;
}

/** `0:42`, `12:05`, `1:02:05` */
export function clockWords(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const two = (part: number) => String(part).padStart(2, '0');
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
}
