import type { BalancerQuestion, RtmpStreamQuestion } from './balancer-question.ts';

/** A request over HTTP, and what its answer must be. */
export interface HttpQuestion {
  readonly kind: 'http';
  readonly url: string;
  /** sent along, each `Name: value` */
  readonly headers: readonly string[];
  /** media type of the answer, without parameters; undefined if it doesn't matter */
  readonly type?: string | undefined;
  /** one of these; RFC 9110, section 15 */
  readonly status: readonly number[];
  /** the body has each of these texts, where JSON's `\/` and a URL's `%2F` count as `/` */
  readonly contains: readonly string[];
  /** headers of the answer, in lower case, to the values that each may have; '' if it may be missing */
  readonly answers: Readonly<Record<string, readonly string[]>>;
  /** where it sends the browser, as a whole URL; undefined if that doesn't matter */
  readonly location: string | undefined;
  /** everything that the page loads from its own origin must be there as well */
  readonly assets: boolean;
}

/** Whether an upgrade to WebSocket is accepted or refused. */
export interface WebsocketQuestion {
  readonly kind: 'websocket';
  readonly url: string;
  readonly origin: string;
  /** Sec-WebSocket-Protocol; '' for none */
  readonly protocol: string;
  /** whether an upgrade from that origin must be accepted or refused */
  readonly accepted: boolean;
}

/** Whether browsers trust a server's certificate. */
export interface CertificateQuestion {
  readonly kind: 'certificate';
  readonly hostname: string;
  readonly port: number;
}

/** Whether a meeting can be created, joined and ended. It is asked only if the operator wants one. */
export interface MeetingQuestion {
  readonly kind: 'meeting';
  /** text of the program in sh that holds it on the host: src/host/hold-meeting.ts */
  readonly program: string;
  readonly args: readonly string[];
  /** where everybody who joins ends up: one of these, as whole URLs without their query */
  readonly client: readonly string[];
  /** the parameter in the query of the client's address that is a person's session */
  readonly session: string;
}

/**
 * What is asked from outside, as a browser would ask it. Everything is filled in: addresses are whole URLs.
 */
export type OutsideQuestion = AskedQuestion | MeetingQuestion | RtmpStreamQuestion;

/** What is asked over the network alone, or was by the look at the host. */
export type AskedQuestion =
  | HttpQuestion
  | WebsocketQuestion
  | CertificateQuestion
  | Exclude<BalancerQuestion, RtmpStreamQuestion>;

/** Stands for the session of whoever joined, in addresses and headers of a question during a meeting. */
export const sessionPlace = '{session}';

/** A check from outside on one host, filled in with its facts. */
export interface OutsideCheck {
  /** unique in its role */
  readonly id: string;
  /** what is checked, in a few words */
  readonly title: string;
  /** what to do if it fails */
  readonly fix: string;
  readonly question: OutsideQuestion;
  /** the check of the same host during whose meeting it is asked, by one who has joined */
  readonly during?: string | undefined;
}

/** What a browser shows of a client's page. */
export const browserShows = ['origin', 'permissions', 'sockets', 'console', 'media'] as const;

/** What a real browser is asked, by opening a page and looking at what it does there. */
export interface BrowserQuestion {
  readonly kind: 'browser';
  readonly shows: (typeof browserShows)[number];
  /** the client's page at the cluster's address; checks of the same page are answered by one look at it */
  readonly page: string;
  /** for `permissions`: the page at the node's own address, to which nothing was granted */
  readonly elsewhere: string | undefined;
  /** for `sockets`: WebSockets that a page of the cluster must be able to open */
  readonly sockets: readonly string[];
  /** Sec-WebSocket-Protocol of these; '' for none */
  readonly protocol: string;
  /** for `console`: addresses whose answers a page of the cluster must be able to read, with credentials */
  readonly reads: readonly string[];
}

/** A check for which a real browser is needed. */
export interface BrowserCheck extends Omit<OutsideCheck, 'question'> {
  readonly question: BrowserQuestion;
}

/** A check from outside, whether or not a browser is needed for it. */
export type AnyCheck = OutsideCheck | BrowserCheck;

export function isForBrowser(check: AnyCheck): check is BrowserCheck {
  return check.question.kind === 'browser';
}

/** How a check ended. The words are a contract, since scripts read them. */
export const checkOutcomes = ['passed', 'failed', 'not-applicable', 'not-asked'] as const;
export type CheckOutcome = (typeof checkOutcomes)[number];

/** A certificate that browsers trust, and that is to be renewed in time. */
export interface TrustedCertificate {
  /** the name that it was asked for */
  readonly name: string;
  readonly port: number;
  /** in hexadecimal */
  readonly serial: string;
  /** milliseconds since the epoch */
  readonly validFrom: number;
  readonly validTo: number;
}

/** What was expected and what was found, in words. */
export interface Verdict {
  /** `not-asked`: nobody knows; `not-applicable`: there is nothing to ask about */
  readonly outcome: CheckOutcome;
  readonly expected: string;
  readonly found: string;
  /** what is worth a word although nothing is wrong */
  readonly note?: string | undefined;
  /** what to do if nobody answered; otherwise it is what the check says */
  readonly fix?: string;
  /** what was heard is about to change, as HAProxy has only just begun to ask */
  readonly unsettled?: boolean;
  /** those that were shown, where there is nothing against them but their time */
  readonly certificates?: readonly TrustedCertificate[];
}

/** A check and how it ended. */
export interface CheckResult {
  readonly host: string;
  readonly role: string;
  readonly id: string;
  readonly title: string;
  readonly outcome: CheckOutcome;
  /** undefined where nothing was asked */
  readonly expected: string | undefined;
  /** what came instead, or why it was not asked; undefined where the check doesn't apply */
  readonly found: string | undefined;
  /** what is worth a word although nothing is wrong, such as a drained server */
  readonly note?: string | undefined;
  /** what to do; undefined unless it failed */
  readonly fix: string | undefined;
  /** the answer may be another one in a few seconds */
  readonly unsettled?: boolean | undefined;
  /** those that were shown, where there is nothing against them but their time */
  readonly certificates?: readonly TrustedCertificate[] | undefined;
}
