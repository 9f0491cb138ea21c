import type { Status } from './result.ts';

/** How a host ended, in words for people. The words of `Status` itself are for scripts. */
export const statusWords: Readonly<Record<Status, string>> = {
  'in-sync': 'in sync',
  'would-change': 'would change',
  drifted: 'drifted, left as it is',
  changed: 'changed',
  done: 'done already',
  deferred: 'deferred',
  owed: 'restarts owed',
  queued: 'queued',
  'rolled-back': 'rolled back',
  failed: 'failed',
  unreachable: 'unreachable',
  off: 'off',
  damaged: 'damaged',
  unknown: 'outcome unknown',
  open: 'still open',
  'not-started': 'not started',
  kept: 'kept unconfirmed',
  conflict: 'in conflict',
  stuck: 'stuck',
  skipped: 'left out by --limit',
};

/** The same after a command that chooses its hosts itself, or that changes nothing on a host. */
export function statusWordsOf(command: string): typeof statusWords {
  const changed = new Map([
    ['withdraw', 'withdrawn'],
    ['release', 'given back'],
  ]).get(command);
  if (changed !== undefined) return { ...statusWords, changed };
  // Nothing is known of whether the host is as it should be.
  const untouched = new Map([
    ['rollback', 'nothing to undo'],
    ['uninstall', 'nothing stored'],
  ]).get(command);
  if (untouched !== undefined) return { ...statusWords, 'in-sync': untouched };
  const choosing = ['join', 'leave', 'reboot', 'retire', 'upgrade'];
  return choosing.includes(command) ? { ...statusWords, skipped: 'not concerned' } : statusWords;
}
