import { InvalidArgumentError } from 'commander';

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Whoever freezes a cluster for longer than this has mistyped, or means for ever. Seconds. */
const longest = 366 * 86_400;

/**
 * How many seconds it is from now until a moment: a time that passes (`90m`, `8h`, `2d12h`), a time of day
 * (`06:00`, today or tomorrow), or a date and time (`2026-11-27T06:00`), both by this machine's clock and
 * time zone unless they have one (`Z`, `+01:00`). Throws what commander reports as a wrong argument.
 */
export function secondsUntil(value: string, now: Date = new Date()): number {
  const moment = passing(value) ?? timeOfDay(value, now) ?? date(value, now);
  if (moment === undefined) {
    throw new InvalidArgumentError(
      'It must be a time that passes such as 90m, 8h or 2d, a time of day such as 06:00, or a date and time such as 2026-11-27T06:00.',
    );
  }
  if (moment <= 0) throw new InvalidArgumentError('It must be in the future.');
  if (moment > longest) throw new InvalidArgumentError('It must be within a year.');
  return moment;
}

function passing(value: string): number | undefined {
  const parts = [...value.matchAll(/(\d{1,6})([smhd])/g)];
  if (value === '' || parts.map(([part]) => part).join('') !== value) return undefined;
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (units[unit ?? ''] ?? 0), 0);
}

function timeOfDay(value: string, now: Date): number | undefined {
  const [, hours, minutes] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(value) ?? [];
  if (hours === undefined || minutes === undefined) return undefined;
  const moment = new Date(now);
  moment.setHours(Number(hours), Number(minutes), 0, 0);
  if (moment <= now) moment.setDate(moment.getDate() + 1);
  return secondsFrom(now, moment);
}

function date(value: string, now: Date): number | undefined {
  const form = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?)?$/;
  if (!form.test(value)) return undefined;
  // Without a time, a date alone would be taken as UTC: its midnight here is meant.
  const moment = new Date(value.length === 10 ? `${value}T00:00` : value.replace(' ', 'T'));
  return Number.isNaN(moment.getTime()) ? undefined : secondsFrom(now, moment);
}

function secondsFrom(now: Date, moment: Date): number {
  return Math.ceil((moment.getTime() - now.getTime()) / 1_000);
}
