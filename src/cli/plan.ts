import type { Command } from 'commander';
import type { Confirmer } from '../model/deciding-check.ts';
import type { MaxUnavailable } from '../model/rollout.ts';
import type { BusyPolicy } from '../model/when-busy.ts';
import type { SavedPlan } from '../plan/saved/saved-plan.ts';
import type { OnFailure } from '../run/options.ts';
import {
  confirmOption,
  maxUnavailableOption,
  onFailureOption,
  waveOption,
  whenBusyOption,
} from './change-options.ts';
import type { Environment, Registration } from './environment.ts';
import {
  addCommonOptions,
  addExample,
  type CommonOptions,
  limitOfComparing,
  namesOption,
  pagerOption,
  summaryOption,
} from './options.ts';
import { judge, policiesOf, policyOption } from './policies.ts';
import { addQueueOptions, expectQueueing, policyWith, type QueueOptions, queueOf } from './queue-options.ts';
import { addReportOptions, type ReportOptions } from './report-options.ts';
import type { Session } from './session.ts';
import { addWindowOptions, type WindowOptions, windowOf } from './window-options.ts';

export interface PlanOptions extends CommonOptions, WindowOptions, QueueOptions, ReportOptions {
  readonly policy: readonly string[];
  readonly out?: string;
  readonly summary: boolean;
  readonly detailedExitcode: boolean;
  readonly prune: boolean;
  readonly maxUnavailable?: MaxUnavailable;
  readonly wave?: number;
  readonly onFailure: OnFailure;
  readonly whenBusy?: BusyPolicy;
  readonly confirm: Confirmer;
}

export function registerPlan(program: Command, { environment, finish }: Registration): void {
  const command = addCommonOptions(
    program.command('plan').description('Shows what would change on each host, and why. Changes nothing.'),
    limitOfComparing,
  );
  addPlanOptions(addReportOptions(command), 'apply')
    .option('--out <file>', 'save the plan, for apply --plan')
    .action(async (options: PlanOptions) => finish(await plan(options, environment)));
  addExample(
    command,
    'clusterproxy plan --inventory prod.yaml',
    'clusterproxy plan --inventory prod.yaml --limit node-01,proxy --out plan.json',
  );
}

/** Those of a plan, of one cluster or of many; `apply`: the command that would carry it out. */
export function addPlanOptions(command: Command, apply: 'apply' | 'fleet apply'): Command {
  return addQueueOptions(addWindowOptions(command))
    .option('--prune', 'also plan to remove what belongs to nodes that are no longer in the inventory', false)
    .addOption(summaryOption())
    .addOption(namesOption())
    .addOption(maxUnavailableOption())
    .addOption(waveOption())
    .addOption(onFailureOption())
    .addOption(whenBusyOption({ later: true }))
    .addOption(
      confirmOption(`with outside or browser, show which checks from outside would decide, as for ${apply}`),
    )
    .addOption(policyOption())
    .option('--detailed-exitcode', 'exit 2 if anything would change', false)
    .addOption(pagerOption());
}

async function plan(given: PlanOptions, environment: Environment): Promise<number> {
  const options = policyWith(given);
  const { openSession } = await import('./session.ts');
  const session = await openSession('plan', options, environment);
  return planOver(session, options, environment);
}

/**
 * Plans the hosts of a session and tells what would change; returns the exit status. `keep` gets what
 * `--out` would save, where the plan can be carried out.
 */
export async function planOver(
  session: Session,
  options: PlanOptions,
  environment: Environment,
  keep?: (plan: SavedPlan) => void,
): Promise<number> {
  const [
    { planRun },
    { resultOfPlan, withDeciding },
    { exitStatus, exitStatusOf },
    { rolloutOf },
    { holdsIn },
    { usualApply },
    { withWindows },
    { drainRefusal },
    { pollsNotes },
    { waveRefusal },
    { withQueues },
    { isDue },
  ] = await Promise.all([
    import('../run/plan-run.ts'),
    import('../run/result-of-plan.ts'),
    import('../model/result.ts'),
    import('../run/rollout.ts'),
    import('../run/claims/held.ts'),
    import('../run/options.ts'),
    import('../run/windows/report.ts'),
    import('../run/busy/drain-refusal.ts'),
    import('../run/busy/polls-refusal.ts'),
    import('../run/wave-refusal.ts'),
    import('../run/queue/report.ts'),
    import('../model/plan.ts'),
  ]);
  if (options.detailedExitcode) session.hooks?.looks();
  expectQueueing(options, session.inventory);
  const runOptions = session.runOptions({ prune: options.prune });
  const { plan: planned, planner } = await planRun(runOptions);
  const result = withDeciding(resultOfPlan(planned, 'plan'), planner.deciding, options.confirm);
  const { confirm, maxUnavailable, whenBusy, wave: waveSize, onFailure } = options;
  const { confirmTimeout } = usualApply;
  const window = await windowOf(session.inventory, options, environment);
  const queue = queueOf(options, session.inventory, environment);
  const going = {
    ...runOptions,
    maxUnavailable,
    waveSize,
    onFailure,
    whenBusy,
    confirm,
    confirmTimeout,
    window,
    queue,
  };
  const rollout = withQueues(
    withWindows(rolloutOf(planned.hosts, going), planned.hosts, going),
    planned.hosts,
    going,
  );
  const notes = [...(planned.notes ?? []), ...pollsNotes(planned.hosts, going)];
  const shown = { byHand: planned.byHand, notes, rollout, holds: holdsIn(planned) };
  session.show('plan', result, shown);
  // As apply would refuse it.
  const refusal = drainRefusal(planned.hosts, going) ?? waveRefusal(planned.hosts, going);
  if (refusal !== undefined) {
    return session.end(result, { ...shown, errors: [refusal], exitStatus: exitStatus.nothingTouched });
  }
  const policies = planned.hosts.some(isDue) ? policiesOf(session.inventory, options.policy) : [];
  const { verdicts, refused } = await judge(session, { result, told: shown, policies });
  const told = { ...shown, ...(verdicts.length === 0 ? {} : { policies: verdicts }) };
  // A policy that was interrupted has agreed to nothing.
  if (environment.signal.aborted) {
    return session.end({ ...result, interrupted: true }, { ...told, exitStatus: exitStatus.interrupted });
  }
  if (refused.length > 0) {
    return session.end(result, { ...told, errors: refused, exitStatus: exitStatus.nothingTouched });
  }
  if (options.out !== undefined && !result.interrupted) {
    const { commandToApply, writePlan } = await import('./plan-file.ts');
    await writePlan(options.out, planned, { ...session.inventory, secrets: environment.secrets });
    environment.output.links.file(options.out);
    session.message(`plan saved; to carry out exactly this: ${commandToApply(options.out, options)}`);
  }
  if (keep !== undefined && !result.interrupted) {
    const { planToSave } = await import('../plan/saved/saved-plan.ts');
    keep(await planToSave(planned, { ...session.inventory, secrets: environment.secrets }));
  }
  const status = exitStatusOf(result, { comparing: options.detailedExitcode });
  return session.end(result, { ...told, exitStatus: status });
}
