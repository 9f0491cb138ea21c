import { sessionPlace } from '../model/outside-check.ts';
import type { HttpAnswer, NoAnswer } from './answers.ts';
import { cookiesIn } from './cookies.ts';
import type { Network, Request } from './network.ts';

/** Somebody who has joined a meeting: what a browser would know of it. */
export interface Session {
  /** undefined before it is known */
  readonly token: string | undefined;
  /** those that servers have set, as `NAME=VALUE`, by the servers' names */
  readonly cookies: ReadonlyMap<string, readonly string[]>;
}

export const noSession: Session = { token: undefined, cookies: new Map() };

/**
 * The session with the cookies of an answer. Browsers also look at the path, the domain and the time of a
 * cookie; servers that are asked for one meeting set none to which that matters.
 */
export function withCookiesOf(session: Session, url: string, answer: HttpAnswer): Session {
  const given = cookiesIn(answer.headers['set-cookie']).map((cookie) => cookie.split(';')[0]?.trim() ?? '');
  if (given.length === 0) return session;
  const { hostname } = new URL(url);
  const names = given.map(nameOf);
  const kept = (session.cookies.get(hostname) ?? []).filter((cookie) => !names.includes(nameOf(cookie)));
  return { ...session, cookies: new Map([...session.cookies, [hostname, [...kept, ...given]]]) };
}

function nameOf(cookie: string): string {
  return cookie.slice(0, cookie.indexOf('='));
}

/** Asks as one who has joined: with their cookies, and their session where a question has a place for it. */
export function networkOf(network: Network, session: Session): Network {
  const filled = (text: string) => text.replaceAll(sessionPlace, session.token ?? '');
  const asked = ({ url, headers, ...rest }: Request): Request => {
    const cookies = session.cookies.get(new URL(url).hostname) ?? [];
    return {
      ...rest,
      url: filled(url),
      headers: [...headers.map(filled), ...(cookies.length === 0 ? [] : [`Cookie: ${cookies.join('; ')}`])],
    };
  };
  return {
    ...network,
    get: (request) => network.get(asked(request)),
    upgrade: (request) => network.upgrade(asked(request)),
  };
}

/** Where a browser ends up that opens an address, and what it has been told on the way. */
export interface Followed {
  /** the addresses in order; of the last one it is the answer, unless that was not to be asked */
  readonly urls: readonly string[];
  readonly answer: HttpAnswer | NoAnswer;
  readonly session: Session;
}

/** Browsers give up after 20; nothing that works has more than three. */
const mostRedirects = 10;

/**
 * Opens an address as a browser does, and follows redirects as long as they lead to these origins. Nobody is
 * asked who was not to be asked: what an answer names may be a server of this machine's own network.
 */
export async function follow(network: Network, from: string, origins: readonly string[]): Promise<Followed> {
  let session = noSession;
  const urls = [from];
  for (;;) {
    const url = urls.at(-1) ?? from;
    const answer = await networkOf(network, session).get({ url, headers: [] });
    if (answer.kind === 'trouble') return { urls, answer, session };
    session = withCookiesOf(session, url, answer);
    const { location } = answer.headers;
    const isRedirect = answer.status >= 300 && answer.status < 400 && location !== undefined;
    if (!isRedirect || urls.length > mostRedirects || !URL.canParse(location, url)) {
      return { urls, answer, session };
    }
    const next = new URL(location, url);
    urls.push(next.href);
    if (!origins.includes(next.origin)) return { urls, answer, session };
  }
}
