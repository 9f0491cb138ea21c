/** How the search for a known trouble ended on a host. The words are a contract, since scripts read them. */
export const troubleOutcomes = ['found', 'absent', 'not-applicable', 'unknown'] as const;
export type TroubleOutcome = (typeof troubleOutcomes)[number];

/** What was found out about one trouble. */
export interface Finding {
  readonly outcome: TroubleOutcome;
  /** the fact that shows it, or why it could not be found out; undefined where there is nothing to tell */
  readonly found?: string | undefined;
  /** what follows from it, in one sentence; undefined unless it was found */
  readonly means?: string | undefined;
  /** something that an operator may want to know although it is no trouble */
  readonly note?: string | undefined;
  /** what to do about it; undefined unless it was found */
  readonly fix?: string | undefined;
}

/** A known trouble that was looked for on a host. */
export interface TroubleResult extends Finding {
  readonly host: string;
  readonly role: string;
  /** stable; listed in docs/doctor.md, or in docs/errors.md for a host that could not be looked at */
  readonly id: string;
  readonly title: string;
}
