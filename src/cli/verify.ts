import { type Command, Option } from 'commander';
import type { CheckResult } from '../model/outside-check.ts';
import type { Environment, Registration } from './environment.ts';
import {
  addCommonOptions,
  addExample,
  type CommonOptions,
  limitOfLooking,
  pagerOption,
  timeoutOption,
} from './options.ts';
import { addReportOptions, type ReportOptions } from './report-options.ts';

interface VerifyOptions extends CommonOptions, ReportOptions {
  readonly timeout: number;
  readonly browser: boolean;
  readonly browserPath: string | undefined;
  readonly screenshots: string | undefined;
  readonly withMeeting: boolean;
  readonly withStream: boolean;
}

export function registerVerify(program: Command, { environment, finish }: Registration): void {
  const command = addReportOptions(
    addCommonOptions(
      program
        .command('verify')
        .description(
          'Asks the cluster from here what a browser would ask, and compares the answers: exit 4 if one is wrong. Changes nothing, but for the meetings of --with-meeting and the streams of --with-stream.',
        ),
      limitOfLooking,
    ),
  )
    .addOption(timeoutOption())
    .addOption(pagerOption())
    .option(
      '--browser',
      'also open the clients in an installed Chromium, Chrome or Edge, without a window (needs playwright-core)',
      false,
    )
    .addOption(new Option('--browser-path <program>', 'the browser to use').implies({ browser: true }))
    .addOption(
      new Option('--screenshots <folder>', 'where the browser puts pictures of the clients').implies({
        browser: true,
      }),
    )
    .addOption(
      new Option(
        '--with-meeting',
        'also create a meeting on one node after the other, join it through the proxy, and end it',
      ).default(false),
    )
    .addOption(
      new Option(
        '--with-stream',
        'also publish a stream without picture and sound over RTMP, play it, and end it',
      ).default(false),
    )
    .action(async (options: VerifyOptions) => finish(await verify(options, environment)));
  addExample(
    command,
    'clusterproxy verify --inventory prod.yaml',
    'clusterproxy verify --inventory prod.yaml --browser --screenshots pictures',
  );
}

async function verify(options: VerifyOptions, environment: Environment): Promise<number> {
  const [
    { openBrowser },
    { openSession },
    { verifyRun },
    { networkFromHere },
    { exitStatus, resultWithoutHosts },
  ] = await Promise.all([
    import('./open-browser.ts'),
    import('./session.ts'),
    import('../run/verify-run.ts'),
    import('../verify/network.ts'),
    import('../model/result.ts'),
  ]);
  // What is missing on this machine is told before anybody is asked for a passphrase.
  const opened = options.browser ? await openBrowser(options, environment) : undefined;
  const session = await openSession('verify', options, environment);
  const runOptions = session.runOptions({ prune: false });
  const { signal, leave, phase } = environment;
  const { withMeeting, withStream } = options;
  if (withMeeting) phase.interruption = 'no further meeting is begun, and the present one is ended';
  const { checks, problems, seen } = await verifyRun({
    ...runOptions,
    network: networkFromHere({ signal, patience: options.timeout * 1000 }),
    now: Date.now,
    ...{ withMeeting, withStream, leave },
    browser: opened && ((hosts) => opened.ask(hosts, { progress: runOptions.progress })),
  });
  const result = { ...resultWithoutHosts('verify', seen?.warnings), interrupted: signal.aborted };
  const status = signal.aborted ? exitStatus.interrupted : statusOf(checks, problems.length > 0, exitStatus);
  const told = { checks, browser: seen, errors: problems, exitStatus: status };
  session.show('checks', result, told);
  return session.end(result, told);
}

/** The exit status for what was asked from outside. */
export function statusOf(
  checks: readonly CheckResult[],
  anyProblem: boolean,
  status: { readonly done: number; readonly failed: number; readonly verifyFailed: number },
): number {
  if (checks.some(({ outcome }) => outcome === 'failed')) return status.verifyFailed;
  return anyProblem || checks.some(({ outcome }) => outcome === 'not-asked') ? status.failed : status.done;
}
