import type { InventoryHost } from '../inventory/inventory.ts';
import type { CheckResult } from '../model/outside-check.ts';
import type { HostPlan } from '../model/plan.ts';
import type { HostResult, Status } from '../model/result.ts';
import { isManaged, type Snapshot } from '../model/snapshot.ts';
import { afterPlan } from '../plan/forward/stages.ts';
import { viewCluster } from '../playbook/resolve/contexts.ts';
import { askedResults, tellsFromHere, wrongAnswerWarning } from './asked.ts';
import { everyLookResults } from './every-look.ts';
import type { Look } from './look.ts';
import type { RunOptions } from './options.ts';

/**
 * How often an answer that is about to change is asked for, and one that is just wrong, and the milliseconds
 * in between. HAProxy takes a server for down after three checks in vain, 5 seconds apart in the playbooks of
 * this program.
 */
const mostTimes = 15;
const mostTimesWrong = 3;
const betweenTimes = 1_500;

export interface AnswersAfterwards extends Pick<RunOptions, 'inventory' | 'signal' | 'progress'> {
  /** looks at a host with all that every look asks */
  readonly look: (host: InventoryHost) => Promise<Look>;
  /** milliseconds; ends early, without an error, when the operator interrupts */
  readonly pause: (milliseconds: number) => Promise<void>;
  /** what was wrong before the run */
  readonly before: readonly CheckResult[];
}

const good: readonly Status[] = ['in-sync', 'changed', 'done', 'skipped'];

/**
 * The results of a run with a warning for each wrong answer of hosts that ask others, or are asked in every
 * look: they are looked at once more, since a balancer is set up before the nodes that it asks. Nothing is
 * told any more that was wrong before and no longer is, and nothing is asked if no host was changed.
 */
export async function withAnswersAfterwards(
  hosts: readonly HostResult[],
  options: AnswersAfterwards,
): Promise<readonly HostResult[]> {
  const asking = askingHosts(hosts, options);
  if (asking.length === 0 || hosts.every(({ status }) => status !== 'changed')) return hosts;
  const asked = await untilSettled(hosts, asking, options);
  return asked === undefined ? hosts : hosts.map((host) => withWarnings(host, asked, options.before));
}

/** Those that are as planned by now, and of whom every look asks something. */
function askingHosts(
  hosts: readonly HostResult[],
  { inventory }: AnswersAfterwards,
): readonly InventoryHost[] {
  const { roles } = inventory.playbook;
  const asks = roles
    .filter(
      ({ name, everyLook }) =>
        everyLook.some(({ wrong }) => wrong === 'fault') || roles.some(({ asked }) => asked?.by === name),
    )
    .map(({ name }) => name);
  return inventory.hosts.filter(({ name, role, state }) => {
    const result = hosts.find(({ plan }) => plan.host === name);
    return state === 'active' && asks.includes(role) && result !== undefined && isAsPlanned(result);
  });
}

function isAsPlanned({ status, plan }: HostResult): boolean {
  const snapshot = afterwards(plan).snapshot;
  return good.includes(status) && snapshot !== undefined && isManaged(snapshot);
}

/** Undefined if somebody interrupts that. */
async function untilSettled(
  hosts: readonly HostResult[],
  asking: readonly InventoryHost[],
  options: AnswersAfterwards,
): Promise<readonly CheckResult[] | undefined> {
  const { signal, progress, pause, before } = options;
  for (let times = 1; ; times += 1) {
    if (signal.aborted) return undefined;
    const results = await askOnce(hosts, asking, options);
    const open = results.filter(
      (result) =>
        (result.unsettled === true && !isAsBefore(result, before)) ||
        (result.outcome === 'failed' && times < mostTimesWrong),
    );
    if (open.length === 0 || times === mostTimes) return signal.aborted ? undefined : results;
    if (times === 1) {
      const names = [...new Set(open.map(({ host }) => host))].join(', ');
      progress({ kind: 'message', text: `the answers of ${names} are not final yet: asking again` });
    }
    await pause(betweenTimes);
  }
}

/** A server that was down before the run will hardly come up by waiting: it may have been so for days. */
function isAsBefore(result: CheckResult, before: readonly CheckResult[]): boolean {
  const same = ['host', 'id', 'outcome', 'found', 'unsettled'] as const;
  return before.some((earlier) => same.every((key) => earlier[key] === result[key]));
}

async function askOnce(
  hosts: readonly HostResult[],
  asking: readonly InventoryHost[],
  { inventory, look }: AnswersAfterwards,
): Promise<readonly CheckResult[]> {
  const looks = await Promise.all(asking.map(look));
  const seen = new Map(looks.map(({ host, snapshot }) => [host.name, snapshot] as const));
  const plans = hosts.map((host): HostPlan => {
    const { plan } = host;
    if (!good.includes(host.status)) return plan;
    const ended = afterwards(plan);
    return seen.has(plan.host) ? { ...ended, snapshot: seen.get(plan.host), skipped: false } : ended;
  });
  const snapshots = plans.flatMap(({ host, snapshot }): (readonly [string, Snapshot])[] =>
    snapshot === undefined ? [] : [[host, snapshot]],
  );
  const view = viewCluster(inventory, new Map(snapshots));
  return [...askedResults(view, plans), ...everyLookResults(view, plans)];
}

/** A host that is as planned, with nothing left to do. */
function afterwards(plan: HostPlan): HostPlan {
  return plan.skipped ? plan : { ...plan, snapshot: afterPlan(plan), stages: [], last: undefined };
}

function withWarnings(
  result: HostResult,
  asked: readonly CheckResult[],
  before: readonly CheckResult[],
): HostResult {
  const wrongIn = (results: readonly CheckResult[]) =>
    results.filter(({ host, outcome }) => host === result.plan.host && outcome === 'failed');
  const [now, earlier] = [wrongIn(asked), wrongIn(before).map(wrongAnswerWarning)];
  const others = result.warnings.filter(
    (text) => !earlier.includes(text) && !now.some((wrong) => tellsFromHere(text, wrong)),
  );
  return { ...result, warnings: [...others, ...now.map(wrongAnswerWarning)] };
}
