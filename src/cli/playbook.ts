import type { Command } from 'commander';
import type { TriedHost } from '../run/check-playbook.ts';
import type { Environment, Registration } from './environment.ts';
import { addExample } from './options.ts';

interface CheckOptions {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
}

export function registerPlaybook(program: Command, { environment, finish }: Registration): void {
  const group = program.command('playbook').description('For authors of playbooks.');
  const command = group
    .command('check')
    .argument('<file>', 'the playbook: its path, or the name of one that comes with the program')
    .description('Validates a playbook and plans it on sample hosts, without a connection to any.')
    .option('--json', 'print one JSON document', false)
    .option('--verbose', 'show what is planned on each sample host', false)
    .option('--no-color', 'no colours; so does the variable NO_COLOR')
    .action(async (file: string, options: CheckOptions) => finish(await check(file, options, environment)));
  addExample(command, 'clusterproxy playbook check ./mine.yaml');
}

async function check(file: string, options: CheckOptions, environment: Environment): Promise<number> {
  const [
    { checkPlaybook },
    { resultOfHostPlan },
    { exitStatus },
    { renderJson, reportDocument },
    { renderTried },
    { renderPlan },
    { makeStyle },
  ] = await Promise.all([
    import('../run/check-playbook.ts'),
    import('../run/result-of-plan.ts'),
    import('../model/result.ts'),
    import('../report/json.ts'),
    import('../report/tried-playbook.ts'),
    import('../report/plan.ts'),
    import('../report/style.ts'),
  ]);
  const { hosts } = await checkPlaybook(file, process.cwd());
  const results = hosts.map(({ plan }) => resultOfHostPlan(plan));
  const status = hosts.some(isBroken) ? exitStatus.nothingTouched : exitStatus.done;
  if (options.json) {
    const nothing = { command: 'playbook check', run: undefined, warnings: [], interrupted: false };
    const result = { ...nothing, hosts: results };
    environment.output.document(
      renderJson(reportDocument(result, { exitStatus: status, byHand: [], errors: [] })),
    );
    return status;
  }
  const style = makeStyle({
    columns: environment.output.results.columns,
    color: options.color && environment.output.results.takesColor,
    verbose: options.verbose,
  });
  const statuses = new Map(results.map((result) => [result.plan.host, result.status] as const));
  const plans = hosts.map(({ plan }) => plan);
  const lines = [
    ...(options.verbose
      ? [
          ...renderPlan({ hosts: plans, byHand: [], warnings: [] }, style, {
            statuses,
            hostnames: new Map(),
            force: false,
          }),
          '',
        ]
      : []),
    ...renderTried(file, hosts, style),
  ];
  environment.output.results.write(lines.map((line) => `${line}\n`).join(''));
  return status;
}

function isBroken({ plan }: TriedHost): boolean {
  return plan.problem !== undefined;
}
