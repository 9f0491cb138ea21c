import { type Command, Option } from 'commander';
import type { ConffileAnswer } from '../model/forecast.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions, pagerOption } from './options.ts';

interface ForecastOptions extends CommonOptions {
  readonly packages?: string;
  readonly to?: string;
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
    .option('--packages <dir>', 'the folder with the .deb files of the new version')
    .option(
      '--to <version>',
      "a version of the product's packages, or its beginning, which each host fetches from the repositories that it knows",
    )
    .addOption(
      new Option(
        '--conffiles <answer>',
        'what dpkg is told where it asks about a configuration file that was changed here and by the package',
      )
        .choices(['keep', 'replace'])
        .default('keep'),
    )
    .option('--detailed-exitcode', 'exit 2 if anything would change', false)
    .addOption(pagerOption())
    .action(async (options: ForecastOptions) => finish(await forecast(options, environment)));
  addExample(
    command,
    'clusterproxy forecast --inventory prod.yaml --packages new',
    'clusterproxy forecast --inventory prod.yaml --to 3.0 --limit node-01',
  );
}

async function forecast(options: ForecastOptions, environment: Environment): Promise<number> {
  refuseUnclearSource(options);
  const [{ openSession }, { packageFilesIn }, { forecastRun }, { resultOfPlan }, { exitStatusOf }] =
    await Promise.all([
      import('./session.ts'),
      import('../run/package-files.ts'),
      import('../run/forecast-run.ts'),
      import('../run/result-of-plan.ts'),
      import('../model/result.ts'),
    ]);
  const source =
    options.to === undefined
      ? ({ kind: 'folder', packages: await packageFilesIn(options.packages ?? '') } as const)
      : ({ kind: 'repositories', to: options.to } as const);
  const session = await openSession('forecast', options, environment);
  const { plan, forecasts } = await forecastRun({
    ...session.runOptions({ prune: false }),
    ...{ source, conffiles: options.conffiles },
  });
  const result = resultOfPlan(plan, 'forecast');
  const told = { byHand: plan.byHand, notes: plan.notes, forecasts };
  session.show('forecast', result, told);
  session.show('plan', result, told);
  const exitStatus = exitStatusOf(result, { comparing: options.detailedExitcode });
  return session.end(result, { ...told, exitStatus });
}

/** Either the operator has the packages, or the hosts fetch them. */
function refuseUnclearSource({ packages, to }: ForecastOptions): void {
  if ((packages === undefined) !== (to === undefined)) {
    // As in deb-version(7).
    if (to === undefined || /^(\d+:)?[0-9A-Za-z][0-9A-Za-z.+~-]*$/.test(to)) return;
    throw new OperatorError({
      code: 'usage',
      message: `--to: '${to}' is not the version of a package`,
      next: 'write it as apt-cache policy on a host shows it, such as 1:3.0.4-1, or its beginning, such as 3.0',
    });
  }
  throw new OperatorError({
    code: 'usage',
    message:
      packages === undefined
        ? 'forecast needs to know of which packages'
        : "--packages and --to can't be combined",
    next: 'give --packages DIR for .deb files on this machine, or --to VERSION for what the hosts fetch themselves',
  });
}
