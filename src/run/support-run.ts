import type { Value } from '../formats/keyed-format.ts';
import type { PastRun } from '../model/history.ts';
import { type Problem, problemsOf } from '../model/operator-error.ts';
import type { CheckResult } from '../model/outside-check.ts';
import type { HostPlan } from '../model/plan.ts';
import { viewCluster } from '../playbook/resolve/contexts.ts';
import { readHistory } from './history-run.ts';
import { planRun } from './plan-run.ts';
import { type VerifyOptions, verifyRun } from './verify-run.ts';

/** What helps somebody who can't look at the hosts; all of it as it is, names and all. */
export interface Gathered {
  readonly hosts: readonly { readonly plan: HostPlan; readonly facts: Readonly<Record<string, Value>> }[];
  readonly runs: readonly PastRun[];
  readonly checks: readonly CheckResult[];
  readonly problems: readonly Problem[];
}

/**
 * Looks at all hosts, reads what they remember, and asks from here what `verify` asks. Nothing is changed.
 * What fails is among the problems, since it is what help is asked for; an interruption is one of them too.
 */
export async function gatherForSupport(options: VerifyOptions): Promise<Gathered> {
  const quiet = { ...options, progress: () => undefined };
  const problems: Problem[] = [];
  const tried = async <Result>(work: () => Promise<Result>): Promise<Result | undefined> => {
    try {
      return await work();
    } catch (error) {
      problems.push(...problemsOf(error));
      return undefined;
    }
  };
  const plans = (await tried(() => planRun(options)))?.plan.hosts ?? [];
  const history = await tried(() => readHistory(quiet));
  const verified = await tried(() => verifyRun(quiet));
  const snapshots = new Map(
    plans.flatMap(({ host, snapshot }) => (snapshot === undefined ? [] : [[host, snapshot] as const])),
  );
  const { hosts } = viewCluster(options.inventory, snapshots);
  const found = [
    ...problems,
    ...plans.flatMap(({ host, problem }) => (problem === undefined ? [] : [{ ...problem, host }])),
    ...(history?.troubled ?? []).flatMap(({ problem }) => problem ?? []),
    ...(verified?.problems ?? []),
  ];
  return {
    hosts: plans.map((plan) => ({ plan, facts: hosts.get(plan.host)?.facts ?? {} })),
    runs: history?.runs ?? [],
    checks: verified?.checks ?? [],
    problems: found.filter(
      (one, index) => found.findIndex(({ code, host }) => code === one.code && host === one.host) === index,
    ),
  };
}
