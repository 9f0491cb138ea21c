import { rm, writeFile } from 'node:fs/promises';
import type { BrowserContext, Page } from 'playwright-core';
import {
  type Complaint,
  complaintOfAnswer,
  complaintOfConsole,
  complaintOfFailure,
  isAboutRequest,
} from './complaints.ts';
import {
  askDevice,
  askPermissions,
  openSocket,
  type Peer,
  readAnswer,
  readPeers,
  recordPeers,
  stayHere,
} from './page-probes.ts';
import type { Seen, Unseen, Visit } from './seen-page.ts';
import { withShownUrls } from './shown-url.ts';

export interface VisitOptions {
  readonly context: BrowserContext;
  /** milliseconds, for each step */
  readonly patience: number;
}

/** A page's requests are over, or it has had this long; milliseconds. */
const longestUnrest = 5_000;

/** A client that joins the audio of a meeting has been answered by then; milliseconds. */
const longestJoining = 20_000;
/** Servers know their own addresses at once, and tell them within a moment; milliseconds. */
const trickle = 1_000;

/** How often a page is opened while this machine's network changes under the browser. */
const mostVisits = 3;

/**
 * Opens a page, does what the visit says, and tells what the browser showed. Never throws. A browser cuts all
 * connections when an interface of its machine comes or goes, be it that of a container: the page is opened
 * once more then.
 */
export async function visit(what: Visit, options: VisitOptions): Promise<Seen | Unseen> {
  for (let times = 1; ; times += 1) {
    const seen = await visitOnce(what, options);
    if (times === mostVisits || !isCutHere(seen)) return seen;
  }
}

function isCutHere(seen: Seen | Unseen): boolean {
  const complaints = seen.kind === 'seen' ? seen.complaints : [seen.complaint];
  return complaints.some(({ words }) => words.includes('ERR_NETWORK_CHANGED'));
}

async function visitOnce(what: Visit, options: VisitOptions): Promise<Seen | Unseen> {
  try {
    return (
      (await look(what, options, { held: false })) ??
      (await look(what, options, { held: true })) ??
      left(what)
    );
  } catch (error) {
    return unseen(what, error);
  }
}

/**
 * One look at a page; undefined if the page has gone elsewhere by itself, as a client may that finds itself
 * without a meeting. Such a page is held the next time: what has to be shown of it is its origin.
 */
async function look(
  what: Visit,
  options: VisitOptions,
  { held }: { readonly held: boolean },
): Promise<Seen | undefined> {
  const { context, patience } = options;
  const page = await within(patience, context.newPage());
  try {
    const heard = listen(page);
    await page.addInitScript(recordPeers);
    if (held) await page.addInitScript(stayHere);
    const answer = await page.goto(what.enter ?? what.page, { waitUntil: 'load', timeout: patience });
    if (answer === null) throw new Error('no answer');
    const unrest = Math.min(patience, longestUnrest);
    await page.waitForLoadState('networkidle', { timeout: unrest }).catch(() => undefined);
    if (new URL(page.url()).origin !== new URL(answer.url()).origin) return undefined;
    const peers = what.media ? await peersOf(page, Math.min(patience, longestJoining)) : [];
    if (what.screenshot !== undefined) await picture(page, what.screenshot, patience);
    const probed = await probe(page, what, { patience, heard });
    return {
      ...{ kind: 'seen', url: answer.url(), status: answer.status(), headers: await answer.allHeaders() },
      ...{ ...probed, peers },
      permissionsElsewhere: await permissionsAt(what.elsewhere, options),
      ...{ complaints: heard.complaints, said: heard.said },
    };
  } catch (error) {
    if (/Execution context was destroyed/.test(String(error))) return undefined;
    throw error;
  } finally {
    await page.close().catch(() => undefined);
  }
}

/** The page's connections for media, soon after one of them has been answered. */
async function peersOf(page: Page, patience: number): Promise<readonly Peer[]> {
  const end = Date.now() + patience;
  const read = () => within(patience, page.evaluate(readPeers));
  while (!(await read()).some(({ candidates }) => candidates.length > 0)) {
    if (Date.now() > end) return read();
    await page.waitForTimeout(100);
  }
  // Ways to the other side may come one by one.
  await page.waitForTimeout(trickle);
  return read();
}

