import { shownUrl } from './shown-url.ts';

/** Why a browser didn't do what a page wanted. */
export type Cause =
  | 'cors'
  | 'local-network'
  | 'csp'
  | 'mixed-content'
  | 'certificate'
  | 'dns'
  | 'unreachable'
  | 'redirects'
  | 'refused-answer'
  | 'missing'
  | 'gateway'
  | 'unknown';

/** Something that a browser complains about. */
export interface Complaint {
  readonly cause: Cause;
  /** what was asked for; '' where the browser doesn't say */
  readonly url: string;
  /** why, in words that go after the address */
  readonly words: string;
}

/** Blink's words, from Chromium 100 to 156; RFC-like names are those of its console. */
const consoleRules: readonly {
  readonly pattern: RegExp;
  readonly complaint: (url: string, rest: string) => Complaint | undefined;
}[] = [
  // It is only reported, and not enforced.
  { pattern: /^\[Report Only\]()()/, complaint: () => undefined },
  {
    pattern: /^Access to .+? at '([^']*)'.* has been blocked by CORS policy: (.*)$/s,
    complaint: (url, why) =>
      /to access the .+ address space/.test(why)
        ? { cause: 'local-network', url, words: 'it has an address of a private network here' }
        : { cause: 'cors', url, words: `blocked by CORS: ${why}` },
  },
  {
    pattern:
      /^(?:[^']*?'([^']*)')?.* (?:violates|violate) the following Content Security Policy directive: "([^"]*)"/s,
    complaint: (url, directive) => ({
      cause: 'csp',
      url,
      words: `forbidden by the page's Content-Security-Policy: ${directive}`,
    }),
  },
  {
    pattern:
      /^Fetch API cannot load (\S+?)\. Refused to connect because it violates the document's Content Security Policy()/,
    complaint: (url) => ({ cause: 'csp', url, words: "forbidden by the page's Content-Security-Policy" }),
  },
  {
    pattern:
      /^Mixed Content: .*? but (?:requested an insecure|attempted to connect to the insecure) .*?'([^']*)'\. This request has been blocked()/s,
    complaint: (url) => ({
      cause: 'mixed-content',
      url,
      words: 'blocked, because it is not encrypted and the page is (mixed content)',
    }),
  },
];

/**
 * What an error in the console says; undefined for the page's own words, and for what the browser tells by
 * other means as well: failed requests, answers, and sockets.
 */
export function complaintOfConsole(text: string): Complaint | undefined {
  for (const { pattern, complaint } of consoleRules) {
    const match = pattern.exec(text);
    if (match !== null) return complaint(match[1] ?? '', match[2] ?? '');
  }
  return undefined;
}

/** Whether an error in the console is about a request or a socket, which the browser tells by other means. */
export function isAboutRequest(text: string): boolean {
  return /^(?:Failed to load resource: |WebSocket connection to |Permissions policy violation: )/.test(text);
}

/** net_error_list.h of Chromium, and the reasons of the DevTools protocol (Network.BlockedReason). */
const failures: readonly (readonly [pattern: RegExp, cause: Cause, words: string])[] = [
  [
    /ERR_CERT_AUTHORITY_INVALID/,
    'certificate',
    'its certificate is signed by nobody whom the browser trusts: it is self-signed, or its chain is incomplete',
  ],
  [/ERR_CERT_COMMON_NAME_INVALID/, 'certificate', 'its certificate is for other names'],
  [/ERR_CERT_DATE_INVALID/, 'certificate', 'its certificate has expired, or is not valid yet'],
  [/ERR_CERT_REVOKED/, 'certificate', 'its certificate is revoked'],
  [/ERR_CERT_|ERR_CERTIFICATE_/, 'certificate', 'the browser does not trust its certificate'],
  [/ERR_SSL_|ERR_ECH_/, 'certificate', 'it does not speak TLS as it should'],
  [/ERR_NAME_|ERR_DNS_|ERR_ICANN_/, 'dns', 'its name does not resolve here'],
  [/ERR_CONNECTION_REFUSED/, 'unreachable', 'it refuses the connection'],
  [/ERR_(?:CONNECTION_)?TIMED_OUT/, 'unreachable', 'it does not answer'],
  [
    /ERR_(?:CONNECTION_|ADDRESS_|EMPTY_RESPONSE|INTERNET_DISCONNECTED|NETWORK_|SOCKET_)/,
    'unreachable',
    'the connection fails',
  ],
  [/ERR_TOO_MANY_REDIRECTS/, 'redirects', 'its redirects go round in circles'],
  [/ERR_BLOCKED_BY_CSP|^csp$/, 'csp', "forbidden by the page's Content-Security-Policy"],
  [
    /^mixed-content$/,
    'mixed-content',
    'blocked, because it is not encrypted and the page is (mixed content)',
  ],
  [
    /ERR_BLOCKED_BY_|^(?:corp|coep|coop|origin|content-type|sri)/,
    'refused-answer',
    'the browser refuses its answer, because of what its headers say',
  ],
];

