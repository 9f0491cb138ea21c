import type { BrowserCheck, CheckOutcome } from '../../model/outside-check.ts';
import { type Complaint, complaintWords, distinct, fixOf } from './complaints.ts';
import type { SocketEnd } from './page-probes.ts';
import type { Seen } from './seen-page.ts';
import { shownUrl, withShownUrls } from './shown-url.ts';

/** How a check in a browser ended. */
export interface BrowserVerdict {
  readonly outcome: CheckOutcome;
  readonly expected: string | undefined;
  readonly found: string | undefined;
  /** what to do if the check's own advice doesn't fit */
  readonly fix?: string | undefined;
}

/** The servers that a page has to do with. */
export interface Servers {
  /** host and port of the node, and of the cluster */
  readonly own: ReadonlySet<string>;
  /** those of other nodes */
  readonly others: ReadonlySet<string>;
  /** whether other nodes' clients were opened in the same browser */
  readonly second: boolean;
}

/** Judges what a browser showed of a page; media are judged by judgeMedia(). */
export function judge(
  { question }: Pick<BrowserCheck, 'question'>,
  seen: Seen,
  servers: Servers,
): BrowserVerdict {
  const origin = new URL(question.page).origin;
  switch (question.shows) {
    case 'origin':
      return judgeOrigin(question.page, seen);
    case 'permissions':
      return judgePermissions(origin, question.elsewhere, seen, servers);
    case 'sockets':
      return judgeSockets(origin, seen, servers);
    default:
      return judgeConsole(origin, seen, servers);
  }
}

/** Which origin a page has, since that is what browsers grant camera and microphone to (RFC 6454). */
function judgeOrigin(page: string, { url, status }: Seen): BrowserVerdict {
  const { origin } = new URL(page);
  const expected = `${shownUrl(page)} is a page of ${origin}`;
  if (status >= 400) return { outcome: 'failed', expected, found: `it answers ${status}` };
  const found = new URL(url).origin;
  return found === origin
    ? { outcome: 'passed', expected, found: `the page's origin is ${found}` }
    : { outcome: 'failed', expected, found: `it sends the browser to ${shownUrl(url)}` };
}

const kinds = ['camera', 'microphone'] as const;

function judgePermissions(
  origin: string,
  elsewhere: string | undefined,
  seen: Seen,
  { second }: Pick<Servers, 'second'>,
): BrowserVerdict {
  const expected = `camera and microphone, granted once to ${origin}, are granted to this node's page`;
  const refused = kinds.flatMap((kind) => {
    const { permissions, devices } = seen;
    if (permissions[kind] !== 'granted') return [`${kind}: ${permissions[kind]}`];
    return devices[kind] === '' ? [] : [`${kind}: granted, but the page does not get it (${devices[kind]})`];
  });
  const policy = seen.headers['permissions-policy'] ?? seen.headers['feature-policy'];
  if (refused.length > 0) {
    const found = [...refused, ...(policy === undefined ? [] : [`its Permissions-Policy is '${policy}'`])];
    return {
      ...{ outcome: 'failed', expected, found: found.join('; ') },
      fix:
        policy === undefined
          ? undefined
          : 'look for Permissions-Policy in the files of nginx on the proxy and on the node, and let it allow camera and microphone for self',
    };
  }
  const there = elsewhere === undefined ? '' : new URL(elsewhere).origin;
  const states = seen.permissionsElsewhere;
  // A policy of the machine's administrator may grant them everywhere.
  if (states !== undefined && there !== origin && kinds.some((kind) => states[kind] === 'granted')) {
    return {
      ...{ outcome: 'not-asked', expected },
      found: `this browser grants them to ${there} as well, to which nobody has, so nothing can be shown with it`,
    };
  }
  const contrast = states === undefined || there === origin ? '' : `, ${withoutGrant(there, states)}`;
  const alone = second ? '' : '; no second client was opened, so nothing is shown for one';
  return { outcome: 'passed', expected, found: `granted for ${origin}${contrast}${alone}` };
}

