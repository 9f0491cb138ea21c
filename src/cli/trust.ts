import type { Command } from 'commander';
import type { Problem } from '../model/operator-error.ts';
import type { HostKeys } from '../report/document/keys.ts';
import type { ScannedHost } from '../run/trust-run.ts';
import { howToPrint } from '../ssh/host-keys/how-to-print.ts';
import { askFirst } from './ask-first.ts';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions, limitOfLooking, words } from './options.ts';

interface TrustCommandOptions extends CommonOptions {
  readonly yes: boolean;
  readonly replace: readonly string[];
}

export function registerTrust(program: Command, { environment, finish }: Registration): void {
  const command = addCommonOptions(
    program
      .command('trust')
      .description("Shows the hosts' public keys and, if you agree, pins them in your known_hosts file."),
    limitOfLooking,
  )
    .option('--yes', "don't ask for confirmation; keys that contradict known ones still aren't pinned", false)
    .option(
      '--replace <hosts>',
      'accept new keys for these hosts in place of the known ones (comma-separated)',
      words,
      [],
    )
    .action(async (options: TrustCommandOptions) => finish(await trust(options, environment)));
  addExample(
    command,
    'clusterproxy trust --inventory prod.yaml',
    'clusterproxy trust --inventory prod.yaml --replace node-02',
  );
}

async function trust(options: TrustCommandOptions, environment: Environment): Promise<number> {
  const [{ openSession }, run, { exitStatus, exitStatusOf, resultWithoutHosts }] = await Promise.all([
    import('./session.ts'),
    import('../run/trust-run.ts'),
    import('../model/result.ts'),
  ]);
  const session = await openSession('trust', options, environment, 'connections');
  const replace = new Set(options.replace);
  const trustOptions = { ...session.runOptions({ prune: false }), connector: session.connector, replace };
  const resultOfAll = (some: readonly ScannedHost[]) => ({
    ...resultWithoutHosts('trust'),
    hosts: some.map((host) => run.resultOf(host, replace)),
    interrupted: environment.signal.aborted,
  });
  const show = (chapter: 'keys' | 'pinned', some: readonly ScannedHost[]) =>
    session.show(chapter, resultOfAll(some), { keys: some.map(keysOf) });
  let hosts = await run.scanHosts(trustOptions);
  show('keys', hosts);

  const end = (status: number | undefined, errors: readonly Problem[]) => {
    const result = resultOfAll(hosts);
    const exitStatus = status ?? exitStatusOf(result, { comparing: false });
    return session.end(result, { exitStatus, keys: hosts.map(keysOf), errors });
  };

  for (;;) {
    const pinnable = hosts.filter((host) => run.keysToPin(host, replace).length > 0);
    if (pinnable.length === 0 || environment.signal.aborted) break;
    const count = pinnable.reduce((sum, host) => sum + run.keysToPin(host, replace).length, 0);
    const answer = await askFirst(session, asking(options.yes, count, pinnable));
    if (answer !== 'yes') {
      session.message(hosts.some(({ pinned }) => pinned) ? 'nothing more was pinned' : 'nothing was pinned');
      const status = answer === 'interrupted' ? exitStatus.interrupted : exitStatus.nothingTouched;
      return end(status, typeof answer === 'string' ? [] : [answer]);
    }
    environment.phase.changing = true;
    // Hosts are only looked at.
    environment.phase.interruption = 'no further key is pinned, and those that were pinned stay';
    hosts = await run.pinHosts(hosts, replace);
    const names = new Set(pinnable.map(({ name }) => name));
    show(
      'pinned',
      hosts.filter(({ name }) => names.has(name)),
    );
    const again = new Set(hosts.filter(run.isBehindUnknown).map(({ name }) => name));
    if (again.size === 0) break;
    hosts = await run.scanAgain(hosts, trustOptions);
    const behind = hosts.filter(({ name }) => again.has(name));
    show('keys', behind);
    if (behind.every(run.isBehindUnknown)) break;
  }
  if (hosts.every(isKnown)) show('pinned', hosts);
  return end(undefined, []);
}

function isKnown({ judgement }: ScannedHost): boolean {
  return judgement?.keys.every(({ state }) => state === 'known') ?? false;
}

function asking(yes: boolean, keys: number, hosts: readonly ScannedHost[]) {
  const files = [...new Set(hosts.flatMap(({ target }) => target?.knownHostsFiles[0] ?? []))];
  const types = hosts.flatMap(({ judgement }) => judgement?.keys.map(({ type }) => type) ?? []);
  const what = `${keys} ${keys === 1 ? 'key' : 'keys'} of ${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'}`;
  return {
    yes,
    question: `Compare the fingerprints with those on each host's own console, as printed by\n\`${howToPrint(types)}\`.\nPin ${what} in ${files.join(', ')}?`,
    otherwise: `${what} would be pinned`,
    next: 'compare the fingerprints, then confirm with --yes',
  };
}

function keysOf({ address, judgement, pinned, written }: ScannedHost): HostKeys {
  const { keys = [], old = [], pinned: byInventory = [] } = judgement ?? {};
  return { address, keys, old, pinned: byInventory, written: pinned ? written : [] };
}
