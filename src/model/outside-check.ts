import type { BalancerQuestion } from './balancer-question.ts';

/** A request over HTTP, and what its answer must be. */
export interface HttpQuestion {
  readonly kind: 'http';
  readonly url: string;
  /** sent along, each `Name: value` */
  readonly headers: readonly string[];
  /** one of these; RFC 9110, section 15 */
  readonly status: readonly number[];
  /** the body has each of these texts, read as it stands and with JSON's `\/` as `/` */
  readonly contains: readonly string[];
  /** headers of the answer, in lower case, to the values that each may have; '' if it may be missing */
  readonly answers: Readonly<Record<string, readonly string[]>>;
  /** where it sends the browser, as a whole URL; undefined if that doesn't matter */
  readonly location: string | undefined;
  /** everything that the page names in `src` and `href` must be there as well */
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

/**
 * What is asked from outside, as a browser would ask it. Everything is filled in: addresses are whole URLs.
 */
export type OutsideQuestion = HttpQuestion | WebsocketQuestion | CertificateQuestion | BalancerQuestion;

/** A check from outside on one host, filled in with its facts. */
export interface OutsideCheck {
  /** unique in its role */
  readonly id: string;
  /** what is checked, in a few words */
  readonly title: string;
  /** what to do if it fails */
  readonly fix: string;
  readonly question: OutsideQuestion;
}

/** How a check ended. The words are a contract, since scripts read them. */
export const checkOutcomes = ['passed', 'failed', 'not-applicable', 'not-asked'] as const;
export type CheckOutcome = (typeof checkOutcomes)[number];

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
}
