import { type Command, Option } from 'commander';
import {
  addChangeOptions,
  type ChangeOptions,
  changeOptionsOf,
  refuseTwoPolicies,
} from './change-options.ts';
import { seconds } from './duration.ts';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions, words } from './options.ts';
import { refuseRunId } from './run-id-option.ts';
import { windowOf } from './window-options.ts';

interface JoinOptions extends CommonOptions, ChangeOptions {
  readonly fingerprint: readonly string[];
  readonly hostKey: readonly string[];
  readonly replace: boolean;
  readonly bootTimeout: number;
}

export function registerJoin(program: Command, { environment, finish }: Registration): void {
  const command = addChangeOptions(
    addCommonOptions(
      program
        .command('join')
        .argument('<host>', 'the host that joins the cluster, or is back')
        .description(
          'Brings a machine into the cluster that has come up: waits until it answers, trusts it by the key that came with it, sets up the host and what others have for it, and has the balancer send people there.',
        ),
    )
      .option(
        '--fingerprint <fingerprint>',
        'a host key that came with the machine, as ssh-keygen -lf prints it: SHA256:... (comma-separated)',
        words,
        [],
      )
      .option(
        '--host-key <key>',
        "the same as a public key: 'ssh-ed25519 AAAA...'; may be repeated",
        (key: string, others: readonly string[]) => [...others, key],
        [],
      )
      .option('--replace', 'that key may take the place of another known one', false)
      .addOption(
        new Option('--boot-timeout <time>', 'how long the machine may take until it answers over ssh')
          .argParser(seconds)
          .default(600, '10m'),
      ),
    { force: 'interrupt people who are connected', whenBusy: 'as in the inventory, else wait', runId: false },
  ).action(async (host: string, options: JoinOptions) => finish(await join(host, options, environment)));
  addExample(
    command,
    'clusterproxy join --inventory prod.yaml node-04 --fingerprint SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU',
  );
}

async function join(name: string, options: JoinOptions, environment: Environment): Promise<number> {
  refuseTwoPolicies(options);
  refuseRunId('join', options);
  const [{ openSession }, { planRun }, joining, { givenKeys }, { meet }, balancer, { carryOut }, asks] =
    await Promise.all([
      import('./session.ts'),
      import('../run/plan-run.ts'),
      import('../run/membership/joining.ts'),
      import('../run/membership/given-keys.ts'),
      import('../run/membership/meet.ts'),
      import('../run/membership/in-balancer.ts'),
      import('./carry-out.ts'),
      import('./asking.ts'),
    ]);
  const given = givenKeys({ fingerprints: options.fingerprint, hostKeys: options.hostKey });
  const session = await openSession('join', options, environment);
  const asking = await asks.askingFromHere(options, environment);
  const wanted = joining.joiningHost(session.inventory, name);
  const usual = session.runOptions({ prune: false });
  const met = await meet(wanted, {
    ...usual,
    ...{ connector: session.connector, given },
    ...{ replace: options.replace, patience: options.bootTimeout },
  });
  if (met.pin !== undefined && !options.dryRun) {
    const file = await met.pin();
    session.message(`pinned the key that came with ${name} in ${file}`);
  }
  const inventory = joining.withJoining(session.inventory, met.host);
  const own = joining.limitOfJoining(inventory, name);
  const runOptions = { ...usual, inventory, limit: options.limit.length > 0 ? options.limit : own };
  const { onceOnly } = await import('./tell-run.ts');
  const called = { command: 'join', limit: options.limit, more: { name } };
  const once = await onceOnly(session, called, { options, runOptions });
  if ('told' in once) return once.told;
  const planned = await planRun(runOptions);
  const plan = joining.asJoining(planned.plan, wanted);
  return carryOut({ ...planned, plan }, session, {
    ...runOptions,
    ...changeOptionsOf(options),
    window: await windowOf(session.inventory, options, environment),
    command: 'join',
    membership: 'join',
    finish: (result, carried) => balancer.joined(result, name, carried),
    asking,
    leave: environment.leave,
    exactly: false,
    yes: options.yes,
    dryRun: options.dryRun,
    refusal: undefined,
    ...once,
  });
}
