import type { Severity } from '../../model/notify.ts';
import type { MostOut } from './findings.ts';
import type { Way } from './send.ts';
import type { KnownTarget } from './target-keys.ts';

/** One of those who are told. */
export interface Target {
  readonly known: KnownTarget;
  /** in words, without addresses that may be secrets */
  readonly name: string;
  readonly severities: readonly Severity[];
  /** looks up what it takes to tell it, which may take a while; doesn't reject */
  readonly way: () => Promise<Way>;
}

/** Who is told, and when. */
export interface Notifying {
  readonly cluster: string;
  readonly targets: readonly Target[];
  /** whether tickets and infos wait at this moment */
  readonly isQuiet: (now: number) => boolean;
  /** looks up the URL; undefined if that can't be had */
  readonly deadMan: (() => Promise<string | undefined>) | undefined;
  readonly mostOut: MostOut;
  /** the schedule's own folder */
  readonly folder: string;
  readonly now: () => number;
  /** how long one attempt may take, and all of them; milliseconds */
  readonly limits?: { readonly attempt: number; readonly all: number };
}

export const usualLimits = { attempt: 10_000, all: 60_000 };

/** Why somebody can't be told. */
export const noSecret = "a secret that it needs can't be looked up";
