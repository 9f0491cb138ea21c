import type { Ledger } from '../model/ledger.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { PathState } from '../model/snapshot.ts';

/**
 * A host's ledger, read from the state of its file. Throws an OperatorError `ledger-unreadable` or
 * `ledger-newer`.
 */
export function parseLedger(state: PathState, host: string, path: string): Ledger | undefined {
  if (state.kind === 'absent') return undefined;
  const unreadable = (detail: string) =>
    new OperatorError({
      code: 'ledger-unreadable',
      message: `the record of what is managed on this host (${path}) is damaged`,
      next: 'restore it from a backup, or move it away: the present values then count as the original ones',
      host,
      detail,
    });
  if (state.kind !== 'file') throw unreadable(state.kind);
  let value: unknown;
  try {
    value = JSON.parse(state.content.toString('utf8'));
  } catch (error) {
    throw unreadable(error instanceof Error ? error.message : String(error));
  }
  const ledger = value as Partial<Ledger> | null;
  if (typeof ledger !== 'object' || ledger === null) throw unreadable('it is not an object');
  const version: unknown = ledger.schemaVersion;
  if (typeof version === 'number' && version > 1) {
    throw new OperatorError({
      code: 'ledger-newer',
      message: 'this host was last changed by a newer clusterproxy',
      next: 'use that version or a later one',
      host,
    });
  }
  if (version !== 1 || !Array.isArray(ledger.items) || !Array.isArray(ledger.created)) {
    throw unreadable('it lacks schemaVersion, items or created');
  }
  return ledger as Ledger;
}
