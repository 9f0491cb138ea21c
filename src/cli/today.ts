import type { Command } from 'commander';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions } from './options.ts';
import { windowOf } from './window-options.ts';

export function registerToday(program: Command, { environment, finish }: Registration): void {
  const command = addCommonOptions(
    program
      .command('today')
      .description(
        'Says on one screen whether the cluster may be changed now: who is there, what is out, windows, holds, what waits, certificates. Changes nothing.',
      ),
    'show only these hosts or roles (comma-separated); the answer counts all',
  ).action(async (options: CommonOptions) => finish(await today(options, environment)));
  addExample(command, 'clusterproxy today --inventory prod.yaml');
}

async function today(options: CommonOptions, environment: Environment): Promise<number> {
  const [
    { openSession },
    { todayRun },
    { readHistory },
    { resultOfPlan },
    { limitedTo },
    { exitStatusOf },
    { lastKept },
    { holdsIn },
  ] = await Promise.all([
    import('./session.ts'),
    import('../run/today.ts'),
    import('../run/history-run.ts'),
    import('../run/result-of-plan.ts'),
    import('../run/limit.ts'),
    import('../model/result.ts'),
    import('../plan/rollback/history.ts'),
    import('../run/claims/held.ts'),
  ]);
  const session = await openSession('today', options, environment);
  const runOptions = session.runOptions({ prune: false });
  const window = await windowOf(session.inventory, { window: [] }, environment);
  const { plan, today } = await todayRun(runOptions, window);
  const { runs } = await readHistory({ ...runOptions, progress: () => undefined });
  const all = resultOfPlan(plan, 'today');
  const chosen = limitedTo(session.inventory.hosts, options.limit);
  const result = { ...all, hosts: all.hosts.filter((one) => chosen.has(one.plan.host)) };
  const last = new Map(
    result.hosts.flatMap(({ plan: { host } }) => {
      const run = lastKept(runs, host);
      return run === undefined ? [] : [[host, run]];
    }),
  );
  const told = { last, holds: holdsIn(plan), today };
  session.show('today', result, told);
  return session.end(result, { ...told, exitStatus: exitStatusOf(result, { comparing: false }) });
}
