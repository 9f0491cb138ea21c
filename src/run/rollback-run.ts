import pLimit from 'p-limit';
import { cleanLine } from '../document/clean-text.ts';
import { probe } from '../host/probe.ts';
import { type RunOnHost, readMemory, readRunFiles, runsOfCluster } from '../host/runs.ts';
import { type Inventory, type InventoryHost, roleOf } from '../inventory/inventory.ts';
import { type Hold, holdsOf } from '../model/claims.ts';
import { mergeReads } from '../model/merge-reads.ts';
import { OperatorError, type Problem, problemsOf } from '../model/operator-error.ts';
import { emptyPlan, emptyStage, type HostPlan, type PlannedHandler, stagesOf } from '../model/plan.ts';
import { noReads, type Reads } from '../model/reads.ts';
import { isManaged, type Snapshot, unitOfPath } from '../model/snapshot.ts';
import type { RunRecord } from '../model/transaction.ts';
import { anotherCluster } from '../plan/forward/another-cluster.ts';
import { guardReports } from '../plan/forward/guard-reports.ts';
import { noSystemd } from '../plan/forward/no-systemd.ts';
import { twoClusters } from '../plan/forward/two-clusters.ts';
import { refuseLostOriginals } from '../plan/rollback/kept-originals.ts';
import { baseRun, latestRun, type RecordedRun } from '../plan/rollback/plan-rollback.ts';
import { withPresentGuards } from '../plan/rollback/present-guards.ts';
import { othersNeed, packageOf, staysWarnings, withRemoval } from '../plan/rollback/remove-packages.ts';
import { runOrder } from '../plan/rollback/run-order.ts';
import { isUndoneBackwards } from '../plan/rollback/undo-order.ts';
import { handOverQueries } from '../playbook/resolve/hand-over.ts';
import { guardsOf } from '../playbook/resolve/reads.ts';
import { itemFormatsOf } from '../steps/item-formats.ts';
import { doorsIn } from './doors.ts';
import { limitedTo, skipOthers } from './limit.ts';
import { hasAnswered, isOff } from './look.ts';
import type { RunOptions } from './options.ts';
import { asPlanned, type PlannedRun } from './planner.ts';
import { undoOnHost } from './planning/plan-hosts.ts';
import { refuseSameMachine } from './same-machine.ts';

export interface RollbackOptions extends RunOptions {
  /** the run to undo; undefined: the latest one that isn't undone yet */
  readonly run: string | undefined;
  /** restore the originals even if someone has changed the files since; default: no */
  readonly force?: boolean;
  /** remove the packages that its actions installed, after the files are restored */
  readonly removePackages: boolean;
}

/** A plan that undoes a run. */
export interface PlannedRollback extends PlannedRun {
  /** the command that the undone run was; undefined if no host could be asked */
  readonly undone: string | undefined;
  /** which run that is, of when and whose, in words from hosts; undefined as before */
  readonly undoneWords: string | undefined;
}

/**
 * Plan to undo a run on all hosts that it changed: the last role first where it takes services away, so that
 * nobody is sent to one that is gone; in the usual order where it gives them back.
 */
export async function planRollback(options: RollbackOptions): Promise<PlannedRollback> {
  const hosts = [...options.inventory.hosts].reverse();
  const chosen = limitedTo(hosts, options.limit);
  options.progress({ kind: 'looking', total: hosts.length });
  const limit = pLimit(options.parallel);
  const each = <Result>(work: (host: InventoryHost) => Promise<Result>) =>
    Promise.all(hosts.map((host) => limit(() => attempt(() => work(host)))));

  const histories = await each((host) => readHistory(host, options));
  if (histories.every((history) => history.value === undefined)) {
    const failed = histories.map((history, index) => failedPlan(hosts[index], history.problem));
    return planned(failed, undefined);
  }
  // Also of hosts that have no part in the run.
  const holds = holdsOf(
    histories.map(({ value }, index) => ({ host: hosts[index]?.name ?? '', hold: value?.hold })),
  );
  const all = histories.map((history) => history.value?.runs ?? []);
  const order = runOrder(all);
  const run = options.run ?? latestRun(recordsOf(all.flat()), order);
  refuseUnknown(run, options.run, { all: all.flat(), order });
  const stages = (index: number) =>
    recordsOf(histories[index]?.value?.runs ?? [])
      .map((record) => record.run)
      .filter((id) => baseRun(id) === run)
      .sort();
  const installed = (index: number) =>
    (histories[index]?.value?.runs ?? [])
      .filter((one) => baseRun(one.run) === run)
      .flatMap((one) => one.installed);
  const plans = await each((host) => {
    const index = hosts.indexOf(host);
    const untold = histories[index]?.problem;
    if (untold !== undefined) return Promise.resolve(failedPlan(host, untold));
    return planHost(host, { run, stages: stages(index), installed: installed(index) }, options);
  });
  const looked = plans.map((plan, index) => plan.value ?? failedPlan(hosts[index], plan.problem));
  const records = recordsOf(all.flat());
  const record = records.find((one) => baseRun(one.run) === run);
  const told = tellApart(looked, hosts);
  const isBackwards = isUndoneBackwards(run, records, doorsIn(options.inventory));
  const { plan, ...rest } = planned(
    skipOthers(isBackwards ? told : [...told].reverse(), chosen, { isBackwards }),
    record?.command,
  );
  const undoneWords = record && undoneRunWords(record);
  return { ...rest, plan: { ...plan, holds }, undoneWords };
}

