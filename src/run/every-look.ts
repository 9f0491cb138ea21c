import { OperatorError } from '../model/operator-error.ts';
import type { CheckResult, OutsideCheck, OutsideQuestion, Verdict } from '../model/outside-check.ts';
import { changesNow, type HostPlan } from '../model/plan.ts';
import { isManaged } from '../model/snapshot.ts';
import type { ClusterView } from '../playbook/resolve/contexts.ts';
import { resolveOutsideChecks } from '../playbook/resolve/outside-checks.ts';
import { isSeen, judgeSeen } from '../verify/seen.ts';

/**
 * What every look at a host answers of its checks from outside, such as what a balancer hears of its nodes.
 * Only a host that is set up is judged, and as to other hosts only by those that are as planned.
 */
export function everyLookResults(cluster: ClusterView, plans: readonly HostPlan[]): readonly CheckResult[] {
  const settled = new Set(plans.filter(isSettled).map(({ host }) => host));
  return plans.filter(isJudged).flatMap((plan) => resultsOf(cluster, plan, settled));
}

function isJudged({ skipped, problem, snapshot }: HostPlan): boolean {
  return !skipped && problem === undefined && snapshot !== undefined && isManaged(snapshot);
}

function isSettled(plan: HostPlan): boolean {
  // A host of a role without steps has no ledger, and is as planned nevertheless.
  return plan.problem === undefined && plan.snapshot !== undefined && !changesNow(plan);
}

function resultsOf(
  cluster: ClusterView,
  plan: HostPlan,
  settled: ReadonlySet<string>,
): readonly CheckResult[] {
  const view = cluster.hosts.get(plan.host);
  if (view?.host.state !== 'active' || view.problem !== undefined) return [];
  return checksOf(cluster, plan.host).flatMap((check): readonly CheckResult[] => {
    const question = aboutSettled(check.question, settled);
    if (question === undefined || !isSeen(question)) return [];
    const known = { host: plan.host, role: view.host.role, id: check.id, title: check.title };
    const verdict = judgeSeen(question, plan.snapshot);
    return [{ ...known, ...endingOf(verdict, check, changesNow(plan)) }];
  });
}

/** A mistake in the checks is told by `verify` and `playbook check`; it keeps no host from being changed. */
function checksOf(cluster: ClusterView, host: string): readonly OutsideCheck[] {
  try {
    return resolveOutsideChecks(cluster, host, 'fault').checks;
  } catch (error) {
    if (error instanceof OperatorError) return [];
    throw error;
  }
}

/** The question without hosts of which nothing can be expected yet; undefined if none is left. */
function aboutSettled(question: OutsideQuestion, settled: ReadonlySet<string>): OutsideQuestion | undefined {
  if (!('backends' in question)) return question;
  const backends = question.backends.map(({ name, servers }) => ({
    name,
    servers: servers.filter((server) => settled.has(server)),
  }));
  return backends.some(({ servers }) => servers.length > 0) ? { ...question, backends } : undefined;
}

type Ending = Pick<CheckResult, 'outcome' | 'expected' | 'found' | 'note' | 'fix' | 'unsettled'>;

function endingOf(verdict: Verdict, { fix }: OutsideCheck, differs: boolean): Ending {
  const { outcome, expected, found, note, unsettled } = verdict;
  if (outcome !== 'failed') return { outcome, expected, found, note, fix: undefined, unsettled };
  if (!differs) return { outcome, expected, found, note, fix: verdict.fix ?? fix, unsettled };
  const later = 'this host is not as planned, so neither is what it hears; apply first';
  return { outcome: 'not-asked', expected: undefined, found: later, fix: undefined };
}