/** Why a request failed; undefined where the page itself or the end of the visit cut it short. */
export function complaintOfFailure(url: string, errorText: string): Complaint | undefined {
  if (/ERR_ABORTED|NS_BINDING_ABORTED/.test(errorText)) return undefined;
  const code = /(?:net::)?(ERR_[A-Z0-9_]+)/.exec(errorText)?.[1] ?? errorText;
  const found = failures.find(([pattern]) => pattern.test(errorText));
  if (found === undefined) return { cause: 'unknown', url, words: `it fails (${code})` };
  return { cause: found[1], url, words: code.startsWith('ERR_') ? `${found[2]} (${code})` : found[2] };
}

/**
 * What is wrong with an answer: without a session a server may well refuse what a page asks for, but what the
 * page is made of has to be there, and a gateway that can't reach its server tells of no session.
 */
export function complaintOfAnswer(url: string, status: number, kind: string): Complaint | undefined {
  if ([502, 503, 504].includes(status)) {
    return {
      cause: 'gateway',
      url,
      words: `it answers ${status}, because what is behind it does not answer`,
    };
  }
  const partOfPage = ['document', 'script', 'stylesheet'].includes(kind);
  return status >= 400 && partOfPage ? { cause: 'missing', url, words: `it answers ${status}` } : undefined;
}

/** One for each address and cause, the first with an address; without those that others explain. */
export function distinct(complaints: readonly Complaint[]): readonly Complaint[] {
  const explained = new Set(complaints.filter(({ cause }) => cause !== 'unknown').map(({ url }) => url));
  const kept = new Map<string, Complaint>();
  for (const complaint of complaints) {
    const { cause, url } = complaint;
    if (cause === 'unknown' && explained.has(url)) continue;
    const key = `${cause} ${url}`;
    if (!kept.has(key)) kept.set(key, complaint);
  }
  return [...kept.values()];
}

/** `https://bbb-01.example.com/a: blocked by CORS: …` */
export function complaintWords({ url, words }: Complaint): string {
  return url === '' ? words : `${shownUrl(url)}: ${words}`;
}

const fixes: Readonly<Record<Cause, (server: string, origin: string) => string>> = {
  cors: (server, origin) =>
    `let ${server} answer with Access-Control-Allow-Origin: ${origin} and Access-Control-Allow-Credentials: true, once each; clusterproxy plan shows whether its files are as they should be`,
  'local-network': (server) =>
    `run this where ${server} resolves as it does for your users: a browser asks before a page may connect to a private network`,
  csp: () =>
    'look for Content-Security-Policy in the files of nginx on the proxy and on the node, and let it allow the nodes',
  'mixed-content': () =>
    "an address in the client's settings begins with http: or ws:; let it begin with https: or wss:",
  certificate: (server) => `put the certificate of ${server} right: users' browsers refuse it as well`,
  dns: (server) => `add ${server} to the DNS, or run this where the name resolves as it does for your users`,
  unreachable: (server) =>
    `see on ${server} whether its web server is running, and whether firewalls let this machine through`,
  redirects: (server) => `look for the redirects in the files of nginx on ${server}`,
  'refused-answer': (server) =>
    `look for Cross-Origin-Resource-Policy and Cross-Origin-Embedder-Policy in the files of nginx on ${server} and on the proxy`,
  missing: () => 'clusterproxy plan shows whether all files are as they should be',
  gateway: (server) => `see in nginx's error log on ${server} what it can't reach`,
  unknown: (server) => `open the page in a browser, and see in its developer tools what ${server} answers`,
};

/** What to do about a complaint on a page of this origin. */
export function fixOf({ cause, url }: Complaint, origin: string): string {
  return fixes[cause](URL.canParse(url) ? new URL(url).host : 'the server', origin);
}
