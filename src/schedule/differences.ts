import type { Difference, PutOff } from '../model/schedule.ts';
import type { ReportDocument, ReportHost, ReportStatus } from '../report/document/schema.ts';

/** Hosts whose files are as planned; where restarts are owed, too. */
const written: readonly ReportStatus[] = ['in-sync', 'changed', 'done', 'owed'];
/** Hosts of which nobody knows how they are: what differed there last is taken to differ still. */
const unseen: readonly ReportStatus[] = ['unreachable', 'off', 'unknown', 'skipped', 'damaged'];

/**
 * What differs after a scheduled run, and since when: since it was first seen, without a break. Pure; `at` is
 * when the run began, ISO 8601.
 */
export function differencesAfter(
  before: readonly Difference[],
  { hosts }: Pick<ReportDocument, 'hosts'>,
  at: string,
): readonly Difference[] {
  return hosts.flatMap((host) => {
    const known = before.filter((one) => one.host === host.name);
    if (unseen.includes(host.status)) return known;
    return differing(host).map((what) => {
      const before = known.find((one) => one.what === what);
      return { host: host.name, what, since: before?.since ?? at, ...authorOf(host, what, before) };
    });
  });
}

/** Who has changed it; what was known once is known still where a later look can't tell. */
function authorOf(
  { changes, left = [] }: ReportHost,
  what: string,
  before: Difference | undefined,
): Pick<Difference, 'author'> {
  const found = [...changes, ...left].find(({ path }) => path === what)?.author;
  const isKnown = found !== undefined && found.kind !== 'unknown';
  const author = isKnown ? found : (before?.author ?? found);
  if (author === undefined) return {};
  const { kind, name, version, clock, evidence } = author;
  return { author: { kind, name, version, clock, evidence } };
}

/** What of a host is not as planned; a host that wasn't planned for has nothing to tell. */
function differing(host: ReportHost): readonly string[] {
  const paths = pathsThatDiffer(host);
  const owed = host.handlers.some((handler) => handler.owed !== undefined && !handler.ran);
  return owed ? [...paths, 'restarts'] : paths;
}

/**
 * Paths that are not as planned, once each; those too that a step leaves as they are and reports. What
 * somebody has accepted, or a step keeps, is no difference.
 */
export function pathsThatDiffer({ status, changes, left = [] }: ReportHost): readonly string[] {
  const differing = written.includes(status) ? [] : changes;
  const drift = left.filter(({ items }) => items.some(({ because }) => because === 'report'));
  return [...new Set([...differing, ...drift].map(({ path }) => path))];
}

/** Statuses of hosts on which something was left for later, and not because anything failed. */
const later: readonly ReportStatus[] = ['deferred', 'owed', 'queued'];

/** Why what differs was not repaired: what is true of the cluster first, then what is true of hosts. */
export function putOffIn(
  { hosts, errors = [] }: Pick<ReportDocument, 'hosts' | 'errors'>,
  outside: PutOff | undefined,
): readonly PutOff[] {
  const differs = hosts.some(({ status }) => status === 'would-change');
  return [
    ...(outside !== undefined && differs ? [outside] : []),
    ...errors.map(({ code, message }) => ({ code, message })),
    ...hosts.flatMap(({ name, status, error }) => {
      if (!later.includes(status)) return [];
      const { code, message } = error ?? { code: status, message: words[status] ?? status };
      return [{ host: name, code, message }];
    }),
  ];
}

const words: Partial<Record<ReportStatus, string>> = {
  queued: 'the host changes itself once nobody is there',
  owed: 'the new files are in place, and restarts are owed',
};
