import { askBalancer, type CordonAnswer, releaseCordon } from '../../host/cordon.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { InBalancer } from '../../model/drain.ts';
import { type Problem, problemsOf } from '../../model/operator-error.ts';
import { type ClusterPlan, differs } from '../../model/plan.ts';
import type { HostResult, RunResult, Status } from '../../model/result.ts';
import { cordonedIn, cordonWarnings } from '../busy/cordoned.ts';
import { drainedTurns } from '../busy/drain.ts';
import { isLeft } from '../busy/leaving.ts';
import { releaseRun } from '../busy/release-run.ts';
import { askTeller, type Teller, tellersOf } from '../busy/teller.ts';
import { hostOf } from '../busy/waiting.ts';
import type { ApplyOptions } from '../options.ts';
import { newRunId } from '../run-id.ts';
import { isDueNow } from '../wave.ts';

/** A host of the run is as planned. */
const asPlanned: readonly Status[] = ['changed', 'in-sync', 'done'];

/** What comes after a host was set up, or was found as it should be: its balancer may send people there. */
export async function joined(result: RunResult, name: string, options: ApplyOptions): Promise<RunResult> {
  return withHost(result, name, async (own) => {
    if (!asPlanned.includes(own.status)) return own;
    const seen = await askAll(own, result, 'how-to-add', options);
    const mine = seen.filter(({ answer }) => isOurs(answer));
    if (mine.length === 0) return seen.reduce(withJoined, own);
    const release = await releaseRun([name], options);
    const problem = release.hosts.find((host) => host.problem !== undefined)?.problem;
    if (problem !== undefined) return { ...own, status: 'failed', problem: { ...problem, host: name } };
    const now = seen.map((one) =>
      isOurs(one.answer) ? { ...one, answer: { ...one.answer, state: 'enabled', holder: '' } } : one,
    );
    return now.reduce(withJoined, withoutCordons(own, result, options));
  });
}

/** What was seen before the run isn't so any more: people are sent there again. */
function withoutCordons(own: HostResult, { hosts }: RunResult, { inventory }: ApplyOptions): HostResult {
  const snapshots = new Map(
    hosts.flatMap(({ plan: { host, snapshot } }) => (snapshot === undefined ? [] : [[host, snapshot]])),
  );
  const over = cordonWarnings(own.plan.host, cordonedIn(inventory.cluster.name, snapshots));
  const stays = (text: string) => !over.includes(text);
  const plan = { ...own.plan, warnings: own.plan.warnings.filter(stays) };
  return { ...own, plan, warnings: own.warnings.filter(stays) };
}

/**
 * What comes after a host was taken out of the cluster. Where nothing was left to be done on it, its balancer
 * may still send people there.
 */
export async function left(result: RunResult, name: string, options: ApplyOptions): Promise<RunResult> {
  return withHost(result, name, async (own) => {
    if (!asPlanned.includes(own.status)) return own;
    // In the run itself its turn did that, if it had one.
    const hadTurn = result.run !== undefined && isDueNow(own.plan);
    const out = hadTurn ? own : await takenOut(own, result, options);
    if (!asPlanned.includes(out.status)) return out;
    const seen = await askAll(out, result, 'how-to-remove', options);
    await forgetRemoved(out, result, seen, options);
    const balancers = seen.map(({ on, answer }): InBalancer => {
      const { verdict, state, words } = answer;
      if (verdict === 'unknown') return { on, state: 'unknown' };
      const byHand = verdict === 'seen' && words !== '' ? words : undefined;
      return { on, state: state === '' ? 'not told' : state, byHand };
    });
    return { ...out, balancers };
  });
}

/** Nobody need be told any more of a host that has left, and was removed from its balancer. */
async function forgetRemoved(
  { plan }: HostResult,
  result: RunResult,
  seen: readonly Seen[],
  options: ApplyOptions,
): Promise<void> {
  const tellers = tellersOf(
    hostOf(plan, options),
    result.hosts.map((one) => one.plan),
    options,
  );
  const removed = seen.filter(({ answer }) => answer.verdict === 'unknown' && answer.holder !== '');
  for (const teller of tellers.filter(({ host }) => removed.some(({ on }) => on === host.name))) {
    await askTeller(teller, { node: plan.host, run: '' }, options, (connection, node) =>
      releaseCordon(connection, node, 0),
    );
  }
}