async function probe(
  page: Page,
  what: Visit,
  { patience, heard }: { readonly patience: number; readonly heard: ReturnType<typeof listen> },
): Promise<Pick<Seen, 'permissions' | 'devices' | 'ownSockets' | 'askedSockets'>> {
  const permissions = await within(patience, page.evaluate(askPermissions));
  // A browser without a window refuses what hasn't been granted, and remembers that.
  const device = async (state: string, kind: 'video' | 'audio') =>
    state === 'granted' ? within(2 * patience, page.evaluate(askDevice, { kind, patience })) : '';
  const devices = {
    camera: await device(permissions.camera, 'video'),
    microphone: await device(permissions.microphone, 'audio'),
  };
  const ownSockets = [...heard.sockets.values()];
  const ends = await Promise.all(
    what.sockets.map((socket) => within(2 * patience, page.evaluate(openSocket, { ...socket, patience }))),
  );
  await Promise.all(
    what.reads.map((url) => within(2 * patience, page.evaluate(readAnswer, { url, patience }))),
  );
  const askedSockets = what.sockets.map(({ url }, index) => ({
    url,
    end: ends[index] ?? 'silent',
    error: [...heard.sockets.values()].findLast((socket) => sameUrl(socket.url, url))?.error ?? '',
  }));
  return { permissions, devices, ownSockets, askedSockets };
}

function unseen({ page: url }: Visit, error: unknown): Unseen {
  // It may have the address by which a meeting is entered.
  const message = withShownUrls(
    error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error),
  );
  const gone = /has been closed|Target crashed|Browser closed/.test(message);
  if (/Timeout|no answer/.test(message)) {
    return {
      kind: 'unseen',
      complaint: { cause: 'unreachable', url, words: 'it does not answer in time' },
      gone,
    };
  }
  const complaint = complaintOfFailure(url, /net::\S+/.exec(message)?.[0] ?? message);
  return {
    kind: 'unseen',
    complaint: complaint ?? { cause: 'unknown', url, words: 'it offers a file to save' },
    gone,
  };
}

function left({ page: url }: Visit): Unseen {
  const words = 'it sends the browser elsewhere before it can be looked at';
  return { kind: 'unseen', complaint: { cause: 'unknown', url, words }, gone: false };
}

/** Gathers what the browser tells of a page while it is open. */
function listen(page: Page) {
  const complaints: Complaint[] = [];
  const said: string[] = [];
  const sockets = new Map<unknown, { readonly url: string; error: string }>();
  const note = (complaint: Complaint | undefined) => {
    if (complaint !== undefined) complaints.push(complaint);
  };
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    const complaint = complaintOfConsole(message.text());
    if (complaint !== undefined) complaints.push(complaint);
    else if (!isAboutRequest(message.text()) && !message.text().startsWith('[Report Only]'))
      said.push(message.text());
  });
  page.on('pageerror', (error) => said.push(error.message));
  page.on('requestfailed', (request) =>
    note(complaintOfFailure(request.url(), request.failure()?.errorText ?? '')),
  );
  page.on('response', (response) => {
    const request = response.request();
    note(complaintOfAnswer(response.url(), response.status(), request.resourceType()));
  });
  page.on('websocket', (socket) => {
    const one = { url: socket.url(), error: '' };
    sockets.set(socket, one);
    socket.on('socketerror', (error) => {
      one.error = error;
    });
  });
  return { complaints, said, sockets };
}

/** What the browser would let a page at another address have; undefined if it can't be opened. */
async function permissionsAt(
  url: string | undefined,
  { context, patience }: VisitOptions,
): Promise<Seen['permissionsElsewhere']> {
  if (url === undefined) return undefined;
  const page = await within(patience, context.newPage());
  try {
    await page.goto(url, { waitUntil: 'commit', timeout: patience });
    return await within(patience, page.evaluate(askPermissions));
  } catch {
    return undefined;
  } finally {
    await page.close().catch(() => undefined);
  }
}

/** Anew, so that a file of another mode or a link that is there gets neither kept nor followed. */
async function picture(page: Page, file: string, patience: number): Promise<void> {
  const content = await page.screenshot({ timeout: patience });
  await rm(file, { force: true });
  await writeFile(file, content, { mode: 0o600, flag: 'wx' });
}

/** Playwright's evaluate() and newPage() know no limit of their own. */
async function within<Result>(milliseconds: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds / 1000} s`)), milliseconds);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

/** A browser writes `wss://host/` where `wss://host` was meant. */
function sameUrl(left: string, right: string): boolean {
  return URL.canParse(left) && URL.canParse(right) && new URL(left).href === new URL(right).href;
}
