import { createHash } from 'node:crypto';
import type { Author, ChangedSince, Trace } from '../../model/author.ts';
import type { Change } from '../../model/change.ts';
import type { ManagedItem } from '../../model/ledger.ts';
import { type PathState, type Snapshot, unitOfPath } from '../../model/snapshot.ts';
import type { ItemFormats } from '../../virtual/managed.ts';
import { isItemHash, itemValue, pathValue } from '../items.ts';
import { isSlowHash } from '../slow-hash.ts';
import { managerIn } from './manager-marks.ts';

/**
 * For each change of a host whose path is no longer as the last run wrote it: who did that. Three ways
 * compared: what was written (the hashes in the ledger), what is there, and what is planned. `unknown`
 * wherever the evidence fits more than one, or none.
 */
export function authorsOf(
  changes: readonly Change[],
  snapshot: Snapshot,
  formats: ItemFormats,
): ReadonlyMap<string, Author> {
  const authors = new Map<string, Author>();
  for (const change of changes) {
    const { path } = change;
    const items = snapshot.ledger?.items.filter((item) => item.path === path) ?? [];
    if (!items.some((item) => isDrifted(item, change.before, formats))) continue;
    const seen = snapshot.changedSince?.get(fullUnit(path));
    authors.set(
      path,
      seen === undefined ? { kind: 'unknown', evidence: noTrace } : authorOf(change, items, seen),
    );
  }
  return authors;
}

function fullUnit(path: string): string {
  const unit = unitOfPath(path);
  return unit === undefined || unit.includes('.') ? path : `${path}.service`;
}

/** A slow hash isn't worth its time here: a value with a secret that a run changes is taken for drift. */
function isDrifted(item: ManagedItem, now: PathState, formats: ItemFormats): boolean {
  if (isSlowHash(item.activated)) return true;
  try {
    return !isItemHash(item.activated, item, itemValue(item, now, formats));
  } catch {
    return true;
  }
}

const noTrace = 'nothing on the host tells who';

function authorOf(change: Change, items: readonly ManagedItem[], seen: ChangedSince): Author {
  const { at, clock, ambiguous, traces } = seen;
  const when = { at, clock };
  const unknown = (evidence: string): Author => ({ kind: 'unknown', ...when, evidence });
  if (ambiguous)
    return unknown("the host's clock was set by an hour around that time, so its logs can't be compared");
  const fitting = traces.filter((trace) => fits(trace, at));
  const byPackage = fitting.flatMap((trace) => (trace.kind === 'package' ? [trace] : []));
  const proven = byPackage.flatMap((trace) => proofOf(trace, change.before, at) ?? []);
  const [one] = proven;
  if (one !== undefined && isOne(proven)) return { ...one, ...when };
  const others = fitting.filter(({ kind }) => kind !== 'package');
  const [other] = others;
  if (other === undefined) return ofMark(change, items, when) ?? unknown(noTrace);
  if (byPackage.length > 0 || !isOne(others))
    return unknown('the logs of the host name more than one at that time');
  return { kind: other.kind, name: other.name, ...when, evidence: evidenceOf[other.kind] };
}

const evidenceOf: Readonly<Record<Trace['kind'], string>> = {
  package: "the package manager's log",
  person: "sudo's log",
  script: "sudo's log: it was run then, and names the file",
  cron: "cron's log",
  manager: 'its own log',
};

function isOne(list: readonly { readonly kind: string; readonly name?: string | undefined }[]): boolean {
  return new Set(list.map(({ kind, name }) => `${kind} ${name}`)).size === 1;
}

/**
 * Whether something that a log tells of covers the second of the change. An end that isn't logged is taken
 * to be near: two seconds for a person's command, a minute for a script.
 */
function fits(trace: Trace, at: number): boolean {
  switch (trace.kind) {
    case 'package':
      return trace.from - 1 <= at && at <= trace.to + 1;
    case 'person':
      return trace.from - 1 <= at && at <= (trace.to ?? trace.from + 2) + 1;
    case 'script':
      return trace.from - 1 <= at && at <= (trace.to ?? trace.from + 60) + 1;
    case 'cron':
      return trace.from - 1 <= at && at <= trace.from + 60;
    case 'manager':
      // Ansible logs before it writes, Puppet afterwards.
      return trace.name === 'Puppet'
        ? trace.from - 5 <= at && at <= trace.from + 1
        : trace.from - 1 <= at && at <= trace.from + 10;
  }
}

/** What shows that it was the package, and nobody else while it was installed. */
function proofOf(
  { name, version, md5, conffile, configuredAt, to }: Extract<Trace, { kind: 'package' }>,
  now: PathState,
  at: number,
): Author | undefined {
  const author = (evidence: string): Author => ({ kind: 'package', name, version, evidence });
  if (now.kind === 'file' && md5 !== undefined && md5 === createHash('md5').update(now.content).digest('hex'))
    return author("the package manager's log and its checksum");
  if (conffile !== undefined && Math.abs(conffile.at - at) <= 2)
    return author("the package manager's log: the configuration file was replaced");
  if (now.kind === 'file' && configuredAt !== undefined && configuredAt <= at && at <= to)
    return author("the package manager's log: it was being configured");
  return undefined;
}

/**
 * The mark of a configuration manager counts where the whole file is managed: then it wasn't in what was
 * written.
 */
function ofMark(
  { before, after }: Change,
  items: readonly ManagedItem[],
  when: Pick<Author, 'at' | 'clock'>,
): Author | undefined {
  if (before.kind !== 'file') return undefined;
  const name = managerIn(before.content.toString('utf8'));
  if (name === undefined) return undefined;
  const isWhole = items.some((item) => item.key.length === 0 && pathValue(before).kind === 'file');
  if (!isWhole || (after.kind === 'file' && managerIn(after.content.toString('utf8')) === name))
    return {
      kind: 'unknown',
      ...when,
      evidence: `the file has the mark of ${name}, but nothing shows that it made this change`,
    };
  return { kind: 'manager', name, ...when, evidence: 'its mark in the file, which a run did not write' };
}
