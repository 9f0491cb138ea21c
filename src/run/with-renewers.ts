import { laterDue } from '../doctor/renewal-due.ts';
import { type RenewalsFound, readRenewals } from '../doctor/renewals-found.ts';
import { nobodyWords, renewerOf, renewerWords } from '../doctor/renewed-by.ts';
import { renewalsProgram } from '../host/program.ts';
import type { Inventory, InventoryHost } from '../inventory/inventory.ts';
import { lateness } from '../model/certificate-lifetime.ts';
import type { CheckResult, TrustedCertificate } from '../model/outside-check.ts';
import { type Query, queryKey } from '../model/reads.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { outsideChecksByName } from '../playbook/resolve/outside-checks.ts';

/** What is asked of a host, and read in its snapshot, to learn who renews certificates there. */
export interface AskingRenewals {
  readonly query: Query;
  /** undefined where it was not asked, or did not answer in time */
  readonly read: (snapshot: Snapshot | undefined) => RenewalsFound | undefined;
}

export async function askingRenewals(): Promise<AskingRenewals> {
  const query: Query = { kind: 'program', program: await renewalsProgram(), args: [] };
  return { query, read: (snapshot) => readRenewals(snapshot?.answers.get(queryKey(query))) };
}

/** Whoever renews certificates is looked for only where the playbook asks for one. */
export function asksForCertificate(inventory: Inventory, host: InventoryHost): boolean {
  const checks = host.state === 'active' ? outsideChecksByName(inventory, host) : [];
  return checks.some(({ kind }) => kind.startsWith('certificate'));
}

/**
 * A host's checks of certificates, with what is known there of who renews them. One that failed for its time
 * alone passes after all where whoever renews it does so later than others, and still has time to.
 */
export function withRenewers(
  checks: readonly CheckResult[],
  renewals: RenewalsFound | undefined,
  now: number,
): readonly CheckResult[] {
  return checks.map((check) => {
    const { certificates = [], ...rest } = check;
    if (certificates.length === 0 || renewals === undefined) return check;
    const words = [...new Set(certificates.flatMap((one) => wordsOf(one, renewals, now)))];
    if (certificates.every((one) => isInTime(one, renewals, now))) {
      const { note: _, ...sound } = rest;
      return { ...sound, outcome: 'passed', fix: undefined, ...noteOf(words) };
    }
    return { ...check, ...noteOf([check.note ?? [], words].flat()) };
  });
}

function noteOf(words: readonly string[]): Pick<CheckResult, 'note'> {
  return words.length === 0 ? {} : { note: words.join('; ') };
}

function wordsOf(one: TrustedCertificate, renewals: RenewalsFound, now: number): readonly string[] {
  const renewer = renewerOf(one, renewals);
  if (renewer !== undefined) return [renewerWords(renewer, now)];
  return lateness(one, now) === 'in-time' ? [] : [nobodyWords(renewals)];
}

function isInTime(one: TrustedCertificate, renewals: RenewalsFound, now: number): boolean {
  const due = renewerOf(one, renewals)?.due;
  return lateness(one, now, laterDue(one, due)) === 'in-time';
}
