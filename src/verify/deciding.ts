import type { Decided, DecidingCheck, DecisionOutcome } from '../model/deciding-check.ts';
import { isForBrowser } from '../model/outside-check.ts';
import type { Asked } from './ask.ts';

/** How the questions of deciding checks are asked. */
export interface Questioner {
  /** over new connections; in a browser, in one that was just started */
  readonly ask: (one: AskedOf) => Promise<Asked>;
  /** milliseconds; ends early, without an error, when nobody waits any more */
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** A check and whose it is. */
export type AskedOf = Pick<DecidingCheck, 'host' | 'role' | 'check'>;

/** What was answered before the change. */
export interface AskedBefore {
  readonly answers: ReadonlyMap<DecidingCheck, Asked>;
  /** of the hosts that are reached through the changed one, by name: what each answered by itself */
  readonly witnesses: ReadonlyMap<string, Asked>;
}

/** What came of a deciding check, with the last answer. */
export interface Judged extends Decided {
  readonly check: DecidingCheck;
  readonly asked: Asked | undefined;
  readonly hadSay: boolean;
  readonly outcome: DecisionOutcome;
}

/** Before a failure counts as one, where others passed. Milliseconds. */
const secondThought = 1_000;
const firstPause = 500;
const longestPause = 5_000;

/**
 * Asks everything once before the change. What failed by chance would have no say, so a failure is asked
 * again unless everything failed.
 */
export async function askBefore(
  checks: readonly DecidingCheck[],
  { ask, pause }: Questioner,
): Promise<AskedBefore> {
  const answers = new Map<DecidingCheck, Asked>();
  const askAll = (some: readonly DecidingCheck[]) =>
    Promise.all(
      some.map(async (one) => answers.set(one, await ask({ ...one, check: one.before ?? one.check }))),
    );
  const [witnesses] = await Promise.all([askWitnesses(checks, ask), askAll(checks)]);
  const failed = checks.filter((one) => !one.always && answers.get(one)?.outcome === 'failed');
  if (failed.length > 0 && failed.length < checks.length) {
    await pause(secondThought);
    await askAll(failed);
  }
  return { answers, witnesses };
}

/**
 * Why nothing could be asked from here, over the network or in a browser: then nothing could be proved
 * afterwards either. A browser that runs tells at least where a page comes from.
 */
export function unaskedBefore({
  answers,
}: AskedBefore): { what: 'network' | 'browser'; why: string } | undefined {
  const unasked = (some: readonly (readonly [DecidingCheck, Asked])[]) =>
    some.length > 0 && some.every(([, { outcome }]) => outcome === 'not-asked');
  const all = [...answers];
  const inBrowser = all.filter(([{ check }]) => isForBrowser(check));
  const others = all.filter(([{ check }]) => !isForBrowser(check));
  if (unasked(others)) return { what: 'network', why: others[0]?.[1].found ?? '' };
  const tellsAtLeast = inBrowser.some(
    ([{ check }]) => isForBrowser(check) && check.question.shows === 'origin',
  );
  return tellsAtLeast && unasked(inBrowser)
    ? { what: 'browser', why: inBrowser[0]?.[1].found ?? '' }
    : undefined;
}

/** What has failed already is no reason to revert a sound change. */
export function hasSay(check: DecidingCheck, { answers }: AskedBefore): boolean {
  return check.always || answers.get(check)?.outcome === 'passed';
}

export interface Deadline {
  /** resolves when the last answer has to be there */
  readonly reached: Promise<void>;
  /** resolves when a host that is reached through the changed one must have answered by itself */
  readonly last: Promise<void>;
}

/**
 * Asks after the change, and again until everything that has a say passes or the deadline is reached: a
 * service needs a moment after its restart. What has none is asked once, to be reported. Where some had to be
 * waited for, all are asked again: what passed at first may have been the service before it broke down.
 */
export async function askAfter(
  checks: readonly DecidingCheck[],
  before: AskedBefore,
  options: Questioner & Deadline & { readonly onWaiting?: (failing: readonly Judged[]) => void },
): Promise<readonly Judged[]> {
  const { ask, pause, reached, last, onWaiting } = options;
  const answers = new Map<DecidingCheck, Asked>();
  let isOver = false;
  const judged = (gone: ReadonlySet<string> = new Set()) =>
    checks.map((check) => judge(check, before, { asked: answers.get(check), gone }));
  /** whether it passed at once */
  const untilItPasses = async (check: DecidingCheck): Promise<boolean> => {
    for (let times = 0; !isOver; times += 1) {
      const asked = await ask(check);
      if (isOver) break;
      answers.set(check, asked);
      if (isWell(asked) || !hasSay(check, before)) return times === 0;
      onWaiting?.(judged().filter((one) => answers.has(one.check) && !isFor(one)));
      await pause(Math.min(longestPause, firstPause * 2 ** times));
    }
    return true;
  };
  const untilAllPass = async () => {
    for (let some = checks; some.length > 0; some = some.filter((check) => hasSay(check, before))) {
      const passed = await Promise.all(some.map(untilItPasses));
      if (isOver || passed.every((atOnce) => atOnce)) return;
    }
  };
  await Promise.race([untilAllPass(), reached]);
  isOver = true;
  const failing = judged().filter(({ outcome, check }) => outcome === 'failed' && check.witness);
  const gone = failing.length === 0 ? new Set<string>() : await goneHosts(failing, before, { ask, last });
  return judged(gone);
}

/** Whether the host may stay changed. */
export function isProved(judged: readonly Judged[]): boolean {
  return judged.every(isFor);
}

function isFor({ outcome, hadSay }: Judged): boolean {
  return !hadSay || outcome === 'passed' || outcome === 'gone';
}

function judge(
  check: DecidingCheck,
  before: AskedBefore,
  { asked, gone }: { readonly asked: Asked | undefined; readonly gone: ReadonlySet<string> },
): Judged {
  const hadSay = hasSay(check, before);
  const { id, title } = check.check;
  return {
    ...{ host: check.host, id, title, always: check.always, hadSay, check, asked },
    outcome: outcomeOf(asked, {
      hadSay,
      isGone: check.witness !== undefined && gone.has(check.host),
      failedBefore: before.answers.get(check)?.outcome === 'failed',
    }),
  };
}

function outcomeOf(
  asked: Asked | undefined,
  { hadSay, isGone, failedBefore }: { hadSay: boolean; isGone: boolean; failedBefore: boolean },
): DecisionOutcome {
  if (asked !== undefined && isWell(asked)) return 'passed';
  if (asked?.outcome === 'not-asked') return 'not-asked';
  if (!hadSay) return failedBefore ? 'failed-before' : 'not-asked';
  return isGone ? 'gone' : 'failed';
}

function isWell({ outcome }: Asked): boolean {
  return outcome !== 'failed' && outcome !== 'not-asked';
}

async function askWitnesses<Answer>(
  checks: readonly DecidingCheck[],
  ask: (one: AskedOf) => Promise<Answer>,
): Promise<ReadonlyMap<string, Answer>> {
  const witnesses = new Map(
    checks.flatMap(({ host, role, witness }) => (witness ? [[host, { host, role, check: witness }]] : [])),
  );
  return new Map(
    await Promise.all([...witnesses].map(async ([host, witness]) => [host, await ask(witness)] as const)),
  );
}

/** Hosts that answered by themselves before, and don't any more, or not in time. */
async function goneHosts(
  failing: readonly Judged[],
  before: AskedBefore,
  { ask, last }: Pick<Questioner, 'ask'> & Pick<Deadline, 'last'>,
): Promise<ReadonlySet<string>> {
  const suspects = failing
    .map(({ check }) => check)
    .filter(({ host }) => before.witnesses.get(host)?.outcome === 'passed');
  const silence = last.then((): Pick<Asked, 'outcome'> => ({ outcome: 'failed' }));
  const answers = await askWitnesses(suspects, (one) => Promise.race([ask(one), silence]));
  return new Set([...answers].flatMap(([host, { outcome }]) => (outcome === 'failed' ? [host] : [])));
}
