import type { Command } from 'commander';
import type { Environment, Registration } from './environment.ts';
import {
  addCommonOptions,
  addExample,
  type CommonOptions,
  limitOfLooking,
  pagerOption,
  positive,
} from './options.ts';
import { addReportOptions, type ReportOptions } from './report-options.ts';

interface HistoryOptions extends CommonOptions, ReportOptions {
  readonly run?: string;
  readonly last: number;
}

const usualLength = 10;

export function registerHistory(program: Command, { environment, finish }: Registration): void {
  const command = addReportOptions(
    addCommonOptions(
      program
        .command('history')
        .description('Shows what was done, by whom and when, as the hosts themselves remember it.'),
      limitOfLooking,
    ),
  )
    .option('--run <id>', 'only this run, with everything that it changed')
    .option('--last <n>', 'how many runs to show', positive, usualLength)
    .addOption(pagerOption())
    .action(async (options: HistoryOptions) => finish(await history(options, environment)));
  addExample(
    command,
    'clusterproxy history --inventory prod.yaml',
    'clusterproxy history --inventory prod.yaml --run 20261121T074501Z-4f2a9c',
  );
}

async function history(options: HistoryOptions, environment: Environment): Promise<number> {
  const [{ openSession }, { readHistory }, { exitStatusOf }, { runOf }] = await Promise.all([
    import('./session.ts'),
    import('../run/history-run.ts'),
    import('../model/result.ts'),
    import('../run/find-run.ts'),
  ]);
  const session = await openSession(
    'history',
    { ...options, verbose: options.verbose || options.run !== undefined },
    environment,
    'connections',
  );
  const { runs, troubled, beside } = await readHistory(session.runOptions({ prune: false }));
  const shown = options.run === undefined ? runs.slice(0, options.last) : [runOf(runs, options.run)];
  const told = { runs: shown, beside };
  const result = {
    command: 'history',
    run: undefined,
    hosts: troubled,
    warnings: [],
    interrupted: environment.signal.aborted,
  };
  session.show('history', result, told);
  const errors = troubled.flatMap(({ problem }) => problem ?? []);
  return session.end(result, {
    ...{ ...told, errors },
    exitStatus: exitStatusOf(result, { comparing: false }),
  });
}
