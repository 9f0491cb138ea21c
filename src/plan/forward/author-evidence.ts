import { createHash } from 'node:crypto';
import type { Author, ChangedSince, Trace } from '../../model/author.ts';
import type { ManagedItem } from '../../model/ledger.ts';
import type { PathState } from '../../model/snapshot.ts';
import { isWholePath } from '../../virtual/managed.ts';
import { managerIn } from './manager-marks.ts';

/** What is at the path now, what is planned, and what earlier runs have written there. */
interface Changed {
  readonly before: PathState;
  readonly after: PathState;
  readonly items: readonly ManagedItem[];
}

const nothingTells = 'nothing on the host tells who';

const unreadFor: Readonly<Record<NonNullable<ChangedSince['unread']>, string>> = {
  old: 'it is more than 7 days ago, and no older logs are read',
  many: 'more than 50 things have changed on the host, and its logs are only read for 50',
  'no-clock': "the host's date command can't tell what its clock showed then, so its logs can't be compared",
};

/**
 * Who has changed something, if what the host knows of it fits exactly one. `seen` is undefined where the
 * host couldn't say when it was changed.
 */
export function authorIn(seen: ChangedSince | undefined, changed: Changed): Author {
  if (seen === undefined) return { kind: 'unknown', evidence: nothingTells };
  const { at, ambiguous, unread, read, traces } = seen;
  const clock = seen.clock === '' ? undefined : seen.clock;
  const when = { at, clock };
  const unknown = (evidence: string): Author => ({ kind: 'unknown', ...when, evidence });
  if (unread !== undefined) return unknown(unreadFor[unread]);
  if (ambiguous)
    return unknown("the host's clock was set by an hour around that time, so its logs can't be compared");
  const fitting = traces.filter((trace) => fits(trace, at));
  const packages = fitting.flatMap((trace) => (trace.kind === 'package' ? [trace] : []));
  const proven = packages.flatMap((trace) => proofOf(trace, changed.before, at) ?? []);
  const [one] = proven;
  if (read !== 'none' && one !== undefined && isOne(proven)) return { ...one, ...when };
  if (read !== 'all')
    return unknown("not all of the host's logs could be read in the time that a look may take");
  const watched = fitting.filter(({ kind }) => kind === 'audit');
  const others = watched.length > 0 ? watched : fitting.filter(isNamed);
  const [other] = others;
  const isRoots = traces.some((trace) => trace.kind === 'shell' && covers(trace, at));
  if (other === undefined) {
    const [configured, ...more] = packages.filter((trace) => wasConfigured(trace, changed.before, at));
    if (configured !== undefined && isOne([configured, ...more])) {
      const { name, version } = configured;
      const evidence = "the package manager's log: it was being configured";
      return { kind: 'package', name, version, ...when, evidence };
    }
    return (
      ofMark(changed, when) ??
      unknown(isRoots ? 'somebody worked in a shell of root then, in which nothing is logged' : nothingTells)
    );
  }
  if (!isOne(others) || (packages.length > 0 && watched.length === 0))
    return unknown('the logs of the host name more than one at that time');
  const surely = others.filter((trace) => isSure(trace, at, traces));
  if (surely.length === 0) return unknown('the logs of the host leave it open who of several it was');
  const kind = other.kind === 'audit' ? 'person' : (other.kind as Author['kind']);
  return { kind, name: other.name, ...when, evidence: evidenceOf[other.kind] };
}

const evidenceOf: Readonly<Record<Trace['kind'], string>> = {
  package: "the package manager's log",
  person: "sudo's log",
  script: "sudo's log: it was run then, and writes the file",
  cron: "cron's log",
  manager: 'its own log',
  audit: "the kernel's audit log",
  shell: '',
};

function isNamed({ kind }: Trace): boolean {
  return kind !== 'package' && kind !== 'shell';
}

function isOne(list: readonly { readonly kind: string; readonly name?: string | undefined }[]): boolean {
  return new Set(list.map(({ kind, name }) => `${kind} ${name}`)).size === 1;
}

