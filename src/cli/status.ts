import type { Command } from 'commander';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions, limitOfLooking, pagerOption } from './options.ts';
import { addReportOptions, type ReportOptions } from './report-options.ts';
import type { Session } from './session.ts';

export function registerStatus(program: Command, { environment, finish }: Registration): void {
  const command = addReportOptions(
    addCommonOptions(
      program
        .command('status')
        .description('Shows the state of each host: in sync since when, unfinished runs, locked by whom.'),
      limitOfLooking,
    ),
  )
    .addOption(pagerOption())
    .action(async (options: CommonOptions & ReportOptions) => finish(await status(options, environment)));
  addExample(command, 'clusterproxy status --inventory prod.yaml');
}

async function status(options: CommonOptions & ReportOptions, environment: Environment): Promise<number> {
  const { openSession } = await import('./session.ts');
  return statusOver(await openSession('status', options, environment), options);
}

/** Tells in which state the hosts of a session are; returns the exit status. */
export async function statusOver(session: Session, options: CommonOptions): Promise<number> {
  const [
    { planRun },
    { readHistory },
    { resultOfPlan },
    { limitedTo },
    { exitStatusOf },
    { lastKept },
    { isAboutRecords, withRecordTrouble },
    { holdsIn },
  ] = await Promise.all([
    import('../run/plan-run.ts'),
    import('../run/history-run.ts'),
    import('../run/result-of-plan.ts'),
    import('../run/limit.ts'),
    import('../model/result.ts'),
    import('../plan/rollback/history.ts'),
    import('../run/record-trouble.ts'),
    import('../run/claims/held.ts'),
  ]);
  const runOptions = session.runOptions({ prune: false });
  // How a host stands doesn't depend on whom a run would be limited to.
  const { plan } = await planRun({ ...runOptions, limit: [] });
  const { runs, troubled } = await readHistory({ ...runOptions, progress: () => undefined });
  const all = resultOfPlan(plan, 'status');
  const chosen = limitedTo(session.inventory.hosts, options.limit);
  const hosts = all.hosts.filter((one) => chosen.has(one.plan.host));
  const result = { ...all, hosts: withRecordTrouble(hosts, troubled) };
  const last = new Map(
    result.hosts.flatMap(({ plan: { host }, problem }) => {
      // The run whose record can't be read may be the latest one.
      if (isAboutRecords(problem)) return [];
      const run = lastKept(runs, host);
      return run === undefined ? [] : [[host, run]];
    }),
  );
  const told = { byHand: plan.byHand, last, holds: holdsIn(plan) };
  session.show('status', result, told);
  return session.end(result, { ...told, exitStatus: exitStatusOf(result, { comparing: false }) });
}
