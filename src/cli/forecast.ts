import { type Command, Option } from 'commander';
import type { ConffileAnswer } from '../model/forecast.ts';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions } from './options.ts';

interface ForecastOptions extends CommonOptions {
  readonly packages: string;
  readonly conffiles: ConffileAnswer;
  readonly detailedExitcode: boolean;
}

const limitOfUpgrading =
  'upgrade only these hosts or roles (comma-separated); what follows for the others is shown as well';

export function registerForecast(program: Command, { environment, finish }: Registration): void {
  const command = addCommonOptions(
    program
      .command('forecast')
      .description(
        'Shows the plan that would follow an upgrade of the product. Installs and changes nothing.',
      ),
    limitOfUpgrading,
  )
    .requiredOption('--packages <dir>', 'the folder with the .deb files of the new version')
    .addOption(
      new Option(
        '--conffiles <answer>',
        'what dpkg is told where it asks about a configuration file that was changed here and by the package',
      )
        .choices(['keep', 'replace'])
        .default('keep'),
    )
    .option('--detailed-exitcode', 'exit 2 if anything would change', false)
    .action(async (options: ForecastOptions) => finish(await forecast(options, environment)));
  addExample(
    command,
    'clusterproxy forecast --inventory prod.yaml --packages new',
    'clusterproxy forecast --inventory prod.yaml --packages new --limit node-01',
  );
}

async function forecast(options: ForecastOptions, environment: Environment): Promise<number> {
  const [{ openSession }, { packageFilesIn }, { forecastRun }, { resultOfPlan }, { exitStatusOf }] =
    await Promise.all([
      import('./session.ts'),
      import('../run/package-files.ts'),
      import('../run/forecast-run.ts'),
      import('../run/result-of-plan.ts'),
      import('../model/result.ts'),
    ]);
  const packages = await packageFilesIn(options.packages);
  const session = await openSession('forecast', options, environment);
  const { plan, forecasts } = await forecastRun({
    ...session.runOptions({ prune: false }),
    ...{ packages, conffiles: options.conffiles },
  });
  const result = resultOfPlan(plan, 'forecast');
  const told = { byHand: plan.byHand, notes: plan.notes, forecasts };
  session.show('forecast', result, told);
  session.show('plan', result, told);
  const exitStatus = exitStatusOf(result, { comparing: options.detailedExitcode });
  return session.end(result, { ...told, exitStatus });
}