/** What it is like where nothing was granted; a client that asked there was refused, as nobody can answer. */
function withoutGrant(origin: string, states: Readonly<Record<(typeof kinds)[number], string>>): string {
  return kinds.every((kind) => states[kind] === 'prompt')
    ? `while ${origin} would have to ask for them`
    : `while ${origin} has not been granted them`;
}

const ends: Readonly<Record<Exclude<SocketEnd, 'open'>, string>> = {
  closed: 'it is refused',
  silent: 'it does not answer',
  forbidden: "forbidden by the page's Content-Security-Policy",
  invalid: 'the browser does not open it: it is not encrypted, and the page is',
};

/** The proxy relays pages; a socket that goes there as well makes it relay the meeting. */
function judgeSockets(origin: string, seen: Seen, { own, others }: Servers): BrowserVerdict {
  const cluster = new URL(origin).host;
  const expected = 'the page opens its sockets at the node, which accepts them, and none at the proxy';
  const misled = seen.ownSockets.flatMap(({ url, error }) => {
    const { host } = new URL(url);
    if (host === cluster) return [`${shownUrl(url)} goes to the proxy`];
    if (others.has(host)) return [`${shownUrl(url)} goes to another node`];
    return error === '' || !own.has(host) ? [] : [`${shownUrl(url)}: ${error}`];
  });
  const shut = seen.askedSockets.flatMap(({ url, end, error }) =>
    end === 'open' ? [] : [`${shownUrl(url)}: ${error === '' ? ends[end] : error}`],
  );
  const wrong = [...new Set([...misled, ...shut])];
  if (wrong.length > 0) return { outcome: 'failed', expected, found: wrong.join('; ') };
  const opened = [...new Set(seen.ownSockets.map(({ url }) => new URL(url).host))];
  const accepted = seen.askedSockets.map(({ url }) => shownUrl(url));
  if (opened.length === 0 && accepted.length === 0) {
    return { outcome: 'not-applicable', expected: undefined, found: undefined };
  }
  const byItself =
    opened.length === 0
      ? 'the page opens none without a meeting'
      : `the page opens ${seen.ownSockets.length} at ${opened.join(', ')}`;
  const asked = accepted.length === 0 ? '' : `; accepted for it: ${accepted.join(', ')}`;
  return { outcome: 'passed', expected, found: `${byItself}${asked}` };
}

/** How much of what a page says about itself is told. */
const mostSaid = 3;

/**
 * What the browser complains about. What the page writes to the console by itself is told and not judged: a
 * client that is opened without a meeting has every reason to. Neither is a server of a third party.
 */
function judgeConsole(origin: string, seen: Seen, { own, others }: Servers): BrowserVerdict {
  const expected = 'the browser blocks nothing of the page, and every server of the cluster answers it';
  const complaints = distinct(seen.complaints);
  const ours = complaints.filter((complaint) => isOurs(complaint, own, others));
  const theirs = complaints.filter((complaint) => !ours.includes(complaint));
  const said = [...new Set(seen.said)]
    .slice(0, mostSaid)
    .map((text) => `the page itself says: ${short(text)}`);
  const beside = [...theirs.map((complaint) => `not of the cluster: ${complaintWords(complaint)}`), ...said];
  const [first] = ours;
  if (first === undefined) {
    return { outcome: 'passed', expected, found: ['it blocks nothing', ...beside].join('; ') };
  }
  return {
    ...{ outcome: 'failed', expected, found: ours.map(complaintWords).join('; ') },
    fix: [...new Set(ours.map((complaint) => fixOf(complaint, origin)))].join('; '),
  };
}

function isOurs({ url }: Complaint, own: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  if (!URL.canParse(url)) return true;
  const { host } = new URL(url);
  // An address without TLS has another port, and is the same server.
  const { hostname } = new URL(url);
  return [...own, ...others].some((one) => one === host || one.split(':')[0] === hostname);
}

function short(text: string): string {
  const [line = ''] = text.split('\n');
  const masked = withShownUrls(line);
  return masked.length > 120 ? `${masked.slice(0, 120)}…` : masked;
}
