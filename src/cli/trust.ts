import type { Command } from 'commander';
import type { Problem } from '../model/operator-error.ts';
import type { HostResult } from '../model/result.ts';
import type { ReportHostKeys } from '../report/json-schema.ts';
import type { TrustRow } from '../report/trust.ts';
import type { ScannedHost } from '../run/trust-run.ts';
import { askFirst } from './ask-first.ts';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions, words } from './options.ts';
import type { Session } from './session.ts';

interface TrustCommandOptions extends CommonOptions {
  readonly yes: boolean;
  readonly replace: readonly string[];
}

export function registerTrust(program: Command, { environment, finish }: Registration): void {
  const command = addCommonOptions(
    program
      .command('trust')
      .description("Shows the hosts' public keys, and pins them in your known_hosts after a yes."),
  )
    .option('--yes', "don't ask; keys that contradict known ones aren't pinned by it", false)
    .option(
      '--replace <hosts>',
      'let these hosts have other keys than the known ones, which go (comma-separated)',
      words,
      [],
    )
    .action(async (options: TrustCommandOptions) => finish(await trust(options, environment)));
  addExample(
    command,
    'clusterproxy trust --inventory prod.yaml',
    'clusterproxy trust --inventory prod.yaml --replace bbb-02',
  );
}

async function trust(options: TrustCommandOptions, environment: Environment): Promise<number> {
  const [{ openSession }, run, { exitStatus, exitStatusOf }] = await Promise.all([
    import('./session.ts'),
    import('../run/trust-run.ts'),
    import('../model/result.ts'),
  ]);
  const session = await openSession(options, environment, 'connections');
  const replace = new Set(options.replace);
  const trustOptions = { ...session.runOptions({ prune: false }), connector: session.connector, replace };
  let hosts = await run.scanHosts(trustOptions);
  session.showTrust(hosts.map((host) => rowOf(host, run.resultOf(host))));

  const end = (status: number | undefined, errors: readonly Problem[]) => {
    const results = hosts.map(run.resultOf);
    const interrupted = environment.signal.aborted;
    const result = { command: 'trust', run: undefined, hosts: results, warnings: [], interrupted };
    const keys = new Map(hosts.map((host) => [host.name, documentOf(host, rowOf(host, run.resultOf(host)))]));
    return session.end(result, {
      exitStatus: status ?? exitStatusOf(result, { comparing: false }),
      keys,
      errors,
    });
  };

  for (;;) {
    const pinnable = hosts.filter((host) => run.keysToPin(host, replace).length > 0);
    if (pinnable.length === 0 || environment.signal.aborted) break;
    const count = pinnable.reduce((sum, host) => sum + run.keysToPin(host, replace).length, 0);
    const answer = await askFirst(session, asking(options.yes, count, pinnable));
    if (answer !== 'yes') {
      session.message('nothing was pinned');
      const status = answer === 'interrupted' ? exitStatus.interrupted : exitStatus.nothingTouched;
      return end(status, typeof answer === 'string' ? [] : [answer]);
    }
    environment.phase.changing = true;
    hosts = await run.pinHosts(hosts, replace);
    showOutcome(session, hosts, pinnable, run.resultOf);
    const again = new Set(hosts.filter(run.isBehindUnknown).map(({ name }) => name));
    if (again.size === 0) break;
    hosts = await run.scanAgain(hosts, trustOptions);
    const behind = hosts.filter(({ name }) => again.has(name));
    session.showTrust(behind.map((host) => rowOf(host, run.resultOf(host))));
    if (behind.every(run.isBehindUnknown)) break;
  }
  if (
    !session.json &&
    hosts.every(({ judgement }) => judgement?.keys.every(({ state }) => state === 'known'))
  )
    session.print(['', 'all keys are known: nothing to pin']);
  return end(undefined, []);
}

function asking(yes: boolean, keys: number, hosts: readonly ScannedHost[]) {
  const files = [...new Set(hosts.flatMap(({ target }) => target?.knownHostsFiles[0] ?? []))];
  const what = `${keys} ${keys === 1 ? 'key' : 'keys'} of ${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'}`;
  return {
    yes,
    question: `Compare the fingerprints with what \`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\` prints on each host's own console.\nPin ${what} in ${files.join(', ')}?`,
    otherwise: `${what} would be pinned`,
    next: 'compare the fingerprints, then agree by --yes',
  };
}

/** What became of the hosts that were to be pinned. */
function showOutcome(
  session: Session,
  hosts: readonly ScannedHost[],
  pinnable: readonly ScannedHost[],
  resultOf: (host: ScannedHost) => HostResult,
): void {
  const names = new Set(pinnable.map(({ name }) => name));
  const done = hosts.filter(({ name }) => names.has(name));
  const failed = done.filter(({ pinned }) => !pinned);
  session.showTrust(failed.map((host) => ({ ...rowOf(host, resultOf(host)), keys: [] })));
  if (session.json || done.length === failed.length) return;
  const pinned = done.filter((host) => host.pinned);
  session.print(['', `pinned: ${pinned.map(({ name }) => name).join(', ')}`]);
}

function rowOf(host: ScannedHost, { problem }: HostResult): TrustRow {
  const { name, address, judgement } = host;
  return {
    host: name,
    address,
    keys: judgement?.keys ?? [],
    old: judgement?.old ?? [],
    pinned: judgement?.pinned ?? [],
    problem,
  };
}

function documentOf({ pinned, written }: ScannedHost, { address, keys, old }: TrustRow): ReportHostKeys {
  return {
    address,
    hostKeys: keys.map(({ type, fingerprint, state }) => ({
      type,
      fingerprint,
      state,
      pinned: pinned && written.includes(fingerprint),
    })),
    ...(old.length === 0
      ? {}
      : {
          contradicted: old.map(({ type, fingerprint, file, line }) => ({ type, fingerprint, file, line })),
        }),
  };
}
