import type { AnyCheck, OutsideCheck } from './outside-check.ts';

/**
 * Who decides that a host stays changed: the host itself, or this program, once its checks from outside pass;
 * with `browser` those in a real browser as well.
 */
export const confirmers = ['host', 'outside', 'browser'] as const;
export type Confirmer = (typeof confirmers)[number];

/** A check from outside that has a say in whether a host stays changed. */
export interface DecidingCheck {
  /** whose check it is: the changed host's own, or that of a host that is reached through it */
  readonly host: string;
  readonly role: string;
  readonly check: AnyCheck;
  /** it has to pass in any case; otherwise it has a say only if it passed right before the change */
  readonly always: boolean;
  /**
   * of a host that is reached through the changed one: what tells whether that host itself still answers,
   * since one that died meanwhile isn't held against the changed one
   */
  readonly witness?: OutsideCheck | undefined;
  /** what is asked in its place before the change: the same of the name that the cluster had until then */
  readonly before?: AnyCheck | undefined;
  /** its host is changed after this one in the same run, and decides about it in any case */
  readonly later?: boolean | undefined;
}

/**
 * How a check that was to decide came out. `failed-before`: it failed before the change as well, so it had no
 * say; `gone`: the host that is reached through the changed one no longer answers by itself either.
 */
export const decisionOutcomes = ['passed', 'failed', 'failed-before', 'gone', 'not-asked'] as const;
export type DecisionOutcome = (typeof decisionOutcomes)[number];

/** A check that was to decide, and how it came out; undefined as long as nobody has asked. */
export interface Decided extends Pick<DecidingCheck, 'host' | 'always'> {
  readonly id: string;
  readonly title: string;
  readonly outcome?: DecisionOutcome | undefined;
}
