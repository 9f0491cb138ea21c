/** A step of a test protocol: what a person does, and what they must see or hear. */
export interface ProtocolStep {
  readonly id: string;
  readonly title: string;
  readonly minutes: number;
  readonly do: string | undefined;
  readonly run: string | undefined;
  readonly expect: string;
}

export interface TestProtocol {
  readonly title: string;
  readonly steps: readonly ProtocolStep[];
}

export const protocolOutcomes = ['passed', 'failed', 'skipped'] as const;
export type ProtocolOutcome = (typeof protocolOutcomes)[number];

/** How a step ended. */
export interface ProtocolResult {
  readonly step: string;
  readonly outcome: ProtocolOutcome;
  /** ISO 8601, UTC */
  readonly at: string;
}
