import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Environment, Registration } from './environment.ts';
import { secondsUntil } from './moment.ts';
import { addCommonOptions, addExample, type CommonOptions } from './options.ts';

interface AcceptOptions extends CommonOptions {
  readonly reason?: string;
  readonly until?: number;
  readonly list: boolean;
  readonly end: boolean;
}

export function registerAccept(program: Command, { environment, finish }: Registration): void {
  const command = addCommonOptions(
    program
      .command('accept')
      .argument('[host]', 'the host that differs')
      .argument('[path]', 'the file or unit that differs, or a key alone, as plans name them')
      .argument('[key]', 'the one key of the file; if left out, nothing in the file is changed')
      .description('Accepts a difference on a host for a while: until then it is no drift, and it stays.'),
  )
    .addOption(new Option('--reason <text>', 'why, in words that others understand').argParser(reasonIn))
    .addOption(
      new Option(
        '--until <time>',
        'when it ends, within a year: 2026-12-31, 2026-12-31T16:00, or in 8h or 14d',
      ).argParser((value) => secondsUntil(value)),
    )
    .option('--list', 'show what is accepted', false)
    .option('--end', 'end what is accepted at this place, whoever has accepted it', false)
    .action(
      async (
        host: string | undefined,
        path: string | undefined,
        key: string | undefined,
        options: AcceptOptions,
      ) => finish(await accept([host, path, key], options, environment)),
    );
  addExample(
    command,
    'clusterproxy accept --inventory prod.yaml node-02 /etc/bigbluebutton/bbb-web.properties maxNumPages --reason "exams need more" --until 2026-12-31',
    'clusterproxy accept --inventory prod.yaml --list',
    'clusterproxy accept --inventory prod.yaml --end node-02 /etc/bigbluebutton/bbb-web.properties',
  );
}

async function accept(
  words: readonly (string | undefined)[],
  options: AcceptOptions,
  environment: Environment,
): Promise<number> {
  const [{ openSession }, { acceptDifference, endAccepted }, { resultWithoutHosts }] = await Promise.all([
    import('./session.ts'),
    import('../run/accept-run.ts'),
    import('../model/result.ts'),
  ]);
  const [host, second, third] = words;
  const { list, end, reason, until: seconds } = options;
  await expectUsage(words, options);
  const isLooking = !list && !end;
  const session = await openSession('accept', options, environment, isLooking ? 'everything' : 'nothing');
  const done = (accepted: NonNullable<Parameters<typeof session.show>[2]>['accepted']) => {
    session.show('accepted', resultWithoutHosts('accept'), { accepted });
    return session.end(resultWithoutHosts('accept'), { accepted, exitStatus: 0 });
  };
  if (list) return done({ what: 'list', entries: session.inventory.accepted?.entries ?? [] });
  // A word by itself may be a key or a unit, which only the plan tells.
  const isPath = third !== undefined || second?.startsWith('/') === true;
  const place = { host: host ?? '', ...(isPath ? { path: second, key: third } : { key: second }) };
  if (end) return done({ what: 'ended', entries: await endAccepted(session.inventory, place) });
  const now = new Date();
  const until = new Date(now.getTime() + (seconds ?? 0) * 1_000);
  const entry = await acceptDifference(session.runOptions({ prune: false }), {
    ...{ ...place, reason: reason ?? '', now },
    until: `${until.toISOString().slice(0, 19)}Z`,
  });
  return done({ what: 'accepted', entries: [entry] });
}

async function expectUsage(
  words: readonly (string | undefined)[],
  { list, end, reason, until }: AcceptOptions,
): Promise<void> {
  const { OperatorError } = await import('../model/operator-error.ts');
  const usage = (message: string, next: string) => new OperatorError({ code: 'usage', message, next });
  const [host, path] = words;
  if (list && (end || host !== undefined)) throw usage('--list stands alone', 'leave the rest out');
  if ((list || end) && (reason !== undefined || until !== undefined)) {
    throw usage('--list and --end go with neither --reason nor --until', 'leave them out');
  }
  if (list) return;
  if (host === undefined || path === undefined) {
    throw usage('no place was named', 'name the host and the path or key, as clusterproxy plan does');
  }
  if (end) return;
  if (reason === undefined) {
    throw usage('an acceptance needs a reason', 'add --reason TEXT: everybody who sees it is shown it');
  }
  if (until === undefined) throw usage('an acceptance needs an end', 'add --until DATE, within a year');
}

/** It is stored as one line. */
function reasonIn(value: string): string {
  const reason = value.trim();
  if (reason === '' || reason.length > 200 || /[\u0000-\u001f\u007f]/.test(reason)) {
    throw new InvalidArgumentError('It must be one line of at most 200 characters.');
  }
  return reason;
}
