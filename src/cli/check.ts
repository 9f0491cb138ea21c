import type { Command } from 'commander';
import type { Environment, Registration } from './environment.ts';
import { type MetricsOptions, metricsOption, withMetrics } from './metrics.ts';
import {
  addCommonOptions,
  addExample,
  type CommonOptions,
  limitOfComparing,
  pagerOption,
  summaryOption,
} from './options.ts';
import { addReportOptions, type ReportOptions } from './report-options.ts';
import type { Session } from './session.ts';

type CheckOptions = CommonOptions & MetricsOptions & ReportOptions & { readonly summary: boolean };

export function registerCheck(program: Command, { environment, finish }: Registration): void {
  const command = addReportOptions(
    addCommonOptions(
      program
        .command('check')
        .description(
          'Reports, for scripts, which hosts are not as they should be: exit 2 if any host differs, 4 if one answers browsers or its balancer wrongly.',
        ),
      limitOfComparing,
    ),
  )
    .addOption(summaryOption())
    .addOption(metricsOption())
    .addOption(pagerOption())
    .action(async (options: CheckOptions) => finish(await check(options, environment)));
  addExample(command, 'clusterproxy check --inventory prod.yaml --quiet || echo "look at it"');
}

async function check(options: CheckOptions, environment: Environment): Promise<number> {
  return withMetrics(options, environment, async (metrics) => {
    const { openSession } = await import('./session.ts');
    const session = await openSession('check', options, environment);
    await metrics?.follow(session);
    return checkOver(session);
  });
}

/** Looks at the hosts of a session and tells how they differ; returns the exit status. */
export async function checkOver(session: Session): Promise<number> {
  const [
    { planRun },
    { withWrongAnswers },
    { resultOfPlan },
    { exitStatusOf },
    { holdsIn },
    { askingRenewals },
    { askingBeside, withRenewalNotes },
  ] = await Promise.all([
    import('../run/plan-run.ts'),
    import('../run/asked.ts'),
    import('../run/result-of-plan.ts'),
    import('../model/result.ts'),
    import('../run/claims/held.ts'),
    import('../run/with-renewers.ts'),
    import('../run/renewal-notes.ts'),
  ]);
  session.hooks?.looks();
  // Who is connected matters only to those who are about to change something.
  const options = session.runOptions({ prune: false });
  const { inventory } = options;
  const asking = await askingRenewals();
  const { plan: planned, asked = [] } = await planRun({
    ...options,
    ...{ guards: false, warnOfAnswers: false },
    beside: askingBeside(options, asking),
  });
  const plan = withRenewalNotes(planned, { inventory, asking, now: session.environment.clock.now() });
  const result = withWrongAnswers(resultOfPlan(plan, 'check'), asked);
  const told = {
    byHand: plan.byHand,
    holds: holdsIn(plan),
    ...(asked.length === 0 ? {} : { checks: asked }),
    exitStatus: exitStatusOf(result, { comparing: true, asked }),
  };
  session.show('plan', result, told);
  return session.end(result, told);
}
