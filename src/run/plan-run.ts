import { setTimeout as sleep } from 'node:timers/promises';
import { type Inventory, type InventoryHost, roleOf } from '../inventory/inventory.ts';
import { mergeReads } from '../model/merge-reads.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { CheckResult } from '../model/outside-check.ts';
import { type ByHand, type HostPlan, isDue, withLast } from '../model/plan.ts';
import { noReads, type Reads } from '../model/reads.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { LookedAt } from '../plan/forward/plan-cluster.ts';
import { beforeLastStage, KnownHosts, lastStages } from '../plan/forward/stages.ts';
import { askedQueries } from '../playbook/resolve/asked.ts';
import { viewCluster } from '../playbook/resolve/contexts.ts';
import { type ReadsOptions, readsOf } from '../playbook/resolve/reads.ts';
import { untriedNotes } from '../playbook/resolve/untried.ts';
import { withAnswersAfterwards } from './answers-afterwards.ts';
import { asideIn, asideWarnings, setAside, type TakingOut } from './aside.ts';
import { askedResults, wrongAnswerWarning } from './asked.ts';
import { sendingOnWarnings } from './busy/behind-doors.ts';
import { cordonedIn, withCordons } from './busy/cordoned.ts';
import { handOverNotes } from './busy/hands-over.ts';
import { byHandTexts } from './by-hand.ts';
import { decidingChecks, waysThrough } from './deciding-checks.ts';
import { withoutDoorWarnings } from './doors-last.ts';
import { everyLookResults } from './every-look.ts';
import { keptElsewhereWarnings } from './kept-elsewhere.ts';
import { limitedTo, skipOthers } from './limit.ts';
import { asAnswered, hasAnswered, type Look, look, lookAt, snapshotsOf } from './look.ts';
import { withLookWarnings } from './look-warnings.ts';
import type { RunOptions } from './options.ts';
import { asPlanned, type PlannedRun, type Planner } from './planner.ts';
import { type PlanHosts, planHostsOf } from './planning/plan-hosts.ts';
import { isRelayedTo } from './retire.ts';
import { refuseSameMachine } from './same-machine.ts';

export interface PlanOptions extends RunOptions, Partial<ReadsOptions> {
  /** whether wrong answers are warnings of the plan, rather than told otherwise; default: yes */
  readonly warnOfAnswers?: boolean;
  /** what hosts become before anything is planned for them, such as by an upgrade; default: they stay */
  readonly becoming?: (looks: readonly Look[]) => Promise<readonly Look[]>;
  /** a host is taken out, and others that aren't in the cluster either get nothing; undefined: none is */
  readonly takingOut?: TakingOut | undefined;
  /** what else is asked of a host in the same look, which plans don't depend on */
  readonly beside?: (host: InventoryHost) => Reads;
}

