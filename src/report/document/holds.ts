import { type ClusterHold, isoOf, type Lease } from '../../model/claims.ts';
import { showableLine } from '../../secrets/showable.ts';
import { cleanName } from './harmless.ts';
import type { ReportDocument, ReportHold, ReportHost } from './schema.ts';

/** What freezes the cluster, and what did so until now. */
export function holdsDocument({
  holds = [],
  heldBefore = [],
}: {
  readonly holds?: readonly ClusterHold[] | undefined;
  readonly heldBefore?: readonly ClusterHold[] | undefined;
}): Pick<ReportDocument, 'holds' | 'heldBefore'> {
  return {
    ...(holds.length === 0 ? {} : { holds: holds.map(holdDocument) }),
    ...(heldBefore.length === 0 ? {} : { heldBefore: heldBefore.map(holdDocument) }),
  };
}

function holdDocument({ by, from, reason, since, until, hosts }: ClusterHold): ReportHold {
  return {
    ...{ by: showableLine(by), from: showableLine(from), reason: showableLine(reason) },
    since: isoOf(since),
    ...(until === undefined ? {} : { until: isoOf(until) }),
    hosts: hosts.map(cleanName),
  };
}

/** The run that has reserved a host. */
export function leaseDocument(lease: Lease | undefined): Pick<ReportHost, 'lease'> {
  if (lease === undefined) return {};
  const { run, command, by, from, since, until } = lease;
  return {
    lease: {
      ...{ run: cleanName(run), command: showableLine(command) },
      ...{ by: showableLine(by), from: showableLine(from), since: isoOf(since) },
      ...(until === undefined ? {} : { until: isoOf(until) }),
    },
  };
}
