import { setTimeout as sleep } from 'node:timers/promises';
import { type Inventory, type InventoryHost, roleOf } from '../inventory/inventory.ts';
import { mergeReads } from '../model/merge-reads.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { CheckResult } from '../model/outside-check.ts';
import { type ByHand, type HostPlan, isDue, withLast } from '../model/plan.ts';
import { isManaged, noReads, type Reads, type Snapshot } from '../model/snapshot.ts';
import { crossChecksOf } from '../plan/forward/cross-checks.ts';
import type { Resolve, Wanted } from '../plan/forward/evaluate.ts';
import { type PlanInput, planInTurns } from '../plan/forward/plan-cluster.ts';
import { KnownHosts, planLastStage } from '../plan/forward/stages.ts';
import { withoutContents } from '../plan/rollback/plan-rollback.ts';
import { askedQueries } from '../playbook/resolve/asked.ts';
import { type ClusterView, viewCluster } from '../playbook/resolve/contexts.ts';
import { downWords, healthWarnings } from '../playbook/resolve/health.ts';
import { type ReadsOptions, readsOf } from '../playbook/resolve/reads.ts';
import { type ResolvedHost, resolveHost } from '../playbook/resolve/resolve.ts';
import { untriedNotes } from '../playbook/resolve/untried.ts';
import { itemFormatsOf } from '../steps/item-formats.ts';
import { withAnswersAfterwards } from './answers-afterwards.ts';
import { askedResults, wrongAnswerWarning } from './asked.ts';
import { byHandTexts } from './by-hand.ts';
import { decidingChecks, waysThrough } from './deciding-checks.ts';
import { everyLookResults } from './every-look.ts';
import { inTurns } from './in-turns.ts';
import { limitedTo, skipOthers } from './limit.ts';
import { hasAnswered, type Look, look, lookAt, snapshotsOf } from './look.ts';
import { withNginxWarnings } from './nginx-warnings.ts';
import type { RunOptions } from './options.ts';
import type { PlannedRun, Planner } from './planner.ts';
import { refuseSameMachine } from './same-machine.ts';

export interface PlanOptions extends RunOptions, Partial<ReadsOptions> {
  /** whether wrong answers are warnings of the plan, rather than told otherwise; default: yes */
  readonly warnOfAnswers?: boolean;
}

/** Look at all hosts and plan their changes. Nothing is changed anywhere. */
export async function planRun(options: PlanOptions): Promise<PlannedRun> {
  const { prune } = options;
  const inventory = prune === false ? options.inventory : pruning(options.inventory, prune);
  const { guards = true } = options;
  const chosen = limitedTo(inventory.hosts, options.limit);
  const looks = tellApart(
    await look({ ...options, inventory }, (host) => askingReads(inventory, host, { guards })),
  );
  const snapshots = snapshotsOf(looks);
  const input: PlanInput = {
    cluster: inventory.cluster.name,
    playbook: inventory.playbook.name,
    hosts: looks.map(({ host, ...rest }) => ({
      name: host.name,
      role: host.role,
      retired: host.state === 'retired',
      shared: roleOf(inventory.playbook, host.role).shared,
      answered: hasAnswered(rest.problem),
      ...rest,
    })),
    resolve: resolveAll(inventory),
    crossChecks: crossChecksOf(inventory.playbook),
    secrets: options.secrets,
  };
  const planned = await inTurns(planInTurns(input), options.signal);
  const guarded = guards ? planned : planned.map((host) => ({ ...host, guards: [] }));
  const hosts = skipOthers(guarded, chosen);
  const known = new KnownHosts(input, hosts);
  const last: Planner['last'] = (done) => planLastStage(known.input, known.plans, done);
  const view = viewCluster(inventory, snapshots);
  const warned = hosts.map((host) => withNginxWarnings(view, host));
  const whole = withPlannedLast(warned, last);
  const asked = [...askedResults(view, whole), ...everyLookResults(view, whole)];
  return {
    asked,
    plan: {
      hosts: options.warnOfAnswers === false ? whole : whole.map((host) => withWarnings(host, asked)),
      byHand: byHand(inventory, snapshots),
      warnings: hosts.filter(isOutOfReach).map(({ host }) => outOfReachWords(host)),
      notes: untriedNotes(view, toBeChanged(whole)),
    },
    planner: {
      again: (name) =>
        lookAgain(name, { inventory, guards, known, connect: options.connect, signal: options.signal }),
      // Never more than was shown.
      last: whole === warned ? () => [] : last,
      deciding: decidingChecks(inventory, whole),
      wayThrough: waysThrough(inventory, whole),
      afterwards: (results) =>
        withAnswersAfterwards(results, {
          ...{ inventory, signal: options.signal, progress: options.progress, before: asked },
          look: (host) =>
            lookAt(host, () => askingReads(inventory, host, { guards: false }), { ...options, inventory }),
          pause: (milliseconds) =>
            sleep(milliseconds, undefined, { signal: options.signal }).catch(() => undefined),
        }),
    },
  };
}

/** All that is asked of a host when it is looked at, and what it asks itself for others. */
function askingReads(inventory: Inventory, host: InventoryHost, { guards }: ReadsOptions): Reads {
  const queries = askedQueries(inventory, host);
  const own = readsOf(inventory, host, { guards, checks: 'every-look' });
  return mergeReads([own, { ...noReads, queries }]);
}

