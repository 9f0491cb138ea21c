import pLimit from 'p-limit';
import { mergeReads } from '../model/merge-reads.ts';
import { type Problem, problemsOf } from '../model/operator-error.ts';
import type { AnyCheck, BrowserCheck, CheckResult, OutsideCheck } from '../model/outside-check.ts';
import { noReads } from '../model/reads.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { askedQueries } from '../playbook/resolve/asked.ts';
import { viewCluster } from '../playbook/resolve/contexts.ts';
import {
  type NamedCheck,
  outsideChecksByName,
  resolveOutsideChecks,
} from '../playbook/resolve/outside-checks.ts';
import { readsOf } from '../playbook/resolve/reads.ts';
import { type Asked, askCheck, isAsked, notAsked } from '../verify/ask.ts';
import type { BrowserAnswers, HostInBrowser } from '../verify/browser/ask-browser.ts';
import type { Network } from '../verify/network.ts';
import { withHostsView } from './hosts-view.ts';
import { limitedTo } from './limit.ts';
import { asAnswered, type Look, look, snapshotsOf } from './look.ts';
import type { RunOptions } from './options.ts';
import { questionLimits } from './question-limits.ts';
import { AnswerTimes } from './slow-answers.ts';
import { askInMeetings, needsMeeting } from './verify-meeting.ts';
import { askStreams, needsStream } from './verify-stream.ts';
import { askingRenewals, asksForCertificate, withRenewers } from './with-renewers.ts';

export interface VerifyOptions extends RunOptions {
  readonly network: Network;
  readonly now: () => number;
  /** whether meetings may be held */
  readonly withMeeting: boolean;
  /** whether streams may be published */
  readonly withStream: boolean;
  /** aborted when whatever is under way is left to the hosts */
  readonly leave: AbortSignal;
  /** asks what needs a real browser; undefined leaves these checks out */
  readonly browser?: ((hosts: readonly HostInBrowser[]) => Promise<BrowserAnswers>) | undefined;
}

export interface Verified {
  /** in the order of the inventory, and of the playbook */
  readonly checks: readonly CheckResult[];
  /** hosts that could not be looked at, so that it isn't known what to ask for them */
  readonly problems: readonly Problem[];
  /** what the browser showed beside the checks; undefined where none was asked */
  readonly seen?: Omit<BrowserAnswers, 'checks'> | undefined;
}

/**
 * Looks at all hosts, and asks from here what the playbook says is to be asked for them. What applies is
 * decided by each host's own facts, so a host that can't be looked at is asked nothing.
 */
export async function verifyRun(options: VerifyOptions): Promise<Verified> {
  const { inventory } = options;
  const chosen = limitedTo(inventory.hosts, options.limit);
  const renewals = await askingRenewals();
  const looks = await look(options, (host) =>
    mergeReads([
      readsOf(inventory, host, { guards: false, checks: 'all' }),
      {
        ...noReads,
        queries: [
          ...askedQueries(inventory, host),
          ...(chosen.has(host.name) && asksForCertificate(inventory, host) ? [renewals.query] : []),
        ],
      },
    ]),
  );
  const snapshots = snapshotsOf(looks);
  const cluster = viewCluster(asAnswered(inventory, looks), snapshots);
  const begin = questionLimits();
  const alone = pLimit(1);
  const times = new AnswerTimes(inventory.cluster.hostname, () => performance.now());
  const hosts = await Promise.all(
    looks
      .filter(({ host }) => chosen.has(host.name))
      .map(async (one): Promise<HostAsked> => {
        if (one.host.state === 'retired') return nothingAsked(options, one, retiredWords);
        if (one.off) return nothingAsked(options, one, offWords);
        if (one.snapshot === undefined) return hostNotAsked(options, one, one.problem);
        try {
          const { checks, inBrowser, notApplicable: others } = resolveOutsideChecks(cluster, one.host.name);
          const endings = await Promise.all([
            ...checks.map((check) => askAlone(one, check, { ...options, begin, times, snapshots })),
            // One host at a time: no more than one meeting or stream of ours is in a cluster.
            alone(() => askMeetings(one, [...checks, ...inBrowser], options)),
            alone(() => askPublishing(one, checks, options)),
          ]);
          const byId = new Map(endings.flatMap((some) => [...some]));
          return {
            one,
            inBrowser: inBrowser.filter((check) => !needsMeeting(check)),
            checks: [
              // Without an ending is what belongs to a meeting that doesn't apply to the host.
              ...withHostsView(
                cluster,
                one.host.name,
                withRenewers(
                  checks.map((check) => resultOf(one, check, byId.get(check.id) ?? notApplicable)),
                  renewals.read(one.snapshot),
                  options.now(),
                ),
              ),
              ...inBrowser
                .filter((check) => options.browser !== undefined && needsMeeting(check))
                .map((check) => resultOf(one, check, byId.get(check.id) ?? notApplicable)),
              ...others
                .filter(wanted(options))
                .map((check) => resultOf(one, check, { ...notApplicable, found: check.why })),
            ],
            problems: [],
          };
        } catch (error) {
          return hostNotAsked(options, one, problemsOf(error)[0]);
        }
      }),
  );
  const seen = await options.browser?.(hosts.flatMap(inBrowserOf));
  return {
    checks: (await notedByHost(times, hosts)).flatMap(({ one, checks }) => [
      ...checks,
      ...(seen?.checks ?? []).filter(({ host }) => host === one.host.name),
    ]),
    problems: hosts.flatMap(({ problems }) => problems),
    seen,
  };
}

