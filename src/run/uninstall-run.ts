import pLimit from 'p-limit';
import type { Problem } from '../model/operator-error.ts';
import { problemsOf } from '../model/operator-error.ts';
import { emptyPlan, type HostPlan, isDue } from '../model/plan.ts';
import { noReads } from '../model/reads.ts';
import type { HostResult, RunResult } from '../model/result.ts';
import { type Snapshot, type UnsettledRun, unitOfPath } from '../model/snapshot.ts';
import { foreignState } from '../plan/forward/not-roots.ts';
import { forgetOver } from './forget-retired.ts';
import { limitedTo } from './limit.ts';
import { hasAnswered, type Look, look } from './look.ts';
import type { ApplyOptions, RunOptions } from './options.ts';
import { asPlanned, type PlannedRun } from './planner.ts';
import { resultOfHostPlan } from './result-of-plan.ts';
import { refuseSameMachine } from './same-machine.ts';

/**
 * Plans to remove what clusterproxy stores on hosts, and nothing else: whatever it manages there stays as it
 * is. A host on which a run is in progress or unfinished is refused.
 */
export async function planUninstall(options: RunOptions): Promise<PlannedRun> {
  const looks = await look(options, () => noReads);
  const chosen = limitedTo(options.inventory.hosts, options.limit);
  const alike = refuseSameMachine(looks.map(({ host, snapshot }) => ({ host: host.name, snapshot })));
  const hosts = looks.map((one) => planHost(one, chosen.has(one.host.name), alike.get(one.host.name)));
  const forgetting = hosts.filter((host) => isDue(host) && (host.snapshot?.ledger?.items ?? []).length > 0);
  const notes = forgetting.length === 0 ? [] : [restoreNote(forgetting, options.inventory)];
  return { plan: { hosts, byHand: [], warnings: [], notes }, planner: asPlanned };
}

/** What to do instead where files are to be as they were, and in which order. */
function restoreNote(hosts: readonly HostPlan[], { playbook }: RunOptions['inventory']): string {
  const behind = playbook.roles.at(-1)?.name;
  const names = hosts.map(({ host }) => host);
  return hosts.every(({ role }) => role === behind)
    ? `to give ${names.length === 1 ? names[0] : 'a host'} back as it was, run clusterproxy retire ${names.length === 1 ? names[0] : 'HOST'} first`
    : 'to give the hosts back as they were, first write "state: retired" on all of them and run clusterproxy apply: those through which others are reached then go last (clusterproxy docs take-off)';
}

function planHost(
  { host, snapshot, problem, durationMs, off }: Look,
  isChosen: boolean,
  alike?: Problem,
): HostPlan {
  const plan = { ...emptyPlan(host), skipped: !isChosen, durationMs };
  if (off) return { ...plan, off };
  if (snapshot === undefined) return { ...plan, problem, unreachable: !hasAnswered(problem) };
  const refused = alike ?? foreignState(snapshot) ?? inTheWay(snapshot);
  const remembers = snapshot.ledger !== undefined || snapshot.remembers === true;
  if (refused !== undefined || !remembers) return { ...plan, snapshot, problem: refused };
  // Nothing is lost on a host that --limit leaves out.
  return { ...plan, snapshot, leftovers: true, warnings: isChosen ? losses(snapshot) : [] };
}

/** States of runs with which nothing is left to be done on the host. */
const over: readonly string[] = ['kept', 'conflict'];

/** Why what a host remembers is still needed. */
function inTheWay({ host, unsettled }: Snapshot): Problem | undefined {
  const alive = unsettled.find((run) => run.alive === true);
  if (alive !== undefined) {
    return {
      code: 'locked',
      message: `a run is in progress on this host${whose(alive)}; nothing was removed`,
      next: 'wait until it has ended, then run the command again; clusterproxy status shows it',
      host,
    };
  }
  const open = unsettled.find(({ state }) => !over.includes(state));
  if (open === undefined) return undefined;
  return {
    code: 'unsettled-run',
    message: `the run ${open.run} is not finished on this host (its state is ${open.state}), and needs what is stored there to finish or to restore the files; nothing was removed`,
    next: `let it finish first: run \`clusterproxy apply\`, or on the host: sh /var/lib/clusterproxy/settle ${open.run}`,
    host,
  };
}

