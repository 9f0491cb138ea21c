import type { Problem } from '../model/operator-error.ts';
import type { ReportDocument } from '../report/document/schema.ts';

/** How the first report went, in the surroundings that all later ones have. */
export interface FirstReport {
  /** what it printed; undefined: nothing that can be read */
  readonly document: ReportDocument | undefined;
  readonly output: string;
  /** of the service, as systemd tells it */
  readonly status: number;
  readonly result: string;
}

/** So many hosts are named, and so much is shown of what isn't a report. */
const [few, longest] = [5, 500];

/**
 * Why nothing is installed: what a schedule would try each night fails already. Undefined if it could look at
 * all hosts, whatever it found there. Pure. `journal`: the command that shows what the service has said;
 * `agent`: an ssh agent answers whoever installs it.
 */
export function firstReportProblem(
  { document, output, status, result }: FirstReport,
  { journal, agent }: { readonly journal: string; readonly agent: boolean },
): Problem | undefined {
  const next = 'fix that and run the command again, or install it all the same with --untried';
  if (document === undefined) {
    return {
      code: 'schedule-first-report',
      message: `a first report in the surroundings of the schedule did not begin: ${startWords.get(status) ?? `the service ended with ${result} (status ${status})`}`,
      // What can't even begin now won't at night: --untried would be no help.
      next: startWords.has(status) ? 'fix that and run the command again' : `see ${journal}; ${next}`,
      ...(output === '' ? {} : { detail: output.slice(0, longest) }),
    };
  }
  const failed = [
    ...(document.errors ?? []).map(({ code, message }) => `${code}: ${message}`),
    ...document.hosts.flatMap(({ name, error, changes }) =>
      // A host that could be planned for was reached.
      error === undefined || changes.length > 0 || error.code === 'answers-wrongly'
        ? []
        : [`${name}: ${error.code}: ${error.message}`],
    ),
  ];
  if (failed.length === 0) return undefined;
  const rest = failed.length - few;
  return {
    code: 'schedule-first-report',
    message: 'a first report in the surroundings of the schedule could not look at every host',
    notes: [
      ...failed.slice(0, few),
      ...(rest > 0 ? [`and ${rest} more`] : []),
      ...(agent
        ? ['you have an ssh agent (SSH_AUTH_SOCK), and a schedule has none: it needs a key of its own']
        : []),
      'nobody is asked for a passphrase or for the password of sudo at night: `passphrase` and `sudo_password` below `ssh` in the inventory say where they are',
    ],
    next,
  };
}

/** What systemd says where a service doesn't even begin: exit statuses of systemd.exec(5). */
const startWords: ReadonlyMap<number, string> = new Map([
  [203, 'its account may not run the program, or not read it'],
  [217, 'its account is not known to systemd'],
  [
    226,
    "systemd can't shut it off from the rest of the machine; a user's own manager needs user namespaces for that, which this machine may refuse: install it for the system, as root",
  ],
  [243, 'a file that --credential names can not be read'],
]);
