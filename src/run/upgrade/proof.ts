import type { Problem } from '../../model/operator-error.ts';
import type { HostPlan } from '../../model/plan.ts';
import type { Query } from '../../model/reads.ts';
import type { HostResult, Status } from '../../model/result.ts';
import { hostOf } from '../busy/waiting.ts';
import type { ApplyOptions } from '../options.ts';
import type { Planner } from '../planner.ts';
import { wellAgain } from '../reboot/well-again.ts';
import { upgradeIn } from './action.ts';

export interface UpgradeProofOptions
  extends Pick<ApplyOptions, 'inventory' | 'connect' | 'leave' | 'progress'> {
  readonly query: Query;
  /** hosts whose command was carried out by an earlier call */
  readonly begun: ReadonlySet<string>;
  /** told of each that is well */
  readonly upgraded: (host: string) => void;
}

/** How long services may take until they are well with their new version. Seconds. */
const patience = 300;

const good: readonly Status[] = ['changed', 'in-sync', 'done'];

/**
 * What has to hold of a host that was upgraded, before it gets people again. Whatever goes wrong from the
 * moment in which its command has begun, it stays out.
 */
export function upgradeProof(
  options: UpgradeProofOptions,
): Pick<Planner, 'proven' | 'staysOut' | 'meanwhile'> {
  const isBegun = ({ plan, acted = [] }: HostResult) => acted.length > 0 || options.begun.has(plan.host);
  return {
    meanwhile: ({ host }) => `${host} is being upgraded, or was when it was last heard of`,
    proven: async (result) => {
      if (!isBegun(result)) return result;
      if (!good.includes(result.status)) return unfinished(result);
      const { failedUnits = [] } = result.plan.snapshot ?? {};
      const again = await wellAgain({
        ...{ ...options, timeout: patience, host: hostOf(result.plan, options) },
        // Its units may have other names by now.
        before: { snapshot: { units: new Map(), failedUnits }, facts: undefined, down: undefined },
      });
      switch (again.kind) {
        case 'left':
          return { ...result, status: 'unknown', problem: notSeen(result.plan) };
        case 'late':
          return failed(result, notWell(again.missing));
        case 'well':
          options.upgraded(result.plan.host);
          return result;
      }
    },
    staysOut: (result) =>
      isBegun(result) && !good.includes(result.status) ? result.problem?.message : undefined,
  };
}

/** Its command has begun, and not everything came after it: no other host is begun. */
function unfinished(result: HostResult): HostResult {
  const { plan, status, problem, acted = [] } = result;
  const name = upgradeIn(plan);
  if (status === 'unknown' || status === 'stuck' || status === 'conflict') return result;
  if (name !== undefined && acted.includes(name) && isOfCommand(result)) {
    return failed(result, {
      code: 'upgrade-failed',
      message: `its upgrade failed: ${problem?.message.replace('; no file was changed', '') ?? 'nobody knows why'}; no other host was begun`,
      next: 'put the host right; the whole output is on the host, as output-1 in the folder of the run below /var/lib/clusterproxy/runs; the command is not run there again unless you add --again',
      detail: problem?.detail,
    });
  }
  return failed(result, {
    code: 'upgrade-unfinished',
    message: `it was upgraded, but is not as its new version needs it: ${problem?.message ?? status}; no other host was begun`,
    next: 'put that right, then run the command again: it goes on from there, and does not upgrade the host once more',
    detail: problem?.detail,
  });
}

/** Of the transaction that upgrades alone: the command failed, or was broken off. */
function isOfCommand({ problem, plan }: HostResult): boolean {
  return ['action-failed', 'interrupted'].includes(problem?.code ?? '') && plan.stages[0]?.number === 0;
}

function failed(result: HostResult, problem: Problem): HostResult {
  return { ...result, status: 'failed', problem: { ...problem, host: result.plan.host } };
}

function notWell(missing: readonly string[]): Problem {
  return {
    code: 'upgrade-unfinished',
    message: `it was upgraded, but is not well: ${missing.join(', ')}; no other host was begun`,
    next: 'put that right, then run the command again: it goes on from there, and does not upgrade the host once more',
  };
}

function notSeen({ host }: HostPlan): Problem {
  return {
    code: 'interrupted',
    message: 'it was upgraded, and the command was interrupted before it was known whether it is well',
    next: 'run the command again: it goes on from there',
    host,
  };
}
