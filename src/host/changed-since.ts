import type { ChangedSince, Trace } from '../model/author.ts';

/** What probe-authors.sh tells. */
interface Told {
  readonly changed: readonly string[][];
  readonly clock: readonly string[][];
  readonly traces: readonly string[][];
}

/**
 * What of the managed has changed since the last run, with what the host's logs know of it. A log holds what
 * others wrote: a name that isn't one is dropped with its line.
 */
export function changedSince({ changed, clock, traces }: Told): ReadonlyMap<string, ChangedSince> {
  const zones = new Map(clock.map(([seconds = '', zone = '']) => [Number(seconds), zone] as const));
  const ends = traces.flatMap(([kind, what]) => (kind === 'read' ? [what] : []));
  const read = ends.includes('all') ? 'all' : ends.includes('packages') ? 'packages' : 'none';
  const all = new Map<string, ChangedSince>();
  for (const [path = '', seconds = '', mark] of changed) {
    const at = Number(seconds);
    if (path === '' || !/^\d{1,12}$/.test(seconds)) continue;
    const known = all.get(path);
    if (known !== undefined && known.at >= at) continue;
    const offset = offsetOf(zones.get(at));
    const around = [at - 3600, at, at + 3600].map((time) => zones.get(time));
    const own = traces.filter(([kind, one]) => one === path || kind === 'shell');
    all.set(path, {
      at,
      clock: clockWords(at + offset),
      ambiguous: !Number.isNaN(offset) && new Set(around).size !== 1,
      unread: mark === 'old' || mark === 'many' ? mark : Number.isNaN(offset) ? 'no-clock' : undefined,
      read,
      traces: own.flatMap((record) => traceOf(record, (text) => timeOf(text, at, offset)) ?? []),
    });
  }
  return all;
}

function traceOf(record: readonly string[], time: (text: string | undefined) => number): Trace | undefined {
  const [kind, , when, name = '', to, perhaps] = record;
  const from = time(when);
  if (Number.isNaN(from)) return undefined;
  const known = (text: string | undefined) => {
    const at = time(text);
    return Number.isNaN(at) || at < from ? undefined : at;
  };
  if (kind === 'package') return packageTrace(record, from, time);
  if (kind === 'script') {
    const isName = /^[A-Za-z0-9_.+-]{1,64}$/.test(name);
    return isName ? { kind, name, from, to: known(to), perhaps: known(perhaps) } : undefined;
  }
  if (!/^[A-Za-z_][A-Za-z0-9_.@-]{0,63}$/.test(name)) return undefined;
  switch (kind) {
    case 'person':
      return { kind, name, from, to: known(to), perhaps: known(perhaps) };
    case 'shell':
      return { kind, name, from, perhaps: known(perhaps) };
    case 'audit':
    case 'cron':
      return { kind, name, from };
    case 'manager':
      return name === 'Ansible' || name === 'Puppet' ? { kind, name, from } : undefined;
    default:
      return undefined;
  }
}

function packageTrace(
  record: readonly string[],
  from: number,
  time: (text: string | undefined) => number,
): Trace | undefined {
  const [, , , who = '', end, version = '', configured, when, decision = '', sum = ''] = record;
  const to = time(end);
  // deb-control(5): names, and versions; those of rpm may have capitals, and both of them underscores
  const isPackage = /^[A-Za-z0-9][A-Za-z0-9+._-]{1,127}(:[a-z0-9-]{1,32})?$/.test(who);
  if (!isPackage || !/^[A-Za-z0-9.+:~_^-]{1,128}$/.test(version) || Number.isNaN(to)) return undefined;
  const [configuredAt, decidedAt] = [time(configured), time(when)];
  const isTold = !Number.isNaN(decidedAt) && (decision === 'install' || decision === 'keep');
  return {
    kind: 'package',
    name: who.replace(/:.*/, ''),
    ...{ version, from, to },
    configuredAt: Number.isNaN(configuredAt) ? undefined : configuredAt,
    sum: /^(?:[0-9a-f]{32}|[0-9a-f]{64})$/.test(sum) ? sum : undefined,
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
 * The time at which a line begins; `@` is before seconds since the epoch. Local times are those of the
 * change's offset; a time without a year, as rsyslog's traditional form has it, is that of the year in which
 * it is nearest to the change.
 */
function timeOf(text = '', near: number, offset: number): number {
  if (/^@\d{1,12}$/.test(text)) return Number(text.slice(1));
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
