import type { ReportChange, ReportHost, ReportRun, ReportUnsettled } from '../document/schema.ts';
import { oneLine } from './prose.ts';

/** `modify /etc/a.conf` */
export function changeWords({ kind, action, path }: ReportChange): string {
  if (kind === 'unit') return `set unit ${oneLine(path)}`;
  const what = kind === 'file' ? '' : kind === 'symlink' ? 'symbolic link ' : 'directory ';
  return `${action} ${what}${oneLine(path)}`;
}

/** `ada from laptop, 2026-11-21 07:45:01 UTC` */
export function whoWords({ operator, from, startedAt }: ReportRun): string {
  const time = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)/.exec(startedAt);
  const when = time === null ? startedAt : `${time[1]} ${time[2]} UTC`;
  return `${operator} from ${from}, ${when}`;
}

/** `run ID (apply by ada from laptop) is not finished (open); apply settles it first` */
export function unsettledWords({ run, state, outcome, who, alive, cluster }: ReportUnsettled): string {
  // The host's own words end in the run, which is said already.
  const by = who === undefined ? '' : ` (${who.replace(`, run ${run}`, '')})`;
  const of = cluster === undefined ? '' : ` of the cluster ${cluster}`;
  const subject = `run ${run}${of}${by}`;
  if (alive) return `${subject} is working on it right now (${state})`;
  if (state === 'stuck') return `${subject} could not restore the host and needs a person; apply tries again`;
  if (state === 'conflict')
    return `${subject} left files alone that somebody else had changed, and needs a person`;
  if (state === 'kept') {
    return `${subject} was not confirmed from outside; its files stay, because people were connected`;
  }
  const decided = outcome === undefined ? '' : `, decided: ${outcome}`;
  return `${subject} is not finished (${state}${decided}); apply settles it first`;
}

const mostPackages = 5;

/** `app 1.0 -> 2.0, lib 3 (new) and 4 more` */
export function upgradedWords(upgraded: NonNullable<ReportHost['upgraded']>): readonly string[] {
  const words = upgraded.map(({ name, before, after }) => {
    if (before === '') return `${oneLine(name)} ${oneLine(after)} (new)`;
    return after === ''
      ? `${oneLine(name)} (removed)`
      : `${oneLine(name)} ${oneLine(before)} -> ${oneLine(after)}`;
  });
  const more = words.length - mostPackages;
  return more > 0 ? [...words.slice(0, mostPackages), `${more} more packages`] : words;
}