/** `20261121T074501Z-4f2a9c, the apply of 2026-11-21 07:45 UTC by alice from desk` */
export function undoneRunWords({ run, command, startedAt, operator, from }: RunRecord): string {
  const when = `${startedAt.slice(0, 16).replace('T', ' ')} UTC`;
  return cleanLine(`${baseRun(run)}, the ${command} of ${when} by ${operator} from ${from}`);
}

/** None of it depends on what hosts become meanwhile. */
function planned(hosts: readonly HostPlan[], undone: string | undefined): PlannedRollback {
  return { plan: { hosts, byHand: [], warnings: [] }, planner: asPlanned, undone, undoneWords: undefined };
}

/** Nothing is planned on hosts that can't be told apart. */
function tellApart(plans: readonly HostPlan[], hosts: readonly InventoryHost[]): readonly HostPlan[] {
  const refused = refuseSameMachine(plans);
  return plans.map((plan, index) => {
    const problem = refused.get(plan.host);
    return problem === undefined ? plan : failedPlan(hosts[index], problem);
  });
}

async function readHistory(
  host: InventoryHost,
  { inventory, connect, signal }: Pick<RunOptions, 'inventory' | 'connect' | 'signal'>,
): Promise<{ readonly runs: readonly RunOnHost[]; readonly hold: Hold | undefined }> {
  const connection = await connect(host.ssh, { signal });
  try {
    const { name } = inventory.cluster;
    const memory = await readMemory(connection, host.name, name);
    const runs = runsOfCluster(memory.runs, name);
    // Whatever it was: an older run must not be undone before it.
    const [unusable] = runs.flatMap((run) => (isKept(run.state) ? (run.unusable ?? []) : []));
    if (unusable !== undefined) throw new OperatorError(unusable);
    return { runs, hold: memory.hold };
  } finally {
    connection.close().catch(() => undefined);
  }
}

/** Records of runs that changed something and kept it. */
function recordsOf(runs: readonly RunOnHost[]): readonly RunRecord[] {
  return runs.flatMap((run) => (isKept(run.state) && run.record !== undefined ? [run.record] : []));
}

/** `kept`: not confirmed from outside, but not reverted either, because people were connected. */
function isKept(state: string): boolean {
  return state === 'committed' || state === 'kept';
}

function refuseUnknown(
  run: string | undefined,
  wanted: string | undefined,
  { all, order }: { readonly all: readonly RunOnHost[]; readonly order: readonly string[] },
): asserts run is string {
  if (run !== undefined && all.some((one) => baseRun(one.run) === run)) return;
  const kept = new Set(recordsOf(all).map((record) => baseRun(record.run)));
  const known = order.filter((one) => kept.has(one));
  throw new OperatorError({
    code: wanted === undefined ? 'nothing-to-roll-back' : 'run-unknown',
    message:
      wanted === undefined
        ? 'no host remembers a run that can be undone'
        : `no reachable host remembers the run ${wanted}`,
    next:
      known.length === 0 ? 'there is nothing to do' : `the hosts remember these runs: ${known.join(', ')}`,
  });
}

/** The part of a run to undo on a host: its stages that changed something and kept it, oldest first. */
interface Undoing {
  readonly run: string;
  readonly stages: readonly string[];
  /** packages that it installed there, whatever the outcome of the rest */
  readonly installed: readonly string[];
}

