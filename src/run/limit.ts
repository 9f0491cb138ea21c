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

/**
 * Plans of hosts outside the limit are shown as skipped and never carried out. `isBackwards`: a run is
 * undone, and hosts through which people reach others come after those.
 */
export function skipOthers(
  plans: readonly HostPlan[],
  chosen: ReadonlySet<string>,
  { isBackwards = false }: { readonly isBackwards?: boolean } = {},
): readonly HostPlan[] {
  const skipped = plans.map((plan) => (chosen.has(plan.host) ? plan : { ...plan, skipped: true }));
  return skipped.map((plan) =>
    isBackwards ? warnBeforeItsTurn(plan, skipped) : refuseBeforeItsTurn(plan, skipped),
  );
}

/** A bad change of a proxy has to be undone at once, whoever is on its nodes: the operator's word counts. */
function warnBeforeItsTurn(plan: HostPlan, all: readonly HostPlan[]): HostPlan {
  if (plan.skipped || !changesFiles(plan) || plan.problem !== undefined) return plan;
  const before = earlierOnes(plan, all).filter(
    (other) => other.skipped && (changesFiles(other) || isUnknown(other) || other.unreachable),
  );
  if (before.length === 0) return plan;
  const names = before.map(({ host }) => host);
  const whom = names.length > 2 ? `${names.length} hosts` : names.join(' and ');
  const warning = `the run is not undone on ${whom}, which --limit leaves out: until it is, people there can lose what ${plan.host} gets taken away, and find pages blank`;
  return { ...plan, warnings: [...plan.warnings, warning] };
}

/** The hosts of roles that come before its own. */
function earlierOnes({ role }: HostPlan, all: readonly HostPlan[]): readonly HostPlan[] {
  const roles = [...new Set(all.map((other) => other.role))];
  return all.filter((other) => roles.indexOf(other.role) < roles.indexOf(role));
}

/**
 * A host is not changed either if a host that has to come before it would change but is left out: a node that
 * advertises a location which its proxy doesn't have yet shows a blank page. A host that leaves the cluster
 * needs no other host before it.
 */
function refuseBeforeItsTurn(plan: HostPlan, all: readonly HostPlan[]): HostPlan {
  if (plan.skipped || !changesFiles(plan) || plan.problem !== undefined || plan.retires) return plan;
  const forerunner = earlierOnes(plan, all).find(
    (other) => other.skipped && (changesFiles(other) || isUnknown(other)),
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
