import { laterDue } from '../doctor/renewal-due.ts';
import type { Kept, RenewalsFound } from '../doctor/renewals-found.ts';
import { covers, dateWords, renewerOf, renewerWords } from '../doctor/renewed-by.ts';
import type { Inventory, InventoryHost } from '../inventory/inventory.ts';
import { lateness } from '../model/certificate-lifetime.ts';
import { mergeReads } from '../model/merge-reads.ts';
import type { ClusterPlan, HostPlan } from '../model/plan.ts';
import { noReads } from '../model/reads.ts';
import { doorRoles } from './doors.ts';
import type { PlanOptions } from './plan-run.ts';
import { type AskingRenewals, asksForCertificate } from './with-renewers.ts';

/**
 * What is asked besides of hosts that show a certificate for the cluster's name: who renews it. Not of nodes,
 * of which there may be many: each question costs them time.
 */
export function askingBeside(
  { inventory, beside }: Pick<PlanOptions, 'inventory' | 'beside'>,
  asking: AskingRenewals,
): NonNullable<PlanOptions['beside']> {
  const doors = doorRoles(inventory);
  const own = (host: InventoryHost) =>
    doors.has(host.role) && asksForCertificate(inventory, host)
      ? { ...noReads, queries: [asking.query] }
      : noReads;
  return (host) => mergeReads([beside?.(host) ?? noReads, own(host)]);
}

/**
 * The plans with who renews the certificate that a host keeps for the cluster's name, as a note; as a warning
 * where that should have happened by `now`, in milliseconds since the epoch. Whether that very one is shown
 * isn't known without asking: `verify` does.
 */
export function withRenewalNotes(
  plan: ClusterPlan,
  { inventory, asking, now }: { inventory: Inventory; asking: AskingRenewals; now: number },
): ClusterPlan {
  const name = inventory.cluster.hostname;
  return { ...plan, hosts: plan.hosts.map((host) => withNote(host, name, asking, now)) };
}

function withNote(host: HostPlan, name: string, asking: AskingRenewals, now: number): HostPlan {
  const renewals = asking.read(host.snapshot);
  const kept = renewals && latestFor(name, renewals);
  if (renewals === undefined || kept === undefined) return host;
  const { certificate } = kept;
  const renewer = renewerOf({ ...certificate, name }, renewals);
  if (renewer === undefined) return host;
  const by = renewerWords(renewer, now);
  if (lateness(certificate, now, laterDue(certificate, renewer.due)) === 'in-time') {
    return { ...host, notes: [...(host.notes ?? []), `the certificate of ${name} is ${by}`] };
  }
  const ends = `${certificate.validTo < now ? 'ended' : 'ends'} on ${dateWords(certificate.validTo)}`;
  const warning = `the certificate of ${name} in ${kept.file} ${ends}, and should have been renewed by now: ${by}`;
  return { ...host, warnings: [...host.warnings, warning] };
}

/** Of several for the name, such as one of an earlier client, the last one that was got. */
function latestFor(name: string, { kept }: RenewalsFound): Kept | undefined {
  return kept
    .filter(({ names }) => covers(names, name))
    .reduce<Kept | undefined>(
      (last, one) =>
        last === undefined || one.certificate.validFrom > last.certificate.validFrom ? one : last,
      undefined,
    );
}
