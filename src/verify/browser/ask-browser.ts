import { join } from 'node:path';
import type { SecureContext } from 'node:tls';
import pLimit from 'p-limit';
import type { Browser, BrowserType } from 'playwright-core';
import type { BrowserCheck, CheckResult } from '../../model/outside-check.ts';
import { addressesOf } from '../addresses.ts';
import { complaintWords, fixOf } from './complaints.ts';
import { type BrowserVerdict, judge, type Servers } from './judge.ts';
import { judgeMedia } from './judge-media.ts';
import type { Seen, Unseen, Visit } from './seen-page.ts';
import { shownUrl } from './shown-url.ts';
import { longestStart, start, startTrouble } from './start.ts';
import { trustedKeys } from './trusted-keys.ts';
import { visit } from './visit.ts';

/** The checks in a browser of one host. */
export interface HostInBrowser {
  readonly host: string;
  readonly role: string;
  readonly checks: readonly BrowserCheck[];
  /** undefined where the pages are opened by themselves */
  readonly meeting?: EnteredMeeting | undefined;
}

/** A meeting in which the pages are looked at. */
export interface EnteredMeeting {
  /** leads into it and to the page; nobody may see it */
  readonly enter: string;
  /** names of the other nodes, with which it has nothing to do */
  readonly others: readonly string[];
}

export interface BrowserOptions {
  /** the browser's program, as findBrowser() gives it */
  readonly program: string;
  /** as loadPlaywright() gives it */
  readonly playwright: BrowserType;
  /** the authorities that are trusted here */
  readonly context: SecureContext;
  /** aborted when the operator interrupts: the browser is closed */
  readonly signal: AbortSignal;
  /** for each step of a visit; milliseconds */
  readonly patience: number;
  /** an existing folder for pictures of the pages; undefined for none */
  readonly screenshots?: string | undefined;
}

/** What came of it. */
export interface BrowserAnswers {
  /** in the order of the hosts and their checks */
  readonly checks: readonly CheckResult[];
  /** the program and its version; undefined if it did not start */
  readonly browser: { readonly program: string; readonly version: string } | undefined;
  readonly screenshots: readonly { readonly host: string; readonly file: string }[];
  /** what could not be shown */
  readonly warnings: readonly string[];
}

/** Pages that are open at once: each is a process of its own, and a client computes for seconds. */
const pagesAtOnce = 4;

/**
 * Opens the clients' pages of these hosts in one browser, whose camera and microphone are granted once for
 * each cluster's origin, and judges what it shows. One visit answers all checks of a page. The browser has an
 * empty profile and made-up devices, and makes no connections besides those of the pages. Never throws: one
 * that doesn't start leaves the checks not asked.
 */
export async function askBrowser(
  hosts: readonly HostInBrowser[],
  options: BrowserOptions,
): Promise<BrowserAnswers> {
  const { program, signal } = options;
  const visits = hosts.flatMap((one) => visitsOf(one, options.screenshots));
  if (visits.length === 0) return { checks: [], browser: undefined, screenshots: [], warnings: [] };
  let browser: Browser;
  try {
    browser = await startFor(visits, options);
  } catch (error) {
    return nothingAsked(
      visits,
      signal.aborted ? interrupted : `${program} did not start: ${startTrouble(error)}`,
    );
  }
  // Once, so that whoever waits for it waits until the profile is gone.
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= browser.close().catch(() => undefined);
    return closing;
  };
  signal.addEventListener('abort', close);
  try {
    if (signal.aborted) return nothingAsked(visits, interrupted);
    const version = browser.version();
    const seen = await visitAll(visits, browser, options);
    const places = await placesOf(visits, options);
    return {
      checks: visits.flatMap((one) => resultsOf(one, seen.get(one), { visits, signal, places })),
      browser: { program, version },
      screenshots: visits.flatMap((one) => {
        const file = one.what.screenshot;
        return file === undefined || seen.get(one)?.kind !== 'seen' ? [] : [{ host: one.host.host, file }];
      }),
      warnings: warningsOf(visits),
    };
  } catch (error) {
    return nothingAsked(visits, signal.aborted ? interrupted : `${program} failed: ${startTrouble(error)}`);
  } finally {
    signal.removeEventListener('abort', close);
    await close();
  }
}

const interrupted = 'interrupted';

/** What a host's checks want of one page: all of them look at it together. */
interface HostVisit {
  readonly host: HostInBrowser;
  readonly checks: readonly BrowserCheck[];
  readonly what: Visit;
}

function visitsOf(host: HostInBrowser, screenshots: string | undefined): readonly HostVisit[] {
  const pages = [...new Set(host.checks.map(({ question }) => question.page))];
  return pages.map((page, index) => {
    const checks = host.checks.filter(({ question }) => question.page === page);
    const questions = checks.map(({ question }) => question);
    const file = index === 0 ? `${host.host}.png` : `${host.host}-${index + 1}.png`;
    const what = {
      ...{ page, enter: host.meeting?.enter, media: questions.some(({ shows }) => shows === 'media') },
      elsewhere: questions.find(({ elsewhere }) => elsewhere !== undefined)?.elsewhere,
      sockets: questions.flatMap(({ sockets, protocol }) => sockets.map((url) => ({ url, protocol }))),
      reads: questions.flatMap(({ reads }) => reads),
      // A picture of a meeting would be that of the same client once more.
      screenshot:
        screenshots === undefined || host.meeting !== undefined ? undefined : join(screenshots, file),
    };
    return { host, checks, what };
  });
}