/** Look at all hosts and plan their changes. Nothing is changed anywhere. */
export async function planRun(options: PlanOptions): Promise<PlannedRun> {
  const { prune } = options;
  const declared = prune === false ? options.inventory : pruning(options.inventory, prune);
  const { guards = true } = options;
  const chosen = limitedTo(declared.hosts, options.limit);
  const looked = tellApart(
    await look({ ...options, inventory: declared }, (host) =>
      mergeReads([askingReads(declared, host, { guards }), options.beside?.(host) ?? noReads]),
    ),
  );
  const answered = asAnswered(declared, looked);
  const inventory =
    options.takingOut === undefined ? answered : setAside(answered, looked, options.takingOut);
  const aside = asideIn(inventory);
  const looks = options.becoming === undefined ? looked : await options.becoming(looked);
  const snapshots = snapshotsOf(looks);
  const planHosts = planHostsOf(inventory, options);
  const seen = looks.map(({ host, ...rest }): LookedAt => {
    const { name, role, state } = host;
    const { shared } = roleOf(inventory.playbook, role);
    return { name, role, retired: state === 'retired', shared, answered: hasAnswered(rest.problem), ...rest };
  });
  const planned = await planHosts(seen);
  const guarded = guards ? planned : planned.map((host) => ({ ...host, guards: [] }));
  const hosts = skipOthers(guarded, new Set([...chosen].filter((name) => !aside.includes(name))));
  const known = new KnownHosts(seen, hosts);
  const last: Planner['last'] = async (done) => {
    const progress = { first: known.plans, done };
    const before = beforeLastStage(known.hosts, progress);
    return before === undefined ? [] : lastStages(await planHosts(before), progress);
  };
  const view = viewCluster(inventory, snapshots);
  const out = cordonedIn(inventory.cluster.name, snapshots);
  const warned = hosts.map((host) => withCordons(withLookWarnings(view, host), out));
  const plans = await withPlannedLast(warned, last);
  const asked = [...askedResults(view, plans), ...everyLookResults(view, plans)];
  return {
    asked,
    ...(aside.length === 0 ? {} : { aside }),
    plan: {
      hosts: options.warnOfAnswers === false ? plans : plans.map((host) => withWarnings(host, asked)),
      byHand: byHand(inventory, snapshots),
      warnings: [
        ...asideWarnings(inventory),
        ...hosts.filter(isOutOfReach).map(({ host }) => outOfReachWords(host, options.inventory)),
        ...keptElsewhereWarnings(inventory, plans),
        ...withoutDoorWarnings(inventory, plans),
        ...sendingOnWarnings(inventory, plans),
      ],
      notes: [...untriedNotes(view, toBeChanged(plans)), ...handOverNotes(inventory, plans)],
    },
    planner: {
      again: (name) => lookAgain(name, { ...options, inventory, guards, known, planHosts }),
      // Never more than was shown.
      last: plans === warned ? asPlanned.last : last,
      deciding: decidingChecks(inventory, plans),
      wayThrough: waysThrough(inventory, plans),
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

interface Again extends Pick<RunOptions, 'inventory' | 'connect' | 'signal' | 'names'> {
  readonly guards: boolean;
  readonly known: KnownHosts;
  readonly planHosts: PlanHosts;
}

/** A host in the middle of a run, and what is left to do on it. */
async function lookAgain(
  name: string,
  { inventory, guards, known, planHosts, ...reaching }: Again,
): Promise<HostPlan> {
  const host = inventory.hosts.find((one) => one.name === name);
  if (host === undefined) throw new Error(`${name} is not in the inventory`);
  const again = await lookAt(host, () => readsOf(inventory, host, { guards }), { inventory, ...reaching });
  if (again.snapshot === undefined) {
    const unknown = { code: 'unreachable', message: 'the host could not be looked at again' };
    throw new OperatorError(again.problem ?? unknown);
  }
  known.see(name, again.snapshot);
  const [plan] = await planHosts(known.hosts, new Set([name]));
  if (plan === undefined) throw new Error(`${name} isn't among the hosts`);
  known.plan(plan);
  return plan;
}

/** Shows for each host what is removed from it last, provided that all hosts end as planned. */
async function withPlannedLast(
  hosts: readonly HostPlan[],
  planLast: Planner['last'],
): Promise<readonly HostPlan[]> {
  const willing = hosts.filter((plan) => !plan.skipped && plan.problem === undefined);
  const planned = await planLast(new Set(willing.map(({ host }) => host)));
  const last = new Map(planned.map((plan) => [plan.host, plan]));
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

function outOfReachWords(host: string, inventory: Inventory): string {
  const isRelayed = isRelayedTo(inventory, host);
  const stays = isRelayed ? ': what other hosts have for it stays until it is retired' : '';
  const prune = isRelayed ? ' and apply with --prune' : '';
  return `${host} is to be retired but can't be reached${stays}; if it is gone for good, remove it from the inventory${prune}`;
}

/** `--prune` sets the variable of that name, for this run and all hosts. */
function pruning(inventory: Inventory, prune: true | readonly string[]): Inventory {
  const hosts = inventory.hosts.map((host) => ({ ...host, vars: { ...host.vars, prune } }));
  return { ...inventory, hosts };
}

function byHand(inventory: Inventory, snapshots: ReadonlyMap<string, Snapshot>): readonly ByHand[] {
  return inventory.external.size === 0 ? [] : byHandTexts(viewCluster(inventory, snapshots));
}
