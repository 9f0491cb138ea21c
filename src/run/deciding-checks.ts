import { decode } from '../formats/decode.ts';
import type { Inventory, InventoryHost } from '../inventory/inventory.ts';
import type { Confirmer, Decided, DecidingCheck } from '../model/deciding-check.ts';
import { OperatorError } from '../model/operator-error.ts';
import { type AnyCheck, isForBrowser, type OutsideCheck } from '../model/outside-check.ts';
import { type HostPlan, isDue, type Stage, stagesOf } from '../model/plan.ts';
import { isManaged, type PathState, type Snapshot } from '../model/snapshot.ts';
import { afterPlan, afterStage } from '../plan/forward/stages.ts';
import { resolveAsked } from '../playbook/resolve/asked.ts';
import { type ClusterView, viewCluster, withHost } from '../playbook/resolve/contexts.ts';
import { resolveOutsideChecks } from '../playbook/resolve/outside-checks.ts';
import { isAsked } from '../verify/ask.ts';
import { needsLook } from '../verify/seen.ts';
import { serverOf } from '../verify/server-of.ts';
import { formerName, holdsWord, withName } from './former-name.ts';
import type { WayThrough } from './way-through.ts';

/**
 * The checks from outside that decide whether a host stays as a stage of its plan leaves it. Throws
 * OperatorError if the questions can't be filled in.
 */
export type DecidingChecks = (plan: HostPlan, stage: Stage, confirm: Confirmer) => readonly DecidingCheck[];

/**
 * Which checks decide for which host, by the plans of all hosts:
 *
 * - the host's own, filled in with its facts after the change, since a change may alter what applies;
 * - those of hosts that are reached through it: of later roles, where the cluster's own address is asked.
 *
 * They have a say only if they passed before, since what had failed already is no reason to revert a sound
 * change. A host's own check has a say in any case where its answer before says nothing: the host joins the
 * cluster with this run, the question is another one than for its facts before, or it is about a name that
 * only this run writes there. What is asked before the last stage of a host, or of a door (a proxy, a
 * balancer) while hosts behind it still have to be changed, can't be expected to pass for the first time yet;
 * that is decided with those. Where a door gets another name for the cluster, hosts that people reached by
 * the old one have to be reached by the new one at once. A host that leaves isn't asked.
 */
export function decidingChecks(inventory: Inventory, plans: readonly HostPlan[]): DecidingChecks {
  const first = new Map(plans.map((plan) => [plan.host, plan] as const));
  const before = once(() =>
    viewCluster(
      inventory,
      snapshotsOf(plans, ({ snapshot }) => snapshot),
    ),
  );
  const after = once(() => viewAfter(inventory, plans));
  const all = (plan: HostPlan, stage: Stage): readonly DecidingCheck[] => {
    const host = inventory.hosts.find(({ name }) => name === plan.host);
    const now = stage.snapshot ?? plan.snapshot;
    if (host === undefined || host.state !== 'active' || now === undefined) return [];
    const behind = hostsBehind(inventory, host);
    const isDueNow = ({ name }: InventoryHost) => {
      const other = first.get(name);
      return other !== undefined && isDue(other);
    };
    const isLast = plan.stages.at(-1) === stage;
    const former =
      isLast && behind.length > 0 && isLastDoor(inventory, host, isDueNow)
        ? formerName(stage.changes, inventory.cluster.hostname)
        : undefined;
    const through = behind.flatMap((other) =>
      throughChecks(after(), other, former).map((one) => ({ ...one, later: isDueNow(other) })),
    );
    const own = { host: host.name, role: host.role };
    if (!isLast) {
      const checks = checksOf(withHost(before(), host.name, now), host.name) ?? [];
      return [...checks.map((check) => ({ ...own, check, always: false })), ...through];
    }
    const then = afterStage(stage) ?? now;
    const original = first.get(host.name)?.snapshot ?? now;
    const isNew = newTo(original, then, checksOf(before(), host.name) ?? []);
    const isWaitedFor = behind.some(isDueNow);
    const checks = askedFromHere(withHost(after(), host.name, then), host.name);
    return [
      ...checks.map((check) => ({
        ...own,
        check,
        // A certificate needs nobody behind the door.
        always: isNew(check) && (check.question.kind.startsWith('certificate') || !isWaitedFor),
      })),
      ...through,
    ];
  };
  return (plan, stage, confirm) =>
    all(plan, stage).filter(({ check }) => confirm === 'browser' || !isForBrowser(check));
}

/** What a proxy asks itself for each host, by the plans of all hosts, once they are carried out. */
export function waysThrough(inventory: Inventory, plans: readonly HostPlan[]): WayThrough {
  const after = once(() => viewAfter(inventory, plans));
  return (host) => resolveAsked(after(), host);
}

function viewAfter(inventory: Inventory, plans: readonly HostPlan[]): ClusterView {
  return viewCluster(
    inventory,
    snapshotsOf(plans, (plan) => (plan.skipped ? plan.snapshot : afterPlan(plan))),
  );
}

/** All that decide for a host in any of its stages, for a plan that is to be shown. */
export function decidingInPlan(
  plan: HostPlan,
  decidingOf: DecidingChecks,
  confirm: Confirmer,
): readonly Decided[] {
  const checks = new Map<string, DecidingCheck>();
  for (const stage of stagesOf(plan)) {
    for (const one of knownYet(() => decidingOf(plan, stage, confirm))) {
      const key = `${one.host} ${one.check.id}`;
      checks.set(key, checks.get(key)?.always ? { ...one, always: true } : one);
    }
  }
  return [...checks.values()].map(({ host, check: { id, title }, always }) => ({ host, id, title, always }));
}

