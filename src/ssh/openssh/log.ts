import type { Reached } from '../connect-problems.ts';
import type { ShownKey } from '../host-keys/host-keys.ts';

/** What a login of ssh(1) tells about itself with LogLevel DEBUG1, as far as it matters here. */
export interface LoginLog {
  /** the key that the host showed first in this login */
  readonly hostKey: ShownKey | undefined;
  /** it came in a certificate */
  readonly certificate: { readonly authority: string } | undefined;
  /** keys that were offered, with where they came from: ssh's own words */
  readonly offered: readonly string[];
  /** ways to log in that the host takes, as it says last */
  readonly methods: readonly string[];
  /** all that wasn't for debugging: ssh's messages, those of a ProxyCommand, and the host's banner */
  readonly said: readonly string[];
  /** what it said before it said that it speaks ssh, or in place of that */
  readonly greeting: readonly string[];
  /** how far it got; undefined: there was no connection */
  readonly reached: Reached | undefined;
}

/** Bytes of one line, and lines, that are kept: a host can make ssh repeat what it says. */
const longestLine = 1_000;
const mostLines = 400;

/** Collects lines from chunks. The last lines are kept. */
export class LineCollector {
  readonly lines: string[] = [];
  /** how many lines are kept */
  keep = mostLines;
  readonly #onLine: ((line: string) => void) | undefined;
  #rest = '';

  constructor(onLine?: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(chunk: string): void {
    const parts = (this.#rest + chunk).split('\n');
    this.#rest = (parts.pop() ?? '').slice(0, longestLine);
    for (const part of parts) this.#line(part);
  }

  end(): void {
    if (this.#rest !== '') this.#line(this.#rest);
    this.#rest = '';
  }

  #line(text: string): void {
    const line = text.replace(/\r$/, '').slice(0, longestLine);
    this.lines.push(line);
    if (this.lines.length > this.keep) this.lines.shift();
    this.#onLine?.(line);
  }
}

/**
 * ssh listens on its control socket from before this line on; that a host can't forge the line matters
 * nowhere.
 */
export function isReady(line: string): boolean {
  return line === 'debug1: Entering interactive session.';
}

export function readLog(lines: readonly string[]): LoginLog {
  let hostKey: ShownKey | undefined;
  let certificate: LoginLog['certificate'];
  let methods: readonly string[] = [];
  const offered: string[] = [];
  const said: string[] = [];
  const greeting: string[] = [];
  for (const line of lines) {
    if (!/^debug\d: /.test(line)) {
      if (line.trim() !== '') said.push(line);
      continue;
    }
    const key = /^debug1: Server host (?:key|certificate): (\S+) (SHA256:[\w+/]+)/.exec(line);
    if (key !== null && hostKey === undefined) {
      hostKey = { type: key[1]?.replace(/-cert-v01@openssh\.com$/, '') ?? '', fingerprint: key[2] ?? '' };
      const authority = /^debug1: Server host certificate: .* CA (\S+ SHA256:[\w+/]+) /.exec(line)?.[1];
      if (authority !== undefined) certificate = { authority };
    }
    const offer = /^debug1: Offering (?:\S+ )?public key: (.*)$/.exec(line)?.[1];
    if (offer !== undefined) offered.push(offer);
    const word = /^debug1: (?:kex|ssh)_exchange_identification: (?:banner line \d+: )?(.+)$/.exec(line)?.[1];
    if (word !== undefined) greeting.push(word);
    const left = /^debug1: Authentications that can continue: (.*)$/.exec(line)?.[1];
    if (left !== undefined) methods = left.split(',').filter((name) => name !== '');
  }
  return { hostKey, certificate, offered, methods, said, greeting, reached: reachedOf(lines) };
}

function reachedOf(lines: readonly string[]): Reached | undefined {
  const has = (pattern: RegExp) => lines.some((line) => pattern.test(line));
  if (has(/^debug1: SSH2_MSG_NEWKEYS received/)) return 'login';
  if (has(/^debug1: Remote protocol version /)) return 'handshake';
  // With a ProxyCommand there is no word of a connection; its own version is what ssh sends first.
  return has(/^debug1: (Connection established|Local version string)/) ? 'silent' : undefined;
}

/** The last lines say why; the first ones may be a banner. */
export function lastWords(words: string): string | undefined {
  const lines = words.split('\n').filter((line) => line.trim() !== '');
  return lines.length === 0 ? undefined : lines.slice(-8).join('\n');
}