function whose({ who, run }: UnsettledRun): string {
  return who === undefined || who === '' ? `: ${run}` : `: ${who}`;
}

/** What nobody will know any more, and what follows from that. */
function losses({ ledger, owed = [], others = [], unsettled, queued = [] }: Snapshot): readonly string[] {
  const items = ledger?.items ?? [];
  const paths = [...new Set(items.map(({ path }) => unitOfPath(path) ?? path))].sort();
  return [
    ...(paths.length === 0
      ? []
      : [
          `what clusterproxy set here stays as it is now (${someOf(paths)}), but what was there before is forgotten: neither retire nor rollback can restore it any more`,
        ]),
    ...(owed.length === 0
      ? []
      : [`services still run with older files, and that is forgotten; still to run: ${owed.join(', ')}`]),
    ...unsettled
      .filter(({ state }) => over.includes(state))
      .map(({ run, state }) =>
        state === 'conflict'
          ? `the run ${run} ended in conflict: the originals of files that it left alone, in /var/lib/clusterproxy/runs/${run}/before, are removed as well`
          : `the run ${run} was never confirmed: its files stay, and what they replaced is removed`,
      ),
    ...queued.map(
      ({ run }) => `the run ${run}, which waits here until nobody is there, is withdrawn and never begins`,
    ),
    ...others.map(
      ({ cluster }) => `the cluster ${cluster} is on this host as well: what is stored for it stays`,
    ),
  ];
}

/** More of them are in the ledger, for whoever wants to read it before. */
const mostNamed = 5;

function someOf(paths: readonly string[]): string {
  const more = paths.length - mostNamed;
  return [...paths.slice(0, mostNamed), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

/** Removes what is stored on all hosts of the plan, independently of each other. */
export async function uninstallRun({ plan }: PlannedRun, options: ApplyOptions): Promise<RunResult> {
  const limit = pLimit(options.parallel);
  const hosts = await Promise.all(
    plan.hosts.map((host) =>
      isDue(host) ? limit(() => uninstall(host, options)) : Promise.resolve(resultOfHostPlan(host)),
    ),
  );
  const { command, signal } = options;
  return { command, run: undefined, hosts, warnings: plan.warnings, interrupted: signal.aborted };
}

async function uninstall(plan: HostPlan, options: ApplyOptions): Promise<HostResult> {
  const start = performance.now();
  const result = (rest: Pick<HostResult, 'status'> & { readonly problem?: Problem }): HostResult => ({
    ...{ plan, problem: undefined, ran: [], warnings: plan.warnings },
    durationMs: Math.round(performance.now() - start),
    ...rest,
  });
  if (options.signal.aborted) return result({ status: 'not-started', problem: notStarted(plan.host) });
  const host = options.inventory.hosts.find((one) => one.name === plan.host);
  if (host === undefined) throw new Error(`${plan.host} is in the plan but not in the inventory`);
  let connected = false;
  try {
    options.progress({ kind: 'host', host: plan.host, phase: 'connecting' });
    const connection = await options.connect(host.ssh, { signal: options.leave });
    connected = true;
    await forgetOver(connection, plan, options, 'leave');
    options.progress({ kind: 'host', host: plan.host, phase: 'done' });
    return result({ status: 'changed' });
  } catch (error) {
    const [problem] = problemsOf(error);
    return result({
      status: connected ? 'failed' : 'unreachable',
      ...(problem === undefined ? {} : { problem: { ...problem, host: plan.host } }),
    });
  }
}

function notStarted(host: string): Problem {
  return {
    code: 'interrupted',
    message: 'interrupted before anything was removed from this host',
    next: 'run the command again',
    host,
  };
}