async function startFor(
  visits: readonly HostVisit[],
  { program, playwright, context, signal, patience }: BrowserOptions,
): Promise<Browser> {
  const keys = await trustedKeys(visits.flatMap(urlsOf), { context, signal, patience });
  return start({ program, playwright, keys, patience: longestStart });
}

function urlsOf({ what: { page, enter, elsewhere, sockets, reads } }: HostVisit): readonly string[] {
  return [page, enter ?? [], elsewhere ?? [], sockets.map(({ url }) => url), reads].flat();
}

/** The addresses of all servers by their names, where it is asked what media have to do with them. */
async function placesOf(
  visits: readonly HostVisit[],
  { signal, patience }: BrowserOptions,
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (!visits.some(({ what }) => what.media)) return new Map();
  const urls = visits.flatMap(urlsOf).filter((url) => URL.canParse(url));
  const others = visits.flatMap(({ host }) => host.meeting?.others ?? []);
  const names = [
    ...new Set([...urls.map((url) => new URL(url).hostname.replace(/^\[|\]$/g, '')), ...others]),
  ];
  return new Map(
    await Promise.all(
      names.map(async (name) => {
        const found = await addressesOf(name, { signal, patience });
        return [name, found.kind === 'addresses' ? found.addresses : []] as const;
      }),
    ),
  );
}

async function visitAll(
  visits: readonly HostVisit[],
  browser: Browser,
  { patience }: BrowserOptions,
): Promise<ReadonlyMap<HostVisit, Seen | Unseen>> {
  const context = await browser.newContext();
  for (const origin of new Set(visits.map(({ what }) => new URL(what.page).origin))) {
    await context.grantPermissions(['camera', 'microphone'], { origin });
  }
  const limit = pLimit(pagesAtOnce);
  return new Map(
    await Promise.all(
      visits.map((one) => limit(async () => [one, await visit(one.what, { context, patience })] as const)),
    ),
  );
}

/** How the checks of one page ended. */
function resultsOf(
  one: HostVisit,
  seen: Seen | Unseen | undefined,
  {
    visits,
    signal,
    places,
  }: {
    readonly visits: readonly HostVisit[];
    readonly signal: AbortSignal;
    readonly places: ReadonlyMap<string, readonly string[]>;
  },
): readonly CheckResult[] {
  const verdictOf = (check: BrowserCheck): BrowserVerdict => {
    const { page, shows } = check.question;
    if (signal.aborted || seen === undefined) return notAsked(interrupted);
    if (seen.kind === 'unseen') return unseenVerdict(check, seen);
    const { origin } = new URL(page);
    if (shows !== 'origin' && new URL(seen.url).origin !== origin) {
      return notAsked(`the browser was sent to ${shownUrl(seen.url)}, which is no page of ${origin}`);
    }
    return check.question.shows === 'media'
      ? judgeMedia(origin, seen, { ...serversOf(one, visits), places })
      : judge(check, seen, serversOf(one, visits));
  };
  return one.checks.map((check) => resultOf(one, check, verdictOf(check)));
}

function unseenVerdict(
  { question: { page, shows } }: BrowserCheck,
  { complaint, gone }: Unseen,
): BrowserVerdict {
  if (gone) return notAsked('the browser ended while it was asked');
  const found = complaintWords(complaint);
  if (shows !== 'origin') return notAsked(`the page could not be opened: ${found}`);
  const expected = `${shownUrl(page)} can be opened in a browser`;
  return { outcome: 'failed', expected, found, fix: fixOf(complaint, new URL(page).origin) };
}

function serversOf(one: HostVisit, visits: readonly HostVisit[]): Servers {
  const hostsOf = (visit: HostVisit) =>
    urlsOf(visit).flatMap((url) => (URL.canParse(url) ? [new URL(url).host] : []));
  const own = new Set(hostsOf(one));
  const rest = visits.filter(({ host }) => host !== one.host);
  const named = [...rest.flatMap(hostsOf), ...(one.host.meeting?.others ?? [])];
  const others = new Set(named.filter((host) => !own.has(host)));
  return { own, others, second: rest.length > 0 };
}

function resultOf(
  { host: { host, role } }: HostVisit,
  { id, title, fix }: BrowserCheck,
  { outcome, expected, found, fix: better }: BrowserVerdict,
): CheckResult {
  return {
    host,
    role,
    id,
    title,
    outcome,
    expected,
    found,
    fix: outcome === 'failed' ? (better ?? fix) : undefined,
  };
}

function notAsked(found: string): BrowserVerdict {
  return { outcome: 'not-asked', expected: undefined, found };
}

function nothingAsked(visits: readonly HostVisit[], why: string): BrowserAnswers {
  const checks = visits.flatMap((one) => one.checks.map((check) => resultOf(one, check, notAsked(why))));
  return { checks, browser: undefined, screenshots: [], warnings: [] };
}

function warningsOf(visits: readonly HostVisit[]): readonly string[] {
  const [first] = visits;
  if (first === undefined || visits.some(({ host }) => host !== first.host)) return [];
  return [
    `only the client of ${first.host.host} was opened in the browser: that camera and microphone, once granted, hold for a second node can be shown only with two nodes`,
  ];
}
