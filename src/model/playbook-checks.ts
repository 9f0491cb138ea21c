import type { Value } from '../formats/keyed-format.ts';
import type { BalancerQuestion } from './balancer-question.ts';
import type { Location } from './operator-error.ts';
import type {
  BrowserQuestion,
  CertificateQuestion,
  HttpQuestion,
  MeetingQuestion,
  WebsocketQuestion,
} from './outside-check.ts';
import type { Condition, OwnProgram } from './playbook-parts.ts';

/** What is asked from outside, as a browser would: texts are still templates. See outside-check.ts. */
export interface PlaybookOutsideCheck {
  readonly id: string;
  readonly title: string;
  readonly fix: string;
  /** only for these recipes; undefined: for all recipes */
  readonly recipes: readonly string[] | undefined;
  readonly when: Condition;
  /** templates, none of which may become empty, `false` or `0`: it doesn't apply then */
  readonly needs: readonly string[];
  readonly question: PlaybookQuestion;
  /** the check during whose meeting it is asked */
  readonly during: string | undefined;
  readonly location: Location;
}

/** A list may be one template that becomes a list, and a port one that becomes a number. */
export type PlaybookQuestion =
  | (Omit<HttpQuestion, 'headers' | 'contains'> & { readonly headers: Value; readonly contains: Value })
  | WebsocketQuestion
  | (Omit<MeetingQuestion, 'program' | 'client'> & { readonly program: OwnProgram; readonly client: Value })
  | (Omit<CertificateQuestion, 'port'> & { readonly port: number | string })
  | (Omit<BrowserQuestion, 'sockets' | 'reads'> & { readonly sockets: Value; readonly reads: Value })
  | UnfilledQuestion;

/** A question of one of the kinds in balancer-question.ts, whose values may all be templates. */
export interface UnfilledQuestion {
  readonly kind: BalancerQuestion['kind'];
  readonly values: Readonly<Record<string, Value>>;
}

/** What the hosts of another role ask themselves for each host of this one, in every look at them. */
export interface PlaybookAsked {
  /** the role whose hosts ask */
  readonly by: string;
  /** of the host that is asked for */
  readonly when: Condition;
  /** ids of checks in `verify`; the first that applies to a host is judged */
  readonly checks: readonly string[];
  /** a template: what to do if no host of the role answers as it should */
  readonly fix: string;
}

/** A check that every look at a host answers, and what a wrong answer is for `check`, `plan` and `apply`. */
export interface EveryLook {
  readonly id: string;
  /** `warning`: judged by the host's files as the plan leaves them, and no reason for an exit status */
  readonly wrong: 'fault' | 'warning';
}
