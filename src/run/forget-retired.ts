import { forget } from '../host/forget.ts';
import { problemsOf } from '../model/operator-error.ts';
import type { HostPlan } from '../model/plan.ts';
import type { HostResult, Status } from '../model/result.ts';
import type { Connection } from '../ssh/contract.ts';
import type { ApplyOptions } from './options.ts';

const good: readonly Status[] = ['in-sync', 'changed', 'done', 'skipped'];

/**
 * Remove the records on retired hosts, including those of runs, so that nothing of ours is left there. Only
 * after everything on the other hosts was removed, since a run can be undone as long as its record exists.
 */
export async function forgetRetired(
  hosts: readonly HostResult[],
  run: string,
  options: ApplyOptions,
): Promise<readonly HostResult[]> {
  const othersAreDone = hosts.every(
    ({ plan, status }) => good.includes(status) || plan.retires || plan.last === undefined,
  );
  if (!othersAreDone || options.leave.aborted) return hosts;
  return Promise.all(hosts.map((host) => (isGivenBack(host) ? forgetHost(host, run, options) : host)));
}

function isGivenBack({ plan, status }: HostResult): boolean {
  return plan.leftovers === true && !plan.skipped && (status === 'changed' || status === 'in-sync');
}

async function forgetHost(result: HostResult, run: string, options: ApplyOptions): Promise<HostResult> {
  const { plan } = result;
  const host = options.inventory.hosts.find((one) => one.name === plan.host);
  if (host === undefined) throw new Error(`${plan.host} is in the plan but not in the inventory`);
  try {
    await forgetOver(await options.connect(host.ssh, {}), plan, { ...options, run }, 'refuse');
    return { ...result, status: 'changed' };
  } catch (error) {
    const [problem] = problemsOf(error);
    return { ...result, status: 'failed', problem: problem && { ...problem, host: plan.host } };
  }
}

/** Removes what is stored on a host of the plan, and closes the connection to it. */
export async function forgetOver(
  connection: Connection,
  { snapshot }: HostPlan,
  { inventory, run }: Pick<ApplyOptions, 'inventory'> & { readonly run?: string },
  managed: 'refuse' | 'leave',
): Promise<void> {
  try {
    const machineId = snapshot?.machineId ?? '';
    await forget(connection, { machineId, cluster: inventory.cluster.name, managed, run });
  } finally {
    connection.close().catch(() => undefined);
  }
}