function withWarnings(plan: HostPlan, asked: readonly CheckResult[]): HostPlan {
  const wrong = asked.filter(({ host, outcome }) => host === plan.host && outcome === 'failed');
  return wrong.length === 0
    ? plan
    : { ...plan, warnings: [...plan.warnings, ...wrong.map(wrongAnswerWarning)] };
}

/** Hosts that can't be told apart are all refused, whatever was seen on them. */
function tellApart(looks: readonly Look[]): readonly Look[] {
  const refused = refuseSameMachine(looks.map(({ host, snapshot }) => ({ host: host.name, snapshot })));
  return looks.map((one) => {
    const problem = refused.get(one.host.name);
    return problem === undefined ? one : { ...one, snapshot: undefined, problem };
  });
}

interface Again {
  readonly inventory: Inventory;
  readonly guards: boolean;
  readonly known: KnownHosts;
  readonly connect: RunOptions['connect'];
  readonly signal: AbortSignal;
}

/** A host in the middle of a run, and what is left to do on it. */
async function lookAgain(
  name: string,
  { inventory, guards, known, connect, signal }: Again,
): Promise<HostPlan> {
  const host = inventory.hosts.find((one) => one.name === name);
  if (host === undefined) throw new Error(`${name} is not in the inventory`);
  const again = await lookAt(host, () => readsOf(inventory, host, { guards }), {
    inventory,
    connect,
    signal,
  });
  if (again.snapshot === undefined) {
    const unknown = { code: 'unreachable', message: 'the host could not be looked at again' };
    throw new OperatorError(again.problem ?? unknown);
  }
  return inTurns(known.planAgain(name, again.snapshot), signal);
}

/** Shows for each host what is removed from it last, provided that all hosts end as planned. */
function withPlannedLast(hosts: readonly HostPlan[], planLast: Planner['last']): readonly HostPlan[] {
  const willing = hosts.filter((plan) => !plan.skipped && plan.problem === undefined);
  const last = new Map(planLast(new Set(willing.map(({ host }) => host))).map((plan) => [plan.host, plan]));
  if (last.size === 0) return hosts;
  return hosts.map((plan) => (last.has(plan.host) ? withLast(plan, last.get(plan.host)) : plan));
}

function toBeChanged(plans: readonly HostPlan[]): ReadonlySet<string> {
  const due = plans.filter((plan) => !plan.retires && isDue(plan));
  return new Set(due.map(({ host }) => host));
}

function isOutOfReach(plan: HostPlan): boolean {
  return plan.retires === true && plan.unreachable;
}

function outOfReachWords(host: string): string {
  return `${host} is to be retired but can't be reached: what other hosts have for it stays until it is retired; if it is gone for good, remove it from the inventory and apply with --prune`;
}

/** `--prune` sets the variable of that name, for this run and all hosts. */
function pruning(inventory: Inventory, prune: true | readonly string[]): Inventory {
  const hosts = inventory.hosts.map((host) => ({ ...host, vars: { ...host.vars, prune } }));
  return { ...inventory, hosts };
}

/** The playbook's plan, from what is known about all hosts. */
export function resolveAll(inventory: Inventory): Resolve {
  return (snapshots, only) => {
    const view = viewCluster(inventory, snapshots);
    const meant = [...snapshots].filter(([name]) => only === undefined || only.has(name));
    return new Map(meant.map(([name, snapshot]) => [name, resolveOne(view, name, snapshot)] as const));
  };
}

function resolveOne(view: ClusterView, name: string, snapshot: Snapshot): Wanted | OperatorError {
  try {
    const host = view.hosts.get(name)?.host;
    // Whatever is installed there: we manage nothing on it.
    if (host?.state === 'retired' && !isManaged(snapshot)) return nothingWanted;
    return wantedOf(view, resolveHost(view, name), snapshot);
  } catch (error) {
    if (error instanceof OperatorError) return error;
    throw error;
  }
}

function wantedOf(view: ClusterView, resolved: ResolvedHost, snapshot: Snapshot): Wanted {
  const { host, recipe, steps, handlers, health, warnings, units } = resolved;
  const role = roleOf(view.inventory.playbook, host.role);
  const retired = host.state === 'retired';
  return {
    recipe,
    steps,
    // The services of a retired host need not behave like those of the cluster.
    handlers: retired ? handlers.map(withoutContents) : handlers,
    units,
    warnings: [...(retired ? [] : warnings), ...healthWarnings(health, snapshot)],
    down: downWords(health, snapshot),
    notifyOf: (id) => role.steps.find((step) => step.id === id)?.notify ?? [],
    folderOf: (id) => role.steps.find((step) => step.id === id)?.folderOf ?? [],
    // A retired host is restored at once.
    stages: retired || role.stages.length === 0 ? undefined : role.stages,
    formats: itemFormatsOf(view.inventory.playbook),
  };
}

const nothingWanted: Wanted = {
  recipe: undefined,
  steps: [],
  handlers: [],
  units: [],
  warnings: [],
  notifyOf: () => [],
};

function byHand(inventory: Inventory, snapshots: ReadonlyMap<string, Snapshot>): readonly ByHand[] {
  return inventory.external.size === 0 ? [] : byHandTexts(viewCluster(inventory, snapshots));
}
