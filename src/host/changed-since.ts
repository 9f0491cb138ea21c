import type { ChangedSince, Trace } from '../model/author.ts';

/** What probe-authors.sh tells. */
interface Told {
  readonly changed: readonly string[][];
  readonly clock: readonly string[][];
  readonly traces: readonly string[][];
}

/**
 * What of the managed has changed since the last run, with the lines of logs that concern it. A log holds
 * what others wrote: a name that isn't one is dropped with its line.
 */
export function changedSince({ changed, clock, traces }: Told): ReadonlyMap<string, ChangedSince> {
  const zones = new Map(clock.map(([seconds = '', zone = '']) => [Number(seconds), zone] as const));
  const all = new Map<string, ChangedSince>();
  for (const [path = '', seconds = ''] of changed) {
    const at = Number(seconds);
    if (path === '' || !/^\d{1,12}$/.test(seconds)) continue;
    const known = all.get(path);
    if (known !== undefined && known.at >= at) continue;
    const offset = offsetOf(zones.get(at));
    const around = [at - 3600, at, at + 3600].map((time) => zones.get(time));
    const own = traces.filter(([, one]) => one === path);
    const closed = traces.filter(([kind]) => kind === 'closed');
    all.set(path, {
      at,
      clock: clockWords(at + offset),
      ambiguous: Number.isNaN(offset) || new Set(around).size !== 1,
      traces: own.flatMap((record) => traceOf(record, closed, (text) => timeOf(text, at, offset)) ?? []),
    });
  }
  return all;
}

function traceOf(
  record: readonly string[],
  closed: readonly string[][],
  time: (text: string | undefined) => number,
): Trace | undefined {
  const [kind, , when, who = '', ...more] = record;
  const from = time(when);
  if (Number.isNaN(from)) return undefined;
  if (kind === 'package') return packageTrace(record, from, time);
  if (!/^[A-Za-z_][A-Za-z0-9_.@-]{0,63}$/.test(who)) return undefined;
  const ends = (process: string | undefined) =>
    closed
      .filter(([, , , one, other]) => one === who && other === process)
      .map(([, , text]) => time(text))
      .filter((end) => end >= from)
      .sort((one, other) => one - other)[0];
  switch (kind) {
    case 'person':
      return { kind, name: who, from, to: ends(more[0]) };
    case 'cron':
      return { kind, name: who, from, to: undefined };
    case 'cron-script':
      return { kind: 'cron', name: who, from, to: undefined };
    case 'script': {
      const name = more[0]?.split('/').at(-1) ?? '';
      return /^[A-Za-z0-9_.+-]{1,64}$/.test(name) ? { kind, name, from, to: ends(more[1]) } : undefined;
    }
    case 'manager':
      return who === 'Ansible' || who === 'Puppet' ? { kind, name: who, from } : undefined;
    default:
      return undefined;
  }
}

function packageTrace(
  record: readonly string[],
  from: number,
  time: (text: string | undefined) => number,
): Trace | undefined {
  const [, , , who = '', end, version = '', configured, when, decision = '', md5 = ''] = record;
  const to = time(end);
  // deb-control(5): names, and versions
  const isPackage = /^[a-z0-9][a-z0-9+.-]{1,127}(:[a-z0-9-]{1,32})?$/.test(who);
  if (!isPackage || !/^[A-Za-z0-9.+:~-]{1,128}$/.test(version) || Number.isNaN(to)) return undefined;
  const [configuredAt, decidedAt] = [time(configured), time(when)];
  const isTold = !Number.isNaN(decidedAt) && (decision === 'install' || decision === 'keep');
  return {
    kind: 'package',
    name: who.replace(/:.*/, ''),
    ...{ version, from, to },
    configuredAt: Number.isNaN(configuredAt) ? undefined : configuredAt,
    md5: /^[0-9a-f]{32}$/.test(md5) ? md5 : undefined,
    conffile: isTold ? { at: decidedAt, decision } : undefined,
  };
}

/** `+0100` in seconds. */
function offsetOf(zone: string | undefined): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone ?? '') ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/**
 * The time at which a line begins. Local times are those of the change's offset; a time without a year, as
 * rsyslog's traditional form has it, is that of the year in which it is nearest to the change.
 */
function timeOf(text = '', near: number, offset: number): number {
  const [, date, clock, zone] =
    /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?$/.exec(text) ?? [];
  if (date !== undefined) {
    const seconds = Date.parse(`${date}T${clock}Z`) / 1000;
    return seconds - (zone === undefined ? offset : zone === 'Z' ? 0 : offsetOf(zone));
  }
  const [, month = '', day, hour, minute, second] =
    /^([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)$/.exec(text) ?? [];
  const index = months.indexOf(month);
  if (index < 0) return Number.NaN;
  const year = new Date((near + offset) * 1000).getUTCFullYear();
  const candidates = [year - 1, year, year + 1].map(
    (one) => Date.UTC(one, index, Number(day), Number(hour), Number(minute), Number(second)) / 1000 - offset,
  );
  return candidates.reduce((one, other) => (Math.abs(other - near) < Math.abs(one - near) ? other : one));
}

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** `Tuesday 2026-11-24 03:12`, of seconds since the epoch that were moved to the host's own zone. */
function clockWords(seconds: number): string {
  if (!Number.isFinite(seconds)) return '';
  const date = new Date(seconds * 1000);
  const [day = '', time = ''] = date.toISOString().split('T');
  return `${weekdays[date.getUTCDay()]} ${day} ${time.slice(0, 5)}`;
}
