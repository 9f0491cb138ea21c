import { InvalidArgumentError } from 'commander';
import { secondsOf } from '../model/duration.ts';

/**
 * `90s`, `10m`, `1h30m` or `0` in seconds; at most a day. Throws what commander reports as a wrong argument.
 */
export function seconds(value: string): number {
  const given = secondsOf(value);
  if (given === undefined || given > 86_400) {
    throw new InvalidArgumentError('It must be a time such as 90s, 10m or 1h, and at most one day.');
  }
  return given;
}

/** The same, but at least `least` seconds. */
export function secondsFrom(least: number): (value: string) => number {
  return (value) => {
    const given = seconds(value);
    if (given < least) throw new InvalidArgumentError(`It must be at least ${least}s.`);
    return given;
  };
}

/** A time that may be much longer: school days, or `0` for none. In seconds; at most 30 days. */
export function longTime(value: string): number {
  const given = secondsOf(value);
  if (given === undefined || given > 30 * 86_400) {
    throw new InvalidArgumentError('It must be a time such as 24h or 90m, 0 for none, and at most 720h.');
  }
  return given;
}