/** What came of one host, and what is still to be asked there in a browser. */
interface HostAsked {
  readonly one: Look;
  readonly checks: readonly CheckResult[];
  readonly problems: readonly Problem[];
  readonly inBrowser: readonly BrowserCheck[];
}

async function notedByHost(times: AnswerTimes, hosts: readonly HostAsked[]): Promise<readonly HostAsked[]> {
  const noted = await times.noted(hosts.flatMap(({ checks }) => checks));
  return hosts.map((one) => ({ ...one, checks: noted.filter(({ host }) => host === one.one.host.name) }));
}

function inBrowserOf({ one: { host }, inBrowser }: HostAsked): readonly HostInBrowser[] {
  return inBrowser.length === 0 ? [] : [{ host: host.name, role: host.role, checks: inBrowser }];
}

/** Checks that need a browser are told of only where one is asked. */
function wanted({ browser }: VerifyOptions): (check: NamedCheck) => boolean {
  return ({ kind }) => kind !== 'browser' || browser !== undefined;
}

/** How checks ended, by their ids. */
type Endings = ReadonlyMap<string, Asked>;

async function askAlone(
  { host, snapshot }: Look,
  check: OutsideCheck,
  {
    begin,
    times,
    snapshots,
    ...options
  }: VerifyOptions & {
    readonly begin: ReturnType<typeof questionLimits>;
    readonly times: AnswerTimes;
    readonly snapshots: ReadonlyMap<string, Snapshot>;
  },
): Promise<Endings> {
  if (needsMeeting(check) || !isAsked(check)) return new Map();
  const ask = () => askCheck(check, { ...options, snapshot, snapshots });
  const ending = await begin(check.question, () => times.time(host.name, check, ask));
  return new Map([[check.id, ending]]);
}

async function askMeetings(one: Look, checks: readonly AnyCheck[], options: VerifyOptions): Promise<Endings> {
  const inMeetings = checks.filter(needsMeeting);
  const others = options.inventory.hosts
    .filter(({ name, role, state }) => name !== one.host.name && role === one.host.role && state === 'active')
    .flatMap(({ hostname }) => hostname ?? []);
  if (options.withMeeting) return askInMeetings(one, inMeetings, { ...options, others });
  return new Map(inMeetings.map(({ id }) => [id, unwanted]));
}

async function askPublishing(
  one: Look,
  checks: readonly OutsideCheck[],
  options: VerifyOptions,
): Promise<Endings> {
  const withStreams = checks.filter(needsStream);
  if (options.withStream) return askStreams(one, withStreams, options);
  const unwanted = { ...notApplicable, found: 'asked only with --with-stream' };
  return new Map(withStreams.map(({ id }) => [id, unwanted]));
}

const notApplicable: Asked = {
  ...{ outcome: 'not-applicable', expected: undefined, found: undefined, fix: undefined },
};

const retiredWords = 'this host is retired';
const offWords = 'this host is off';

const unwanted: Asked = { ...notApplicable, found: 'asked only with --with-meeting' };

function resultOf(
  { host }: Look,
  { id, title }: Pick<OutsideCheck, 'id' | 'title'>,
  ending: Asked,
): CheckResult {
  return { host: host.name, role: host.role, id, title, ...ending };
}

/** What a host that has left the cluster answers is its own business; one that is off answers nothing. */
function nothingAsked(options: VerifyOptions, one: Look, why: string): HostAsked {
  const checks = outsideChecksByName(options.inventory, one.host)
    .filter(wanted(options))
    .map((check) => resultOf(one, check, { ...notApplicable, found: why }));
  return { one, checks, inBrowser: [], problems: [] };
}

function hostNotAsked(options: VerifyOptions, one: Look, problem: Problem | undefined): HostAsked {
  const { host } = one;
  const found = problem?.message ?? 'the host was not looked at';
  return {
    one,
    checks: outsideChecksByName(options.inventory, host)
      .filter(wanted(options))
      .map((check) => resultOf(one, check, notAsked(found))),
    inBrowser: [],
    problems: problem === undefined ? [] : [{ ...problem, host: host.name }],
  };
}
