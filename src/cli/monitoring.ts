import { Argument, type Command, InvalidArgumentError } from 'commander';
import type { Configuration } from '../run/monitoring/configuration.ts';
import type { Monitored } from '../run/monitoring-run.ts';
import type { Environment, Registration } from './environment.ts';
import {
  addCommonOptions,
  addExample,
  type CommonOptions,
  limitOfLooking,
  withoutEvents,
} from './options.ts';

const programs = ['prometheus', 'blackbox', 'agent'] as const;
type Program = (typeof programs)[number];

interface MonitoringOptions extends CommonOptions {
  readonly exporter: string;
  readonly out?: string;
}

export function registerMonitoring(program: Command, { environment, finish }: Registration): void {
  const command = addCommonOptions(
    program
      .command('monitoring')
      .addArgument(
        new Argument('<program>', 'whose configuration: prometheus, blackbox, or agent on the proxy').choices(
          programs,
        ),
      )
      .description(
        'Looks at all hosts, and prints what a monitoring has to know of them: what Prometheus and blackbox_exporter ask through the proxy, for each node, and where the proxy tells of itself. Changes nothing.',
      ),
    limitOfLooking,
  )
    .option('--exporter <address>', 'where Prometheus reaches blackbox_exporter', address, '127.0.0.1:9115')
    .option('--out <file>', 'replace this file as a whole, once all is known, in place of printing it')
    .action(async (name: Program, options: MonitoringOptions) =>
      finish(await monitoring(name, options, environment)),
    );
  withoutEvents(command);
  addExample(
    command,
    'clusterproxy monitoring prometheus --inventory prod.yaml --out /etc/prometheus/clusterproxy-prod.yml',
    'clusterproxy monitoring blackbox --inventory prod.yaml',
    'clusterproxy monitoring agent --inventory prod.yaml --limit proxy-1',
  );
}

/** `HOST:PORT`, as it stands in a scrape configuration. */
function address(value: string): string {
  if (!/^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/.test(value)) {
    throw new InvalidArgumentError('It must be a host and a port, such as 127.0.0.1:9115.');
  }
  return value;
}

async function monitoring(
  name: Program,
  options: MonitoringOptions,
  environment: Environment,
): Promise<number> {
  const [{ openSession }, { monitoringRun }, { configurationText }, { exitStatus }, { replaceFile }] =
    await Promise.all([
      import('./session.ts'),
      import('../run/monitoring-run.ts'),
      import('../run/monitoring/configuration.ts'),
      import('../model/result.ts'),
      import('../document/replace-file.ts'),
    ]);
  // What a step says of itself may stand beside a secret of its own, such as that of HAProxy's statistics.
  const wanted = name === 'agent' ? 'known' : 'connections';
  const session = await openSession('monitoring', options, environment, wanted);
  try {
    const monitored = await monitoringRun(session.runOptions({ prune: false }), {
      scraped: name === 'agent',
    });
    if (environment.signal.aborted) return exitStatus.interrupted;
    const part = await partFor(name, monitored, session.inventory.cluster.name, options);
    const text = options.json ? `${JSON.stringify(part.data, undefined, 2)}\n` : configurationText(part);
    if (options.out === undefined) environment.output.document(text);
    else await save(options.out, text, replaceFile);
    return exitStatus.done;
  } finally {
    await session.connector.close().catch(() => undefined);
  }
}

async function partFor(
  name: Program,
  monitored: Monitored,
  cluster: string,
  { exporter }: MonitoringOptions,
): Promise<Configuration> {
  const [{ agentPart, blackboxPart, prometheusPart }, { OperatorError }] = await Promise.all([
    import('../run/monitoring/configuration.ts'),
    import('../model/operator-error.ts'),
  ]);
  const { probes, doors } = monitored;
  if (name !== 'agent') {
    if (probes.length === 0) {
      throw new OperatorError({
        code: 'nothing-to-monitor',
        message: 'the playbook has no check that asks one of these hosts through the door',
        next: 'leave out --limit, or name nodes of a bigbluebutton or averox cluster in it',
      });
    }
    return name === 'blackbox'
      ? blackboxPart(monitored, cluster)
      : prometheusPart(monitored, { cluster, exporter });
  }
  const [door] = doors;
  if (door === undefined) {
    throw new OperatorError({
      code: 'nothing-to-monitor',
      message: 'no proxy tells of itself: `door_metrics` is not set',
      next: 'set `door_metrics: true` below `vars` in the inventory, and apply; or name a proxy with --limit',
    });
  }
  if (doors.length > 1) {
    throw new OperatorError({
      code: 'usage',
      message: `each proxy has an agent of its own, and there are several: ${doors.map(({ host }) => host.name).join(', ')}`,
      next: 'name one of them with --limit',
    });
  }
  return agentPart(door.scraped, { cluster, host: door.host.name, role: door.host.role });
}

async function save(
  file: string,
  text: string,
  replaceFile: (file: string, content: string, options: { readonly mode: number }) => Promise<void>,
): Promise<void> {
  try {
    await replaceFile(file, text, { mode: 0o644 });
  } catch (error) {
    const [{ OperatorError }, { reasonOf }] = await Promise.all([
      import('../model/operator-error.ts'),
      import('../document/reason.ts'),
    ]);
    throw new OperatorError({
      code: 'monitoring-not-saved',
      message: `${file} can't be written: ${reasonOf(error)}`,
      next: 'correct the rights of its folder, or choose another file with --out',
    });
  }
}
