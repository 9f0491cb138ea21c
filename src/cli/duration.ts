import { InvalidArgumentError } from 'commander';

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/**
 * `90s`, `10m`, `1h30m` or `0` in seconds; at most a day. Throws what commander reports as a wrong argument.
 */
export function seconds(value: string): number {
  const parts = [...value.matchAll(/(\d{1,6})([smh])/g)];
  const whole = parts.map(([part]) => part).join('') === value && value !== '';
  const sum = parts.reduce((total, [, number, unit]) => total + Number(number) * (units[unit ?? ''] ?? 0), 0);
  if (value === '0') return 0;
  if (!whole || sum > 86_400) {
    throw new InvalidArgumentError('It must be a time such as 90s, 10m or 1h, and at most one day.');
  }
  return sum;
}

/** The same, but at least `least` seconds. */
export function secondsFrom(least: number): (value: string) => number {
  return (value) => {
    const given = seconds(value);
    if (given < least) throw new InvalidArgumentError(`It must be at least ${least}s.`);
    return given;
  };
}