/** What the packages of an earlier stage bring may be needed to fill in a question. */
function knownYet(deciding: () => readonly DecidingCheck[]): readonly DecidingCheck[] {
  try {
    return deciding();
  } catch (error) {
    if (error instanceof OperatorError) return [];
    throw error;
  }
}

/** Those that people reach through the host: of the roles after its own. */
function hostsBehind({ hosts, playbook }: Inventory, { role }: InventoryHost): readonly InventoryHost[] {
  const roles = playbook.roles.map(({ name }) => name);
  const later = roles.slice(roles.indexOf(role) + 1);
  return hosts.filter((other) => other.state === 'active' && later.includes(other.role));
}

/** The checks of a host that ask the cluster's own address, which is that of the doors. */
function throughChecks(
  cluster: ClusterView,
  host: InventoryHost,
  former: string | undefined,
): readonly DecidingCheck[] {
  const { hostname } = cluster.inventory.cluster;
  const all = checksOf(cluster, host.name) ?? [];
  const atDoor = ({ question }: AnyCheck) => serverOf(question) === hostname;
  const witness = all.find((check): check is OutsideCheck => !isForBrowser(check) && !atDoor(check));
  return all.filter(atDoor).map((check) => ({
    ...{ host: host.name, role: host.role, check, always: false, witness },
    before: former === undefined || !outlastsName(check) ? undefined : ofName(check, hostname, former),
  }));
}

/** The cluster's address may be at any of several proxies: only after the last is the answer the run's. */
function isLastDoor(
  { hosts }: Inventory,
  host: InventoryHost,
  isDueNow: (host: InventoryHost) => boolean,
): boolean {
  return !hosts.slice(hosts.indexOf(host) + 1).some((other) => other.role === host.role && isDueNow(other));
}

/**
 * Whether a host that doesn't know the cluster's new name yet must be reached by it all the same. What a page
 * may do elsewhere in a browser depends on that host.
 */
function outlastsName({ question }: AnyCheck): boolean {
  return question.kind === 'http' || (question.kind === 'browser' && question.shows === 'origin');
}

function ofName(check: AnyCheck, name: string, former: string): AnyCheck {
  return JSON.parse(withName(JSON.stringify(check), name, former));
}

/** Undefined if the host could not be looked at, or its questions can't be filled in. */
function checksOf(cluster: ClusterView, name: string): readonly AnyCheck[] | undefined {
  if (cluster.hosts.get(name)?.snapshot === undefined) return undefined;
  try {
    return askedFromHere(cluster, name);
  } catch (error) {
    if (error instanceof OperatorError) return undefined;
    throw error;
  }
}

/**
 * What a look at the host tells is its own word, and a look would be needed each time it is asked. Meetings
 * are held only by who asks for them.
 */
function askedFromHere(cluster: ClusterView, name: string): readonly AnyCheck[] {
  const { checks, inBrowser } = resolveOutsideChecks(cluster, name);
  return [
    ...checks.filter((check) => isAsked(check) && check.during === undefined && !needsLook(check.question)),
    ...inBrowser.filter(({ during }) => during === undefined),
  ];
}

/** Whether the answer to a check before the change says nothing about the change. */
function newTo(
  before: Snapshot,
  after: Snapshot,
  checksBefore: readonly AnyCheck[],
): (check: AnyCheck) => boolean {
  const questions = new Map(checksBefore.map(({ id, question }) => [id, JSON.stringify(question)]));
  const joins = !isManaged(before);
  const introduced = new Map<string, boolean>();
  const isIntroduced = (name: string) => {
    const known = introduced.get(name) ?? (holdsName(after, name) && !holdsName(before, name));
    introduced.set(name, known);
    return known;
  };
  return ({ id, question }) =>
    joins || questions.get(id) !== JSON.stringify(question) || namesIn(question).some(isIntroduced);
}

/** Names of servers that the question is about, as parts of addresses anywhere in it. */
function namesIn(question: AnyCheck['question']): readonly string[] {
  const addresses = JSON.stringify(question).matchAll(/[a-z]+:\/\/([A-Za-z0-9.-]+)/g);
  const names = [...addresses].map(([, name = '']) => name);
  return [...new Set([...names, ...('hostname' in question ? [question.hostname] : [])])];
}

/** Whether any file of the host that was read names the server. */
function holdsName({ paths }: Snapshot, name: string): boolean {
  const isIn = (content: Buffer) => content.includes(name) && holdsWord(decode(content).text, name);
  return [...paths.values()].some((state: PathState) => {
    if (state.kind === 'file') return isIn(state.content);
    const target = state.kind === 'symlink' ? state.resolved : undefined;
    return target !== undefined && 'content' in target && isIn(target.content);
  });
}

function snapshotsOf(
  plans: readonly HostPlan[],
  of: (plan: HostPlan) => Snapshot | undefined,
): ReadonlyMap<string, Snapshot> {
  return new Map(
    plans.flatMap((plan) => {
      const snapshot = of(plan);
      return snapshot === undefined ? [] : [[plan.host, snapshot] as const];
    }),
  );
}

/** All hosts' facts take a while where there are many: only for those who ask. */
function once<Result>(make: () => Result): () => Result {
  let made: { readonly result: Result } | undefined;
  return () => {
    made ??= { result: make() };
    return made.result;
  };
}
