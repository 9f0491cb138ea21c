/** What a server answered: the status line, the headers by lower-case name, and the body as text. */
export interface HttpAnswer {
  readonly kind: 'answer';
  readonly status: number;
  /** a header that came several times: its values joined by `, ` */
  readonly headers: Readonly<Record<string, string>>;
  /** up to `longestBody` bytes of it */
  readonly body: string;
}

/** No answer: why, in words that go after "found:", and what to do about it. */
export interface NoAnswer {
  readonly kind: 'trouble';
  readonly words: string;
  readonly fix: string;
  /** this machine itself could not ask, which says nothing about the server */
  readonly isHere?: true;
}

/** What a server shows in the TLS handshake. */
export interface ShownCertificate {
  readonly kind: 'certificate';
  /** why a browser wouldn't trust it for the name that was asked for; undefined if it does */
  readonly mistrust: string | undefined;
  /** what to do about that, where it is known better than for certificates in general */
  readonly fix?: string;
  /** in hexadecimal; undefined where it isn't told */
  readonly serial?: string;
  /** milliseconds since the epoch */
  readonly validFrom: number;
  readonly validTo: number;
}

/** What a name resolves to, each once. */
export interface Addresses {
  readonly kind: 'addresses';
  readonly addresses: readonly string[];
}

/** An answer longer than this isn't a page that a client begins with: bytes. */
export const longestBody = 4 * 1024 * 1024;
