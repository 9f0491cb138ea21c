import type { Command } from 'commander';
import { OperatorError, problemsOf } from '../model/operator-error.ts';
import type { SupportSources } from '../support/bundle.ts';
import type { Environment, Registration } from './environment.ts';
import {
  addCommonOptions,
  addExample,
  type CommonOptions,
  limitOfLooking,
  timeoutOption,
  withoutEvents,
} from './options.ts';
import type { Session } from './session.ts';

interface SupportOptions extends CommonOptions {
  readonly out?: string;
  readonly overwrite: boolean;
  readonly yes: boolean;
  readonly protocol: boolean;
  readonly timeout: number;
}

export function registerSupport(program: Command, { environment, finish }: Registration): void {
  const command = addCommonOptions(
    program
      .command('support')
      .description(
        'Shows what a maintainer needs to know to help you, without names, addresses or secrets, and writes it to a file once you agree. Changes nothing on hosts.',
      ),
    limitOfLooking,
  )
    .option('--out <file>', 'where to write it (default: clusterproxy-support-TIME.md here)')
    .option('--overwrite', 'replace the file if it exists', false)
    .option('--yes', "write it without asking; it's shown all the same", false)
    .option('--protocol', 'instead, ask for the results of docs/test-protocol.md step by step', false)
    .addOption(timeoutOption())
    .action(async (options: SupportOptions) =>
      finish(await (options.protocol ? protocol(options, environment) : support(options, environment))),
    );
  // It gives nothing out that wasn't read before.
  withoutEvents(command);
  addExample(
    command,
    'clusterproxy support --inventory prod.yaml',
    'clusterproxy support --inventory prod.yaml --out bundle.md --yes',
    'clusterproxy support --inventory prod.yaml --protocol',
  );
}

async function protocol({ out, inventory, json }: SupportOptions, environment: Environment): Promise<number> {
  if (json) {
    throw new OperatorError({
      code: 'usage',
      message: '--protocol is for people: it has no JSON document',
      next: 'leave out --json; the results are in the file that --protocol writes',
    });
  }
  const { recordProtocol } = await import('./protocol.ts');
  await environment.attend();
  return recordProtocol({ file: out ?? 'clusterproxy-protocol.md', inventory }, environment);
}

async function support(options: SupportOptions, environment: Environment): Promise<number> {
  const [
    { supportBundle },
    { exitStatus, resultWithoutHosts },
    { chooseView },
    { reportDocument },
    { renderSupport },
    { refuseExisting, writeSupportFile },
    { askFirst },
  ] = await Promise.all([
    import('../support/bundle.ts'),
    import('../model/result.ts'),
    import('../report/choose-view.ts'),
    import('../report/document/document.ts'),
    import('../report/terminal/support.ts'),
    import('./support-file.ts'),
    import('./ask-first.ts'),
  ]);
  const { overwrite, yes, json } = options;
  const file = options.out ?? `clusterproxy-support-${timeInName(new Date())}.md`;
  if (!overwrite) await refuseExisting(file);
  const bundle = supportBundle(await sourcesOf(options, environment));
  const view = chooseView(environment.output, options);
  const documentOf = (status: number, errors: Parameters<typeof reportDocument>[1]['errors'] = []) =>
    reportDocument(
      { ...resultWithoutHosts('support'), interrupted: environment.signal.aborted },
      { support: bundle, errors, exitStatus: status },
      environment.secrets,
    );
  const end = (status: number, ...errors: ReturnType<typeof problemsOf>) => {
    view.end(documentOf(status, errors));
    return status;
  };
  if (environment.signal.aborted) return end(exitStatus.interrupted);
  const shown = documentOf(exitStatus.done);
  view.show('support', shown);
  const answer = await askFirst(
    { json, environment },
    {
      yes,
      question: `Write this to ${file}?`,
      otherwise: `this would be written to ${file}`,
      next: 'read it, and confirm with --yes',
    },
  );
  if (typeof answer !== 'string') return end(exitStatus.nothingTouched, answer);
  if (answer !== 'yes') {
    view.message('nothing was written');
    return end(answer === 'interrupted' ? exitStatus.interrupted : exitStatus.nothingTouched);
  }
  await writeSupportFile(
    file,
    renderSupport(shown)
      .map((line) => `${line}\n`)
      .join(''),
    { overwrite },
  );
  environment.output.links.file(file);
  view.message(`written to ${file}, readable by you alone; attach it to the issue in which you ask for help`);
  return end(exitStatus.done);
}

/** Everything that is known, as it is; an inventory with mistakes is no reason to give up. */
async function sourcesOf(options: SupportOptions, environment: Environment): Promise<SupportSources> {
  const [{ shippedWords, isShipped }, { openSession }] = await Promise.all([
    import('./shipped-words.ts'),
    import('./session.ts'),
  ]);
  const known = await shippedWords();
  const nothing = { ...known, inventory: undefined, isShipped: false, hosts: [], runs: [], checks: [] };
  let session: Session;
  try {
    session = await openSession('support', options, environment);
  } catch (error) {
    const problems = problemsOf(error);
    // A misspelt file or host of the command line is nothing to ask others about.
    const isContent = problems.some(({ code, location }) => location !== undefined || code === 'unexpected');
    if (environment.signal.aborted || !isContent) throw error;
    return { ...nothing, problems };
  }
  const { inventory } = session;
  const { hosts, ...rest } = await gather(session, options, environment);
  const byName = new Map(inventory.hosts.map((host) => [host.name, host]));
  return {
    ...{ ...known, ...rest, inventory, isShipped: isShipped(inventory.playbook) },
    hosts: hosts.flatMap(({ status, plan, facts }) => {
      const host = byName.get(plan.host);
      return host === undefined ? [] : [{ host, plan, status, facts }];
    }),
  };
}

async function gather(session: Session, { timeout }: SupportOptions, { signal, leave }: Environment) {
  const [{ gatherForSupport }, { networkFromHere }, { resultOfHostPlan }] = await Promise.all([
    import('../run/support-run.ts'),
    import('../verify/network.ts'),
    import('../run/result-of-plan.ts'),
  ]);
  try {
    const { hosts, ...rest } = await gatherForSupport({
      ...session.runOptions({ prune: false }),
      network: networkFromHere({ signal, patience: timeout * 1000 }),
      now: Date.now,
      ...{ withMeeting: false, withStream: false, leave },
    });
    return { ...rest, hosts: hosts.map((one) => ({ ...one, status: resultOfHostPlan(one.plan).status })) };
  } finally {
    await session.connector.close().catch(() => undefined);
  }
}

/** `20261126T091500Z` */
function timeInName(now: Date): string {
  return now
    .toISOString()
    .replace(/[-:]/g, '')
    .replace(/\.\d+Z$/, 'Z');
}
