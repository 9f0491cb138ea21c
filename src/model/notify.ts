/** How urgent something is: somebody is woken, has something to do, or may want to know. */
export const severities = ['page', 'ticket', 'info'] as const;
export type Severity = (typeof severities)[number];

/** Something that is not as it should be, with a key that stays the same for as long as it lasts. */
export interface Finding {
  /** empty: it is true of the whole cluster */
  readonly host: string;
  readonly kind: 'answers' | 'certificate' | 'stuck' | 'drift' | 'failed' | 'put-off';
  /** a path, the id of a check, the code of an error, or the name in a certificate */
  readonly what: string;
  readonly severity: Severity;
}

/** One line of a message: only changes are told. */
export interface NotifyItem {
  readonly change: 'new' | 'worse' | 'over' | 'repaired' | 'test';
  readonly severity: Severity;
  readonly host: string;
  readonly kind: string;
  readonly what: string;
  /** in words of ours; no words of hosts or people are in it */
  readonly text: string;
}

/** What one target is told of one run; its form is a contract of the form `json` and of commands. */
export interface NotifyMessage {
  readonly schemaVersion: 1;
  /** the same however often it is sent */
  readonly id: string;
  /** ISO 8601, UTC */
  readonly at: string;
  readonly cluster: string;
  /** that of its most urgent item */
  readonly severity: Severity;
  readonly title: string;
  readonly items: readonly NotifyItem[];
  /** how many items were left out, because there are too many */
  readonly more: number;
  /** how many earlier messages to this target were given up */
  readonly dropped: number;
}

/** What is known of a target. */
export interface NotifyTargetTold {
  readonly target: string;
  readonly severities: readonly Severity[];
  /** how many messages wait for it */
  readonly waiting: number;
  /** when the oldest of them was written; ISO 8601, UTC */
  readonly oldest?: string | undefined;
  /** when it is tried next; ISO 8601, UTC */
  readonly next?: string | undefined;
  /** how many were given up since one arrived */
  readonly dropped: number;
  /** why the last attempt failed, or `delivered` */
  readonly answer?: string | undefined;
}