/** Whether a host that isn't in the inventory has left, and nothing of it is left on the others. */
export function isOut({ hosts }: ClusterPlan, { cluster }: Inventory, name: string): boolean {
  const cordons = hosts.flatMap(({ snapshot }) => snapshot?.cordons ?? []);
  return (
    cordons.some((one) => one.cluster === cluster.name && one.node === name && isLeft(one)) &&
    !hosts.some(differs)
  );
}

function takenOut(own: HostResult, result: RunResult, options: ApplyOptions): Promise<HostResult> {
  const plans = result.hosts.map(({ plan }) => plan);
  const turn = drainedTurns({ ...options, run: newRunId(), plans, longest: () => 0, holds: () => false });
  return turn(own.plan, async () => own);
}

interface Seen {
  readonly on: string;
  readonly answer: Pick<CordonAnswer, 'verdict' | 'state' | 'words' | 'holder'>;
}

async function askAll(
  { plan }: HostResult,
  result: RunResult,
  how: 'how-to-add' | 'how-to-remove',
  options: ApplyOptions,
): Promise<readonly Seen[]> {
  const plans = result.hosts.map((one) => one.plan);
  const tellers = tellersOf(hostOf(plan, options), plans, options);
  return Promise.all(tellers.map((teller) => askOne(teller, plan.host, how, options)));
}

async function askOne(
  teller: Teller,
  node: string,
  how: 'how-to-add' | 'how-to-remove',
  options: ApplyOptions,
): Promise<Seen> {
  const on = teller.host.name;
  try {
    const answer = await askTeller(teller, { node, run: '' }, options, (connection, asked) =>
      askBalancer(connection, { ...asked, ...teller.drain }, how),
    );
    return { on, answer };
  } catch (error) {
    const [problem] = problemsOf(error);
    if (problem === undefined) throw error;
    return { on, answer: { verdict: 'failed', state: '', holder: '', words: problem.message } };
  }
}

function isOurs({ verdict, state, holder }: Seen['answer']): boolean {
  return verdict === 'seen' && state !== 'enabled' && holder !== '';
}

function withJoined(own: HostResult, { on, answer }: Seen): HostResult {
  const { verdict, state, words } = answer;
  const { host } = own.plan;
  const told = (one: Omit<InBalancer, 'on'>, rest: Partial<HostResult> = {}): HostResult => ({
    ...own,
    ...rest,
    balancers: [...(own.balancers ?? []), { on, ...one }],
  });
  const failed = (problem: Problem) => ({ status: 'failed' as const, problem: { ...problem, host } });
  switch (verdict) {
    case 'seen':
      if (state === 'enabled') return told({ state });
      return told(
        { state },
        {
          warnings: [
            ...own.warnings,
            `${host} gets no new people, as somebody has taken it out on ${on} (${state}); that stays as it is`,
          ],
        },
      );
    case 'unknown':
      return told(
        { state: 'unknown', byHand: words === '' ? undefined : words },
        failed({
          code: 'not-in-balancer',
          message: `${host} is set up, but gets no people: the balancer that is told by ${on} doesn't know it`,
          next: words === '' ? `add it there, then run the command again` : `on ${on}: ${words}`,
        }),
      );
    default:
      return told(
        { state: 'not told' },
        failed({
          code: 'cordon-failed',
          message: `${host} is set up, but ${on} could not tell whether people are sent there`,
          next: `see what it said, and try it on ${on} by hand; then run the command again`,
          detail: words,
        }),
      );
  }
}

async function withHost(
  result: RunResult,
  name: string,
  change: (own: HostResult) => Promise<HostResult>,
): Promise<RunResult> {
  const hosts: HostResult[] = [];
  for (const host of result.hosts) hosts.push(host.plan.host === name ? await attempt(host, change) : host);
  return { ...result, hosts };
}

async function attempt(
  own: HostResult,
  change: (own: HostResult) => Promise<HostResult>,
): Promise<HostResult> {
  try {
    return await change(own);
  } catch (error) {
    const [problem] = problemsOf(error);
    if (problem === undefined) throw error;
    return { ...own, status: 'failed', problem: { ...problem, host: own.plan.host } };
  }
}
