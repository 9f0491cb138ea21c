import type { Inventory } from '../inventory/inventory.ts';
import { differs, type HostPlan } from '../model/plan.ts';
import type { HostResult, Status } from '../model/result.ts';
import { statusWords } from '../model/status-words.ts';

/**
 * Whom hosts are given back after, through which people reach others. `leaving`: those that leave the cluster
 * as well; `undone`: those on which the run is undone as well; `nobody`: they leave, but others stay that do
 * the same.
 */
export type After = 'leaving' | 'undone' | 'nobody';

/** The hosts of one role, as far as others depend on them. */
export interface Doors {
  readonly role: string;
  readonly after?: After | undefined;
}

/** A host for which those of a later wave are kept. */
export interface KeptFor extends Pick<HostResult, 'plan' | 'status'> {
  /**
   * `sends`: it isn't given back, and sends its people through them; `owes`: it does so until its services
   * are restarted; `stays`: it was to do what they do, and isn't as planned; `people`: it has people, in
   * `words`
   */
  readonly why: 'sends' | 'owes' | 'stays' | 'people';
  readonly words?: string | undefined;
}

const done: readonly Status[] = ['in-sync', 'changed', 'done'];
/** People are there, and go on being sent the old way. */
const later: readonly Status[] = ['deferred', 'owed', 'queued'];

/** A host for which those of a later wave are kept, as it has ended, or hasn't been begun. */
export function keepsDoors({ role, after }: Doors, results: readonly HostResult[]): KeptFor | undefined {
  switch (after) {
    case undefined:
      return undefined;
    case 'undone':
      return sendsAfterUndo(results);
    case 'leaving':
      return sendsWhileLeaving(results);
    case 'nobody': {
      const others = results.filter(({ plan }) => plan.role === role && plan.retires !== true);
      const behind = results.filter(({ plan }) => plan.role !== role);
      if (others.some(({ plan, status }) => isAsPlanned(plan, status))) return undefined;
      const [other] = others;
      if (other === undefined || behind.every(({ plan }) => plan.retires)) return sendsWhileLeaving(results);
      return { ...other, why: 'stays' };
    }
  }
}

function sendsWhileLeaving(results: readonly HostResult[]): KeptFor | undefined {
  const sending = results.find(({ plan, status }) => plan.retires && !hasLeft(plan, status));
  return sending && { ...sending, why: 'sends' };
}

function sendsAfterUndo(results: readonly HostResult[]): KeptFor | undefined {
  const sending = results.find(({ status }) => later.includes(status));
  if (sending !== undefined) return { ...sending, why: sending.status === 'owed' ? 'owes' : 'sends' };
  // Its files are as before, and its services run with those of the run that is undone.
  const owing = results.find(
    ({ plan, status, ran }) =>
      !plan.skipped && done.includes(status) && plan.snapshot?.owed?.some((id) => !ran.includes(id)),
  );
  return owing && { ...owing, why: 'owes' };
}

/** It does now what it is there for, also where it was as planned before, and --limit leaves it out. */
export function isAsPlanned(plan: HostPlan, status: Status): boolean {
  if (plan.skipped) {
    return !plan.unreachable && plan.off !== true && plan.problem === undefined && !differs(plan);
  }
  return done.includes(status) && plan.problem === undefined;
}

/** Nothing of ours is left on it; or it can't be reached, and the operator goes on without it. */
export function hasLeft(plan: HostPlan, status: Status): boolean {
  if (plan.skipped) return plan.unreachable || (plan.problem === undefined && !differs(plan));
  return done.includes(status);
}

/** The result of a host that is not given back, and for which other one that is. */
export function keptResult(plan: HostPlan, kept: KeptFor): HostResult {
  const isLater = kept.why === 'people' || later.includes(kept.status);
  const problem = {
    code: 'still-needed',
    message: `nothing was done on this host: ${reasonWords(kept)}`,
    next: nextWords(plan, kept),
    host: plan.host,
  };
  return {
    ...{ plan, status: isLater ? 'deferred' : 'not-started', problem },
    ...{ ran: [], warnings: plan.warnings, durationMs: 0 },
  };
}

