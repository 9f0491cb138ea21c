import { statuses } from '../../report/document/host-schema.ts';
import type { ReportHost, ReportStatus } from '../../report/document/schema.ts';
import type { MetricName, Sample } from './contract.ts';
import { endOf, type Known, secondsOf } from './known.ts';

/** Hosts that are as planned. */
const sound: readonly ReportStatus[] = ['in-sync', 'changed', 'done'];
/** Hosts of which nobody knows how they are. */
const unseen: readonly ReportStatus[] = ['unreachable', 'off', 'unknown', 'skipped', 'damaged'];
/** Hosts on which something was left for later. */
const later: readonly ReportStatus[] = ['deferred', 'owed', 'queued'];
const kinds = ['file', 'directory', 'symlink', 'unit', 'action'] as const;

/** What is true of hosts. Pure. */
export function hostSamples(known: Known): readonly Sample[] {
  return [...counts(known), ...known.document.hosts.flatMap((host) => ofHost(host, known))];
}

/** Of each role every status, so that one that nobody has any longer is 0 and not gone. */
function counts({ document, cluster }: Known): readonly Sample[] {
  const roles = [...new Set(document.hosts.map(({ role }) => role))];
  return roles.flatMap((role) =>
    statuses.map((status) => ({
      name: 'clusterproxy_hosts' as const,
      labels: { cluster, role, status },
      value: document.hosts.filter((host) => host.role === role && host.status === status).length,
    })),
  );
}

function ofHost(host: ReportHost, known: Known): readonly Sample[] {
  const { cluster } = known;
  const labels = { cluster, host: host.name, role: host.role };
  const one = (name: MetricName, value: number | undefined, more: Sample['labels'] = {}): Sample[] =>
    value === undefined ? [] : [{ name, labels: { ...labels, ...more }, value }];
  const differing = unseen.includes(host.status) ? undefined : differences(host);
  return [
    ...one('clusterproxy_host_status', 1, { status: host.status }),
    ...(host.recipe === null ? [] : one('clusterproxy_host_recipe_info', 1, { recipe: host.recipe })),
    ...kinds.flatMap((kind) => one('clusterproxy_host_differences', differing?.[kind], { kind })),
    ...one('clusterproxy_host_differs_since_timestamp_seconds', differsSince(host, known, differing)),
    ...one('clusterproxy_host_owed_restarts', differing === undefined ? undefined : owedOf(host)),
    ...one('clusterproxy_host_deferred_since_timestamp_seconds', deferredSince(host, known)),
    ...one('clusterproxy_host_unsettled_runs', differing === undefined ? undefined : host.unsettled.length),
    ...one('clusterproxy_host_lease_since_timestamp_seconds', secondsOf(host.lease?.since)),
  ];
}

/** How many things of each kind aren't as planned. */
function differences({ status, changes, left = [] }: ReportHost): Record<(typeof kinds)[number], number> {
  // Where restarts are owed, the new files are in place.
  const differing = [...sound, 'owed'].includes(status) ? [] : changes;
  const number = (kind: string) =>
    new Set(differing.flatMap((one) => (one.kind === kind ? [one.path] : []))).size;
  // What a step leaves as it is and reports is of a file that is there.
  const reported = left.filter(({ items }) => items.some(({ because }) => because === 'report'));
  const files = [
    ...differing.flatMap((one) => (one.kind === 'file' ? [one.path] : [])),
    ...reported.map(({ path }) => path),
  ];
  return {
    ...{ file: new Set(files).size, directory: number('directory'), symlink: number('symlink') },
    ...{ unit: number('unit'), action: number('action') },
  };
}

function owedOf({ status, handlers }: ReportHost): number {
  if (sound.includes(status)) return 0;
  return handlers.filter(({ ran, owed }) => !ran && (owed !== undefined || status === 'owed')).length;
}

/** As the schedule remembers it, else as it was told before, else since now. */
function differsSince(
  host: ReportHost,
  known: Known,
  differing: ReturnType<typeof differences> | undefined,
): number | undefined {
  if (sound.includes(host.status)) return undefined;
  const name = 'clusterproxy_host_differs_since_timestamp_seconds';
  const before = known.former.value(name, { cluster: known.cluster, host: host.name });
  const remembered = (known.records?.differences ?? []).flatMap((one) =>
    one.host === host.name ? (secondsOf(one.since) ?? []) : [],
  );
  // Of a host that could not be looked at, what was known of it holds.
  if (differing === undefined) return least([...remembered, before]);
  const isDiffering = owedOf(host) > 0 || Object.values(differing).some((number) => number > 0);
  if (!isDiffering) return undefined;
  return least([...remembered, before]) ?? endOf(known);
}

/** A host that was put off stays so until a run has brought it up to date: looking at it changes nothing. */
function deferredSince(host: ReportHost, known: Known): number | undefined {
  if (sound.includes(host.status)) return undefined;
  const name = 'clusterproxy_host_deferred_since_timestamp_seconds';
  const before = known.former.value(name, { cluster: known.cluster, host: host.name });
  const remembered = rememberedDeferral(host.name, known.records);
  const queued = (host.queued ?? []).map(({ since }) => secondsOf(since));
  if (later.includes(host.status)) return least([...remembered, ...queued, before]) ?? endOf(known);
  const isStillOff = queued.length > 0 || remembered.length > 0;
  const isOnlyLookedAt =
    host.status === 'would-change' || host.status === 'drifted' || unseen.includes(host.status);
  return isStillOff || isOnlyLookedAt ? least([...remembered, ...queued, before]) : undefined;
}

/** When scheduled runs that could have repaired it put it off, without one among them that didn't. */
function rememberedDeferral(host: string, records: Known['records']): readonly (number | undefined)[] {
  const tried = (records?.runs ?? []).filter(({ did, errors }) => did === 'fix' && errors.length === 0);
  const end = tried.findIndex(({ putOff }) => !putOff.some((one) => one.host === host));
  return (end === -1 ? tried : tried.slice(0, end)).map(({ at }) => secondsOf(at));
}

function least(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
