import type { Reached } from '../connect-problems.ts';
import type { ShownKey } from '../host-keys/host-keys.ts';

/** The parts that matter here of what a login of ssh(1) logs about itself at LogLevel DEBUG1. */
export interface LoginLog {
  /** the first key that the host showed in this login */
  readonly hostKey: ShownKey | undefined;
  /** set if the key came in a certificate */
  readonly certificate: { readonly authority: string } | undefined;
  /** offered keys, with their source: ssh's own words */
  readonly offered: readonly string[];
  /** of the offered keys those that the host took, and then asked for more */
  readonly accepted: readonly string[];
  /** the host took a key or a password, and then asked for more */
  readonly partly: boolean;
  /** login methods that the host accepts, by its last answer */
  readonly methods: readonly string[];
  /** everything except debug output: messages of ssh and of a ProxyCommand, and the host's banner */
  readonly said: readonly string[];
  /** what the host sent before its SSH version line, or instead of it */
  readonly greeting: readonly string[];
  /** how far the login got; undefined: there was no connection */
  readonly reached: Reached | undefined;
}

/** Limits for bytes per line and number of lines: a host can make ssh repeat what it sends. */
const longestLine = 1_000;
const mostLines = 400;

/** Collects lines from chunks. The last lines are kept. */
export class LineCollector {
  readonly lines: string[] = [];
  /** how many lines to keep */
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
 * From this line on, ssh listens on its control socket. A host could forge the line, but would gain nothing.
 */
export function isReady(line: string): boolean {
  return line === 'debug1: Entering interactive session.';
}

export function readLog(lines: readonly string[]): LoginLog {
  let hostKey: ShownKey | undefined;
  let certificate: LoginLog['certificate'];
  let methods: readonly string[] = [];
  const offered: string[] = [];
  const accepted: string[] = [];
  let partly = false;
  const said: string[] = [];
  const greeting: string[] = [];
  for (const line of lines) {
    const part = /^(?:debug1: )?Authenticated using "([^"]+)" with partial success/.exec(line)?.[1];
    if (part !== undefined) {
      partly = true;
      const last = offered.at(-1);
      if (part === 'publickey' && last !== undefined) accepted.push(last);
      continue;
    }
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
  return {
    ...{ hostKey, certificate, offered, accepted, partly, methods, said, greeting },
    reached: reachedOf(lines),
  };
}

function reachedOf(lines: readonly string[]): Reached | undefined {
  const has = (pattern: RegExp) => lines.some((line) => pattern.test(line));
  if (has(/^debug1: SSH2_MSG_NEWKEYS received/)) return 'login';
  if (has(/^debug1: Remote protocol version /)) return 'handshake';
  // With a ProxyCommand there is no message about a connection; the first thing that ssh sends is its own
  // version.
  return has(/^debug1: (Connection established|Local version string)/) ? 'silent' : undefined;
}

/** The last lines give the reason; the first ones may be a banner. */
export function lastWords(words: string): string | undefined {
  const lines = words.split('\n').filter((line) => line.trim() !== '');
  return lines.length === 0 ? undefined : lines.slice(-8).join('\n');
}
