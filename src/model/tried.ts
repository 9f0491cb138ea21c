import type { Value } from '../formats/keyed-format.ts';

/** On what something was tried, from the weakest to the strongest. */
export const evidenceKinds = ['source', 'stand-in', 'packages', 'server'] as const;
export type EvidenceKind = (typeof evidenceKinds)[number];

/** When something was tried last, and with which releases: `YYYY-MM-DD`. */
export interface Evidence {
  readonly on: string;
  readonly releases: readonly string[];
}

/** Something that a playbook promises, and on what that was tried. */
export interface Claim {
  readonly claim: string;
  readonly evidence: Readonly<Partial<Record<EvidenceKind, Evidence | undefined>>>;
}

/** What a playbook's author knows about how far it was tried; docs/tried.md shows it. */
export interface Tried {
  /** the role whose hosts have the product */
  readonly role: string;
  /** by release, in order: how a host with it is known. The first that holds counts. */
  readonly releases: ReadonlyMap<string, Readonly<Record<string, readonly Value[]>>>;
  readonly claims: readonly Claim[];
}

/** Everything that was tried with a release, by kind: whether any claim was. */
export function triedWith({ claims }: Tried, release: string): ReadonlySet<EvidenceKind> {
  return new Set(
    evidenceKinds.filter((kind) =>
      claims.some(({ evidence }) => evidence[kind]?.releases.includes(release) === true),
    ),
  );
}
