import type { Problem } from '../model/operator-error.ts';
import type { HostResult } from '../model/result.ts';
import { heard } from '../secrets/showable.ts';
import type { Judged, unaskedBefore } from '../verify/deciding.ts';

/** From here no question reaches any server, so a change could not be proved, and isn't begun. */
export function nothingAsked(
  host: string,
  { what, why }: NonNullable<ReturnType<typeof unaskedBefore>>,
): Problem {
  const [none, next] =
    what === 'browser'
      ? [
          'no browser can be asked on this machine',
          'see whether the browser starts on this machine, then run the command again; with --confirm outside no browser is asked',
        ]
      : [
          'no check from outside can be asked from here',
          'see whether this machine has a network and name servers that answer, then run the command again; with --confirm host the host decides by itself',
        ];
  return {
    code: 'nothing-to-prove-it',
    message: `nothing was done on this host, as ${none}, so the change could not be proved: ${heard(why)}`,
    next,
    host,
  };
}

export interface Unproved {
  readonly result: HostResult;
  /** handlers that were put off because people are there */
  readonly owed: readonly string[];
  readonly host: string;
}

/** Why this program did not confirm, with what has become of the host. */
export function proofProblem(
  judged: readonly Judged[],
  { result, owed, host }: Unproved,
): Problem | undefined {
  const against = judged.filter(
    ({ hadSay, outcome }) => hadSay && (outcome === 'failed' || outcome === 'not-asked'),
  );
  const notes = [
    ...against.map((one) => noteOn(one, host)),
    ...(owed.length === 0
      ? []
      : [
          `these restarts had been put off, because people had come in the meantime: ${owed.join(', ')}; what is asked may depend on them`,
        ]),
  ];
  // The host could not be put back, or not completely: that comes first.
  if (result.status !== 'rolled-back') {
    const { problem } = result;
    return problem && { ...problem, notes: [...(problem.notes ?? []), ...notes] };
  }
  const failed = against.filter(({ outcome }) => outcome === 'failed');
  const [worst] = failed;
  if (worst === undefined) {
    return {
      code: 'outside-not-asked',
      message: `after the change ${checksWords(against, host)} could not be asked from here, so it was not proved, and the host put everything back`,
      notes,
      next: "see whether this machine's network and name servers work, then run the command again",
      host,
    };
  }
  return {
    code: 'outside-check-failed',
    message: `after the change ${checksWords(failed, host)} failed from outside, so the host put everything back`,
    notes,
    next:
      owed.length > 0
        ? 'run the command again when nobody is connected'
        : `${worst.asked?.fix ?? worst.check.check.fix}; then run the command again`,
    host,
  };
}

/** What an operator should know of the checks although the host stays changed. */
export function proofWarnings(judged: readonly Judged[], host: string): readonly string[] {
  // Of hosts that come later in the run nothing is expected yet: they decide about it themselves.
  const failedBefore = judged.filter(({ outcome, check }) => outcome === 'failed-before' && !check.later);
  const unasked = judged.filter(
    ({ outcome, hadSay, check }) => outcome === 'not-asked' && !hadSay && !check.later,
  );
  const gone = [...new Set(judged.filter(({ outcome }) => outcome === 'gone').map((one) => one.host))];
  const nobody = judged.length > 0 && !judged.some(({ hadSay, check }) => hadSay || check.later);
  return [
    ...(nobody ? ['no check from outside had a say in this change: none of them had passed before it'] : []),
    ...(failedBefore.length === 0
      ? []
      : [
          `${checksWords(failedBefore, host)} had failed from outside before the change already, and so had no say: ${failedBefore
            .slice(0, mostTold)
            .map(({ id, asked }) => `${id}: ${heard(asked?.found ?? 'no answer')}`)
            .join('; ')}${failedBefore.length > mostTold ? '; …' : ''} (clusterproxy verify says what to do)`,
        ]),
    ...(unasked.length === 0
      ? []
      : [`${checksWords(unasked, host)} could not be asked from here, and so had no say`]),
    ...gone.map(
      (other) =>
        `${other} stopped answering during the change, at its own address as well, so what is asked through this host for it had no say`,
    ),
  ];
}

const mostTold = 3;

/** `client-page: it answers …: expected; found` */
function noteOn({ host, id, title, asked }: Judged, changed: string): string {
  const whose = host === changed ? '' : `${host}: `;
  const found = asked?.found === undefined ? 'no answer in time' : heard(asked.found);
  const expected = asked?.expected === undefined ? '' : `; expected: ${asked.expected}`;
  return `${whose}${id} (${title}): found: ${found}${expected}`;
}

/** `the checks client-page and api, and api-addresses of bbb-02` */
function checksWords(judged: readonly Judged[], changed: string): string {
  const names = judged.map(({ host, id }) => (host === changed ? id : `${id} of ${host}`));
  const shown = names.length <= mostNamed ? names : [...names.slice(0, mostNamed - 1), more(names.length)];
  const last = shown.at(-1) ?? '';
  const list = shown.length < 2 ? last : `${shown.slice(0, -1).join(', ')} and ${last}`;
  return `the ${names.length === 1 ? 'check' : 'checks'} ${list}`;
}

const mostNamed = 6;

function more(all: number): string {
  return `${all - mostNamed + 1} more`;
}