function reasonWords({ plan: { host, retires }, status, why, words = '' }: KeptFor): string {
  const through = 'people reach it through this host';
  switch (why) {
    case 'sends':
      return `${host} ${retires ? 'has not left the cluster' : 'is not rolled back'} (${statusWords[status]}), and ${through}`;
    case 'owes':
      return `${host} still runs with what is undone, as a restart is owed there, and ${through}`;
    case 'stays':
      return `${host}, which stays, is not as planned (${statusWords[status]}), so nobody would reach the cluster any more`;
    case 'people':
      return `people are on ${host} (${words}), and reach it through this host`;
  }
}

function nextWords({ host: own, undoes }: HostPlan, { plan, status, why }: KeptFor): string {
  const { host, retires } = plan;
  const again = 'run the command again';
  // A bad change has to be undone whoever is there.
  const regardless =
    undoes === undefined ? '' : `; to undo it on ${own} now, whoever is there, add --limit ${own}`;
  switch (why) {
    case 'people':
      return `once nobody is on ${host} any more, ${again}; --force interrupts those who are there`;
    case 'owes':
      return `once nobody is on ${host} any more, ${again}, which restarts its services${regardless}`;
    case 'stays':
      return `see to ${host}, then ${again}; or write "state: retired" on it and on all hosts behind it`;
    case 'sends': {
      if (later.includes(status)) return `once nobody is on ${host} any more, ${again}${regardless}`;
      const gone = retires && status === 'unreachable';
      return `see to ${host}, then ${again}${gone ? `; if it is gone for good, leave it out with --limit ${own}` : regardless}`;
    }
  }
}

/** The results in the order of the plans, whoever was given back last. */
export function inOrderOf(plans: readonly HostPlan[], results: readonly HostResult[]): readonly HostResult[] {
  const place = new Map(plans.map(({ host }, index) => [host, index]));
  const placeOf = ({ plan }: HostResult) => place.get(plan.host) ?? 0;
  return [...results].sort((one, other) => placeOf(one) - placeOf(other));
}

/**
 * Of hosts that stay in a cluster of which all those leave through which people reach them: a warning for
 * each role that has none any more.
 */
export function withoutDoorWarnings(
  { playbook, hosts }: Pick<Inventory, 'playbook' | 'hosts'>,
  plans: readonly HostPlan[],
): readonly string[] {
  return playbook.roles.flatMap(({ name, hosts: { minimum } }, index) => {
    const own = hosts.filter(({ role }) => role === name);
    const leaving = plans.filter((plan) => plan.role === name && !plan.skipped && differs(plan));
    const behind = playbook.roles.slice(index + 1).map((role) => role.name);
    const staying = hosts.filter(({ role, state }) => behind.includes(role) && state !== 'retired');
    const isGone = minimum > 0 && own.length > 0 && own.every(({ state }) => state === 'retired');
    if (!isGone || leaving.length === 0 || staying.length === 0) return [];
    const whom = list(staying.map((host) => host.name));
    const which = list(leaving.map(({ host }) => host));
    const leave = leaving.length === 1 ? 'leaves' : 'leave';
    return [
      `${which} ${leave} the cluster, and nobody reaches ${whom} through ${leaving.length === 1 ? 'it' : 'them'} any more; to take the whole cluster down, write "state: retired" on all hosts: these then go last (clusterproxy docs take-off). As long as people are on hosts that stay, ${leaving.length === 1 ? 'it is' : 'they are'} put off, unless --force is given`,
    ];
  });
}

/** `a`, `a and b`, `3 hosts` */
function list(names: readonly string[]): string {
  return names.length > 2 ? `${names.length} hosts` : names.join(' and ');
}
