import { InvalidArgumentError } from 'commander';
import { durationExample, parseDuration } from '../model/duration.ts';

/** See `parseDuration`; throws what commander reports as a wrong argument. */
export function seconds(value: string): number {
  const given = parseDuration(value);
  if (given === undefined) throw new InvalidArgumentError(`It must be ${durationExample}.`);
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
