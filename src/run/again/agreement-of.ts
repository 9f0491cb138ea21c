import type { ClusterPlan, HostPlan } from '../../model/plan.ts';
import { hasWork, stagesOf } from '../../model/plan.ts';
import { type AgreedHost, type Agreement, storedText } from '../../plan/saved/agreement.ts';
import { planToSave } from '../../plan/saved/saved-plan.ts';
import { packageVersion } from '../../version.ts';
import { hasGuards } from '../busy/ask-guards.ts';
import { policyOf } from '../busy/policy.ts';
import { operatorHere } from '../operator.ts';
import type { ApplyOptions } from '../options.ts';
import { resultOfHostPlan } from '../result-of-plan.ts';

/** What is agreed on for a run of this plan that changes these hosts, as its hosts store it. */
export async function agreementOf(
  plan: ClusterPlan,
  due: readonly HostPlan[],
  run: string,
  options: ApplyOptions,
): Promise<Buffer> {
  const { identity, inventory, command, secrets } = options;
  const { operator: by, from } = operatorHere();
  const { call = run, options: agreed, resumes } = identity ?? {};
  const content: Agreement = {
    ...{ schemaVersion: 1, run, call, command, cluster: inventory.cluster.name, by, from },
    ...{ version: packageVersion(), startedAt: new Date().toISOString() },
    ...(resumes === undefined ? {} : { resumes: resumes.run }),
    drains: due.some((host) => mayBeWaitedFor(host, options) && policyOf(host.role, options) === 'drain'),
    hosts: plan.hosts.map((host) => agreedHost(host, due.includes(host))),
    ...(agreed === undefined
      ? {}
      : { options: agreed, plan: resumes?.plan ?? (await planToSave(plan, { ...inventory, secrets })) }),
  };
  return storedText(secrets.maskAll(content));
}

function agreedHost(plan: HostPlan, due: boolean): AgreedHost {
  const { status, problem } = resultOfHostPlan(plan);
  return {
    ...{ host: plan.host, role: plan.role, machineId: plan.snapshot?.machineId ?? '', status },
    ...(problem === undefined ? {} : { problem: storedProblem(problem) }),
    due,
    stages: due ? stagesOf(plan).filter(hasWork).length : 0,
  };
}

/** What other programs said may hold what nobody else should read. */
export function storedProblem({ code, message, next, step }: NonNullable<HostPlan['problem']>) {
  return {
    ...{ code, message },
    ...(next === undefined ? {} : { next }),
    ...(step === undefined ? {} : { step }),
  };
}

/** Whether it may be waited until people have left the host before it is changed. */
export function mayBeWaitedFor(
  plan: HostPlan,
  options: Pick<ApplyOptions, 'inventory' | 'whenBusy'>,
): boolean {
  const policy = policyOf(plan.role, options);
  return (policy === 'wait' || policy === 'drain') && hasGuards(plan);
}
