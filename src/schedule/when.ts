/** When a schedule runs: several times an hour, every few hours, or once a day. */
export type When =
  | { readonly kind: 'minutes'; readonly every: number }
  | { readonly kind: 'hours'; readonly every: number }
  /** by the clocks of the cluster's time zone; minutes since midnight */
  | { readonly kind: 'daily'; readonly minute: number };

/**
 * `15m`, `1h`, `6h`: how often. Only times that divide an hour or a day, as neither cron nor systemd counts
 * on over midnight. Undefined for any other text.
 */
export function parseEvery(text: string): When | undefined {
  const [, number, unit] = /^(\d{1,3})([mhd])$/.exec(text) ?? [];
  const minutes = Number(number) * ({ m: 1, h: 60, d: 1_440 }[unit ?? ''] ?? Number.NaN);
  if (minutes > 0 && minutes < 60 && 60 % minutes === 0) return { kind: 'minutes', every: minutes };
  const hours = minutes / 60;
  return Number.isInteger(hours) && hours > 0 && 24 % hours === 0
    ? { kind: 'hours', every: hours }
    : undefined;
}

/** `every 1h`, `every day at 03:30` */
export function whenWords(when: When): string {
  if (when.kind === 'daily') return `every day at ${clock(when.minute)}`;
  return `every ${when.every}${when.kind === 'minutes' ? 'm' : 'h'}`;
}

/** OnCalendar= of systemd.timer(5); see systemd.time(7). */
export function onCalendar(when: When, zone: string | undefined): string {
  if (when.kind === 'minutes') return `*-*-* *:0/${when.every}:00`;
  if (when.kind === 'hours') return `*-*-* ${when.every === 24 ? '00' : `0/${when.every}`}:00:00`;
  return `*-*-* ${clock(when.minute)}:00${zone === undefined ? '' : ` ${zone}`}`;
}

/**
 * The five fields of crontab(5). `offset` is the minute of the hour at which a schedule of hours runs, so
 * that not all clusters are asked at once: cron has no random delay.
 */
export function cronFields(when: When, offset: number): string {
  if (when.kind === 'minutes') return when.every === 1 ? '* * * * *' : `*/${when.every} * * * *`;
  if (when.kind === 'daily') return `${when.minute % 60} ${Math.floor(when.minute / 60)} * * *`;
  const minute = offset % 60;
  if (when.every === 24) return `${minute} 0 * * *`;
  return `${minute} ${when.every === 1 ? '*' : `*/${when.every}`} * * *`;
}

/** Between two runs that begin when they are due. */
export function secondsBetween(when: When): number {
  if (when.kind === 'daily') return 86_400;
  return when.every * (when.kind === 'minutes' ? 60 : 3_600);
}

/** How long a run is put off at random if nobody says: seconds. */
export function usualSpread(when: When): number {
  if (when.kind === 'minutes') return when.every * 15;
  return 600;
}

function clock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}
