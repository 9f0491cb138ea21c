import type { Problem } from '../../model/operator-error.ts';
import type { ReportDocument, ReportHost } from '../../report/document/schema.ts';
import { count, list } from '../../report/shared/prose.ts';
import { differs } from '../../report/shared/reading.ts';
import { totalWords } from '../../report/shared/totals.ts';

/** A cluster that would be changed. */
export interface ClusterPlanned {
  readonly shown: string;
  readonly document: ReportDocument;
}

/** Hosts that a run would change, those among them that no rollout holds back. */
export function hostsToChange({ hosts, rollout = [] }: ReportDocument): readonly ReportHost[] {
  const held = new Set(rollout.flatMap((role) => role.held));
  return hosts.filter((host) => host.status === 'would-change' && differs(host) && !held.has(host.name));
}

/** Anything is left to be done: also what an earlier run has left open. */
export function hasWork({ hosts }: ReportDocument): boolean {
  return hosts.some((host) => host.status !== 'skipped' && (differs(host) || host.unsettled.length > 0));
}

/** Somebody has frozen it for everybody. */
export function isHeld({ holds = [] }: ReportDocument): boolean {
  return holds.length > 0;
}

/** What the clusters come to, above the question whether to begin. */
export function sumLines(clusters: readonly ClusterPlanned[]): readonly string[] {
  const hosts = clusters.flatMap(({ document }) => hostsToChange(document));
  const busy = hosts.filter(({ guards }) => guards.some(({ state }) => state !== 'idle')).length;
  const late = clusters.flatMap(({ document: { rollout = [] } }) =>
    rollout.flatMap(({ window }) => [...(window?.deferred ?? []), ...(window?.pastDeadline ?? [])]),
  );
  const byDay = interruptedByDay(clusters);
  return [
    `in all: ${count(hosts.length, 'host')} in ${count(clusters.length, 'cluster')}; ${totalWords(hosts)}`,
    ...(busy === 0 ? [] : [`there now: people on ${count(busy, 'host')}`]),
    ...(late.length === 0 ? [] : [`put off: ${count(new Set(late).size, 'host')}, as no window is open`]),
    ...(byDay.length === 0
      ? []
      : [
          `by day: it is a weekday from 07:00 to 18:00, and people in ${list(byDay.map(({ shown }) => shown))} would be interrupted`,
        ]),
  ];
}

/** Those in which people would be interrupted on a weekday by day, where nobody has said that they may be. */
export function interruptedByDay(clusters: readonly ClusterPlanned[]): readonly ClusterPlanned[] {
  return clusters.filter(({ document: { rollout = [] } }) =>
    rollout.some(
      ({ window, whenBusy }) =>
        window?.state === 'by-day' &&
        !window.regardless &&
        whenBusy !== 'later' &&
        window.interrupting.length > 0,
    ),
  );
}

/** Why --yes isn't enough for them; undefined where it is. */
export function refusedByDay(clusters: readonly ClusterPlanned[]): Problem | undefined {
  const byDay = interruptedByDay(clusters);
  if (byDay.length === 0) return undefined;
  return {
    code: 'daytime',
    message: `it is a weekday from 07:00 to 18:00 in ${list(byDay.map(({ shown }) => shown))}, and the changes interrupt people there; --yes alone doesn't allow that`,
    next: 'run the command again in the evening, leave these clusters out with --cluster, or interrupt people now with --now; `windows:` in an inventory says when they may be interrupted',
  };
}
