import { RunLog } from '../../host/run-log.ts';
import { hasEnded } from '../../host/run-state.ts';
import type { InventoryHost } from '../../inventory/inventory.ts';
import { busyCodes } from '../busy/waiting.ts';
import type { SeenOnHost, SeenRun } from './seen-run.ts';

/**
 * The hosts of the role whose turn it is that may yet begin, by what is seen of a run from outside: those
 * that never began, and those that were put off because people were there, for as long as they are waited
 * for. `limit`: for how long at most, in seconds. What only its controller knows, that it has given up a host
 * that never began, is inferred: later roles have begun, or the time is up and nothing else is done in its
 * role.
 */
export function hostsToBegin({ agreement, hosts }: SeenRun, limit: number): readonly InventoryHost[] {
  const on = new Map(hosts.map((one) => [one.host.name, one]));
  const lastRole = agreement.hosts.at(-1)?.role;
  // What people are reached through, and leaves the cluster, is begun after all others.
  const due = agreement.hosts
    .filter(({ host, role, due: isDue }) => isDue && !leaves(on.get(host), role !== lastRole))
    .flatMap(({ host, role }) => ({ role, seen: on.get(host) }));
  const roles = [...new Set(due.map(({ role }) => role))];
  const reached = due.findLast(({ seen }) => stagesOn(seen).length > 0)?.role;
  let since = beganBefore(hosts);
  for (const [index, role] of roles.entries()) {
    const own = due.flatMap(({ role: other, seen }) => (other === role && seen !== undefined ? [seen] : []));
    const untouched = own.filter((one) => stagesOn(one).length === 0);
    const triedAgain = own.filter((one) => isTriedAgain(one, limit));
    const isInTime = triedAgain.length > 0 || (untouched.length > 0 && since < limit);
    if (index >= roles.indexOf(reached ?? '') && (isInTime || own.some(isAtWork))) {
      return own
        .filter((one) => one.known !== undefined && [...untouched, ...triedAgain].includes(one))
        .map(({ host }) => host);
    }
    const ends = own.flatMap(endedBefore);
    since = Math.min(untouched.length > 0 ? Math.max(0, since - limit) : since, ...ends);
  }
  return [];
}

function stagesOn(seen: SeenOnHost | undefined) {
  return seen?.known?.stages ?? [];
}

function leaves(seen: SeenOnHost | undefined, isDoor: boolean): boolean {
  return isDoor && seen?.host.state === 'retired';
}

function isAtWork(seen: SeenOnHost): boolean {
  const last = stagesOn(seen).at(-1);
  return last !== undefined && !hasEnded(last.state);
}

/** Put off because of people, and not yet for as long as they are waited for. */
function isTriedAgain(seen: SeenOnHost, limit: number): boolean {
  const stages = stagesOn(seen);
  const [first, last] = [stages[0], stages.at(-1)];
  // With one of its stages done, a host isn't begun anew.
  if (first === undefined || last === undefined || stages.some(({ state }) => state !== 'deferred'))
    return false;
  const { cause } = logOf(last);
  // The time runs from when it was first put off, at the latest.
  const since = (seen.known?.now ?? 0) - (logOf(first).stateSince ?? 0);
  return busyCodes.includes(cause?.code ?? '') && since < limit;
}

/** For how many seconds a host's last stage has been as it is, by its own clock; none if that is unknown. */
function endedBefore({ known }: SeenOnHost): readonly number[] {
  const last = known?.stages.at(-1);
  const since = last === undefined ? undefined : logOf(last).stateSince;
  return since === undefined || known === undefined ? [] : [Math.max(0, known.now - since)];
}

/** For how many seconds the run has had its hosts, by their clocks. */
function beganBefore(hosts: readonly SeenOnHost[]): number {
  const all = hosts.flatMap(({ known }) =>
    known?.lease === undefined || known.lease.since === 0 ? [] : [known.now - known.lease.since],
  );
  return Math.max(0, ...all);
}

function logOf({ log: lines }: { readonly log: readonly string[] }): RunLog {
  const log = new RunLog();
  for (const line of lines) log.add(line);
  return log;
}
