import { holdMeeting, type MeetingHeld } from '../host/hold-meeting.ts';
import type { InventoryHost } from '../inventory/inventory.ts';
import { problemsOf } from '../model/operator-error.ts';
import {
  type AnyCheck,
  type BrowserCheck,
  isForBrowser,
  type MeetingQuestion,
  type OutsideCheck,
} from '../model/outside-check.ts';
import { type Asked, type Asking, askCheck, isAsked, notAsked } from '../verify/ask.ts';
import { joinMeeting } from '../verify/ask-meeting.ts';
import type { BrowserAnswers, HostInBrowser } from '../verify/browser/ask-browser.ts';
import { networkOf, type Session } from '../verify/session.ts';
import type { Look } from './look.ts';
import type { RunOptions } from './options.ts';

export interface MeetingOptions extends Pick<RunOptions, 'connect' | 'progress'>, Asking {
  /** aborted when whatever is under way is left to the hosts */
  readonly leave: AbortSignal;
  /** asks what needs a real browser; undefined where none is wanted */
  readonly browser?: ((hosts: readonly HostInBrowser[]) => Promise<BrowserAnswers>) | undefined;
  /** names of the other nodes, to which nothing of a meeting may go */
  readonly others?: readonly string[];
}

/** Whether a check is asked only where a meeting may be held. */
export function needsMeeting({ question, during }: AnyCheck): boolean {
  return question.kind === 'meeting' || during !== undefined;
}

/**
 * Holds the meetings of one host, one after the other, and asks everything that is asked during each of them.
 * The endings by the checks' ids. Nobody is interrupted by it, but a host that is being changed at the moment
 * is left alone.
 */
export async function askInMeetings(
  { host, snapshot }: Look,
  checks: readonly AnyCheck[],
  options: MeetingOptions,
): Promise<ReadonlyMap<string, Asked>> {
  const endings = new Map<string, Asked>();
  for (const check of checks) {
    const { question } = check;
    if (question.kind !== 'meeting') continue;
    const during = checks.filter((other) => other.during === check.id);
    const all = [check, ...during];
    const tell = (found: string) => {
      for (const { id } of all) endings.set(id, notAsked(found));
    };
    if (options.signal.aborted) tell('interrupted');
    else if (snapshot?.unsettled.some(({ alive }) => alive === true)) {
      tell('a run is in progress on this host, so no meeting was begun there');
    } else {
      try {
        options.progress({ kind: 'message', text: `holding a meeting on ${host.name}` });
        const connection = await options.connect(host.ssh, { signal: options.leave });
        try {
          const held = await holdMeeting(connection, question, (ways, enter) =>
            askDuring(question, ways, during, { ...options, host, enter }),
          );
          for (const [id, ending] of endingsOf(check, during, held, options)) endings.set(id, ending);
        } finally {
          connection.close().catch(() => undefined);
        }
      } catch (error) {
        tell(problemsOf(error)[0]?.message ?? String(error));
      }
    }
  }
  return endings;
}

interface AskedDuring {
  readonly joined: Awaited<ReturnType<typeof joinMeeting>>;
  readonly endings: ReadonlyMap<string, Asked>;
}

async function askDuring(
  question: MeetingQuestion,
  ways: Parameters<typeof joinMeeting>[1],
  during: readonly AnyCheck[],
  options: MeetingOptions & Entering,
): Promise<AskedDuring> {
  const joined = await joinMeeting(question, ways, options.network);
  const { session } = joined;
  if (session === undefined) return { joined, endings: new Map() };
  const one = async (check: OutsideCheck) => [check.id, await askAs(session, check, options)] as const;
  const [asked, inBrowser] = await Promise.all([
    Promise.all(during.flatMap((check) => (isForBrowser(check) ? [] : [one(check)]))),
    askInBrowser(during.filter(isForBrowser), options),
  ]);
  return { joined, endings: new Map([...asked, ...inBrowser]) };
}

/** Where a browser enters a meeting, and on which host. */
interface Entering {
  readonly host: InventoryHost;
  readonly enter: string | undefined;
}

/** What is asked of a client in the meeting. */
async function askInBrowser(
  checks: readonly BrowserCheck[],
  { browser, host: { name, role }, enter, others = [] }: MeetingOptions & Entering,
): Promise<ReadonlyMap<string, Asked>> {
  if (checks.length === 0 || browser === undefined) return new Map();
  if (enter === undefined) {
    const why = 'the program that holds the meeting has no address for a browser';
    return new Map(checks.map(({ id }) => [id, notAsked(why)]));
  }
  const { checks: asked } = await browser([{ host: name, role, checks, meeting: { enter, others } }]);
  return new Map(
    asked.map(({ id, outcome, expected, found, fix }) => [id, { outcome, expected, found, fix }]),
  );
}

async function askAs(session: Session, check: OutsideCheck, options: MeetingOptions): Promise<Asked> {
  if (!isAsked(check)) throw new Error(`${check.id} holds a meeting during a meeting`);
  return askCheck(check, { ...options, network: networkOf(options.network, session) });
}

/** What came of a meeting, and of what was asked during it. */
function endingsOf(
  { id, fix }: AnyCheck,
  during: readonly AnyCheck[],
  { result, trouble, end }: MeetingHeld<AskedDuring>,
  { signal }: MeetingOptions,
): ReadonlyMap<string, Asked> {
  const others = during.map(
    (check) => [check.id, result?.endings.get(check.id) ?? notAsked('nobody could join a meeting')] as const,
  );
  const mine = (): Asked => {
    // Whoever refuses to create a meeting refuses to end it as well; there is none then.
    if (trouble?.kind === 'failed') {
      return { outcome: 'failed', expected: 'a meeting can be created', found: trouble.words, fix };
    }
    if (end.kind === 'left') {
      const found = `the meeting could not be ended (${end.words}); it ends by itself within minutes`;
      return { outcome: 'failed', expected: 'the meeting is ended', found, fix };
    }
    if (trouble !== undefined) return notAsked(trouble.words);
    if (signal.aborted && result?.joined.verdict.outcome !== 'passed') return notAsked('interrupted');
    const { outcome, expected, found, fix: own } = result?.joined.verdict ?? noVerdict;
    if (outcome === 'failed') return { outcome, expected, found, fix: own ?? fix };
    if (end.kind === 'unknown') return notAsked(end.words);
    return { outcome, expected, found: `${found}; the meeting has ended`, fix: undefined };
  };
  return new Map([[id, mine()], ...others]);
}

const noVerdict: Asked = {
  outcome: 'failed',
  expected: 'a meeting can be created',
  found: 'it ended before anybody had joined it',
  fix: undefined,
};
