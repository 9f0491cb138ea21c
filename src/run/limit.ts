import { nearestName } from '../document/nearest-name.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { HostPlan } from '../model/plan.ts';

interface Named {
  readonly name: string;
  readonly role: string;
}

/** The names of the hosts that may be changed. Throws for a word that is neither a host nor a role. */
export function limitedTo(hosts: readonly Named[], limit: readonly string[]): ReadonlySet<string> {
  const known = [...new Set(hosts.flatMap((host) => [host.name, host.role]))];
  for (const word of limit) {
    if (known.includes(word)) continue;
    const meant = nearestName(word, known);
    throw new OperatorError({
      code: 'limit-unknown',
      message: `${word} is neither a host nor a role of this inventory`,
      next: meant ? `did you mean ${meant}?` : `choose from: ${known.join(', ')}`,
    });
  }
  const chosen = hosts.filter(
    (host) => limit.length === 0 || limit.includes(host.name) || limit.includes(host.role),
  );
  return new Set(chosen.map((host) => host.name));
}

/** Plans of hosts outside the limit are shown as skipped and never carried out. */
export function skipOthers(plans: readonly HostPlan[], chosen: ReadonlySet<string>): readonly HostPlan[] {
  const skipped = plans.map((plan) => (chosen.has(plan.host) ? plan : { ...plan, skipped: true }));
  return skipped.map((plan) => refuseBeforeItsTurn(plan, skipped));
}

/**
 * A host is not changed either if a host that has to come before it would change but is left out: a node that
 * advertises a location which its proxy doesn't have yet shows a blank page. A host that leaves the cluster
 * needs no other host before it.
 */
function refuseBeforeItsTurn(plan: HostPlan, all: readonly HostPlan[]): HostPlan {
  if (plan.skipped || !changesFiles(plan) || plan.problem !== undefined || plan.retires) return plan;
  const roles = [...new Set(all.map((other) => other.role))];
  const forerunner = all.find(
    (other) =>
      roles.indexOf(other.role) < roles.indexOf(plan.role) &&
      other.skipped &&
      (changesFiles(other) || isUnknown(other)),
  );
  if (forerunner === undefined) return plan;
  return {
    ...plan,
    problem: {
      code: 'forerunner-left-out',
      ...(isUnknown(forerunner)
        ? {
            message: `${forerunner.host} comes first, and what it needs isn't known: it could not be planned (${forerunner.problem?.code ?? ''})`,
            next: `mend that first; ${forerunner.host} is left out by --limit, but others depend on it`,
          }
        : {
            message: `${forerunner.host} must be changed first, but --limit leaves it out`,
            next: addition(forerunner, all),
          }),
      host: plan.host,
    },
  };
}

/** A list that is longer than this is hardly typed host by host. */
const mostTyped = 6;

function addition({ host, role }: HostPlan, all: readonly HostPlan[]): string {
  const chosen = all.filter(({ skipped }) => !skipped).map((plan) => plan.host);
  return chosen.length > mostTyped
    ? `add ${host} to --limit, or its role ${role}`
    : `add it: --limit ${[...chosen, host].join(',')}`;
}

/** Nobody knows whether it would change. */
function isUnknown({ problem, unreachable }: HostPlan): boolean {
  return problem !== undefined && !unreachable;
}

/** Or anything else on its host except restarts. */
function changesFiles({ stages }: HostPlan): boolean {
  return stages.some(({ actions, changes }) => actions.length > 0 || changes.length > 0);
}
