/** What is wrong with the address of a pair, what may be worth a word, and what to do. */
export interface Findings {
  readonly faults: readonly string[];
  readonly notes: readonly string[];
  readonly fix?: string | undefined;
  readonly holders?: readonly string[];
}