/**
 * Whether something that a log tells of may have gone on in the second of the change. An end that isn't
 * logged is taken to be near: two seconds for a person's command, a minute for a script.
 */
function fits(trace: Trace, at: number): boolean {
  if (trace.from - 1 > at && !(trace.kind === 'manager' && trace.name === 'Puppet')) return false;
  switch (trace.kind) {
    case 'package':
      return at <= trace.to + 1;
    case 'person':
      return at <= (trace.perhaps ?? trace.from + 2) + 1;
    case 'script':
      return at <= (trace.perhaps ?? trace.from + 60) + 1;
    case 'shell':
      return false;
    case 'audit':
      return at <= trace.from + 1;
    case 'cron':
      return at <= trace.from + 60;
    case 'manager':
      // Ansible logs before it writes, Puppet afterwards.
      return trace.name === 'Puppet' ? trace.from - 5 <= at && at <= trace.from + 1 : at <= trace.from + 10;
  }
}

/**
 * Whether it must have gone on then: sessions that a log doesn't number can't be told apart, and beside a
 * command that went on for a while somebody else may have worked in a shell of root. A person's command that
 * went on for longer counts when its end is logged, and near: an editor writes, then ends.
 */
function isSure(trace: Trace, at: number, all: readonly Trace[]): boolean {
  if (trace.kind !== 'person' && trace.kind !== 'script') return true;
  if (trace.to !== undefined && at > trace.to + 1) return false;
  if (at <= trace.from + 3) return true;
  if (trace.kind === 'person' && (trace.perhaps === undefined || at < trace.perhaps - 3)) return false;
  return !all.some((one) => one.kind === 'shell' && one.name !== trace.name && covers(one, at));
}

function covers({ from, perhaps }: Extract<Trace, { kind: 'shell' }>, at: number): boolean {
  return from - 1 <= at && at <= (perhaps ?? Number.POSITIVE_INFINITY) + 1;
}

type PackageTrace = Extract<Trace, { kind: 'package' }>;

/** What shows that the file is as the package has it. */
function proofOf(
  { name, version, sum, conffile }: PackageTrace,
  now: PathState,
  at: number,
): Author | undefined {
  const author = (evidence: string): Author => ({ kind: 'package', name, version, evidence });
  if (sum !== undefined && sum === sumOf(now, sum.length === 32 ? 'md5' : 'sha256'))
    return author("the package manager's log and its checksum");
  if (conffile !== undefined) {
    // While dpkg asks, somebody may edit the file; and the answer `keep` leaves it alone.
    if (now.kind !== 'file' || conffile.decision !== 'install' || Math.abs(conffile.at - at) > 2)
      return undefined;
    return author("the package manager's log: the configuration file was replaced");
  }
  return undefined;
}

/**
 * Whether the package's scripts ran then, and dpkg had no question. That shows nothing of the file, nor that
 * nobody else was there: it counts where nobody else is known.
 */
function wasConfigured({ conffile, configuredAt, to }: PackageTrace, now: PathState, at: number): boolean {
  return (
    conffile === undefined &&
    now.kind === 'file' &&
    configuredAt !== undefined &&
    configuredAt <= at &&
    at <= to
  );
}

function sumOf(state: PathState, algorithm: 'md5' | 'sha256'): string | undefined {
  return state.kind === 'file' ? createHash(algorithm).update(state.content).digest('hex') : undefined;
}

/**
 * The mark of a configuration manager counts where the whole file is managed: then it wasn't in what was
 * written.
 */
function ofMark({ before, after, items }: Changed, when: Pick<Author, 'at' | 'clock'>): Author | undefined {
  const name = markIn(before);
  if (name === undefined) return undefined;
  if (items.some(isWholePath) && markIn(after) !== name)
    return { kind: 'manager', name, ...when, evidence: 'its mark in the file, which a run did not write' };
  const evidence = `the file has the mark of ${name}, but nothing shows that it made this change`;
  return { kind: 'unknown', ...when, evidence };
}

function markIn(state: PathState): string | undefined {
  return state.kind === 'file' ? managerIn(state.content.toString('utf8')) : undefined;
}
