import type { Ledger } from '../model/ledger.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { PathState } from '../model/snapshot.ts';
import { readStoredLedger } from './stored.ts';

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
  const stored = readStoredLedger(state.content.toString('utf8'));
  switch (stored.kind) {
    case 'read':
      return stored.content;
    case 'damaged':
      throw unreadable(stored.words);
    case 'newer':
      throw new OperatorError({
        code: 'ledger-newer',
        message: 'this host was last changed by a newer clusterproxy',
        next: 'use that version or a later one',
        host,
      });
  }
}