async function planHost(
  host: InventoryHost,
  { run, stages, installed }: Undoing,
  options: RollbackOptions,
): Promise<HostPlan> {
  const start = performance.now();
  const connection = await options.connect(host.ssh, { signal: options.signal });
  try {
    const guards = guardsOf(options.inventory, host);
    const recorded: RecordedRun[] = [];
    for (const stage of stages) {
      const files = await readRunFiles(connection, stage, host.name);
      if (files?.record === undefined) continue;
      const one = { record: withPresentGuards(files.record, guards), originals: files.before };
      refuseLostOriginals(one, host.name);
      recorded.push(one);
    }
    const records = recorded.map(({ record }) => record);
    const queries = handOverQueries(options.inventory, host);
    const reads = mergeReads([readsOf(records), { ...noReads, queries, packages: installed.map(packageOf) }]);
    const { playbook, cluster } = options.inventory;
    const snapshot = await probe(connection, host.name, reads, {
      cluster: cluster.name,
      names: options.names,
    });
    const asking = { cluster: cluster.name, shared: roleOf(playbook, host.role).shared };
    const refused = anotherCluster(snapshot, asking);
    const formats = itemFormatsOf(playbook);
    if (refused !== undefined) return { ...emptyPlan(host), problem: refused, snapshot };
    const looked = { ...{ name: host.name, role: host.role, snapshot }, problem: undefined, durationMs: 0 };
    const { changes, handlers, ledger, ...undone } = await undoOnHost(
      options.inventory,
      { hosts: [looked], recorded, force: options.force === true },
      options,
    );
    const packages = installed.filter((name) => snapshot.packages.has(packageOf(name)));
    const needed = options.removePackages && packages.length > 0 && (snapshot.others ?? []).length > 0;
    const removing = { removePackages: options.removePackages && !needed };
    const files: HostPlan = {
      ...emptyPlan(host),
      down: failedUnit(snapshot, handlers),
      warnings: [
        ...undone.warnings,
        ...(isForgotten(options.inventory, host, snapshot) ? [nothingRemembered] : []),
        ...(needed ? othersNeed(packages, snapshot) : staysWarnings(run, records, packages, removing)),
      ],
      problem:
        undone.problem ?? twoClusters(snapshot, { ...asking, changes, formats }) ?? noSystemd(snapshot),
      snapshot,
      stages: [{ ...emptyStage, changes, handlers, units: handlers.flatMap(unitsOf), ledger, snapshot }],
      unsettled: snapshot.unsettled,
      undoes: run,
      durationMs: Math.round(performance.now() - start),
    };
    const plan = removing.removePackages ? withRemoval(files, packages, records) : files;
    return { ...plan, guards: guardReports(snapshot, stagesOf(plan)) };
  } finally {
    options.progress({ kind: 'looked', host: host.name, ok: true });
    connection.close().catch(() => undefined);
  }
}

/** A host of the cluster with nothing of ours: what a run took off there when it left, none gives back. */
function isForgotten({ playbook }: Inventory, { role, state }: InventoryHost, snapshot: Snapshot): boolean {
  return state === 'active' && roleOf(playbook, role).steps.length > 0 && !isManaged(snapshot);
}

const nothingRemembered =
  'it has nothing of the cluster, since it was never set up or has been retired, and a rollback gives nothing back there: `clusterproxy apply` sets it up';

function unitsOf({ handler }: PlannedHandler): readonly string[] {
  return handler.actions.flatMap((action) => ('unit' in action ? [action.unit] : []));
}

/** Why the services that its handlers start don't serve anyone, in a few words. */
function failedUnit({ failedUnits }: Snapshot, handlers: readonly PlannedHandler[]): string | undefined {
  const failed = handlers.flatMap(unitsOf).find((unit) => failedUnits.includes(unit));
  return failed === undefined ? undefined : `${failed} is failed`;
}

/** The paths that the run changed, their parent directories, and the questions of its handlers' guards. */
function readsOf(records: readonly RunRecord[]): Reads {
  const changed = records.flatMap(({ changes }) => changes.map(({ path }) => path));
  const paths = changed.filter((path) => unitOfPath(path) === undefined);
  const handlers = records.flatMap((one) => one.handlers);
  const units = [
    ...changed.flatMap((path) => unitOfPath(path) ?? []),
    ...handlers.flatMap(({ actions }) =>
      actions.flatMap((action) => ('unit' in action ? [action.unit] : [])),
    ),
  ];
  const parents = paths.map((path) => path.slice(0, path.lastIndexOf('/'))).filter((path) => path !== '');
  const guards = handlers.flatMap((handler) => handler.guards.map((guard) => guard.query));
  return mergeReads([{ ...noReads, paths: [...paths, ...parents], units, guards }]);
}

function failedPlan(host: InventoryHost | undefined, problem: Problem | undefined): HostPlan {
  if (host === undefined) throw new Error('a plan without a host');
  if (isOff(host, problem)) return { ...emptyPlan(host), off: true };
  return {
    ...emptyPlan(host),
    problem: problem && { ...problem, host: host.name },
    unreachable: !hasAnswered(problem),
  };
}

interface Attempt<Result> {
  readonly value: Result | undefined;
  readonly problem: Problem | undefined;
}

/** One host's failure is that host's result. */
async function attempt<Result>(work: () => Promise<Result>): Promise<Attempt<Result>> {
  try {
    return { value: await work(), problem: undefined };
  } catch (error) {
    return { value: undefined, problem: problemsOf(error)[0] };
  }
}
