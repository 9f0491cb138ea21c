import type { Problem } from '../../model/operator-error.ts';
import type { Snapshot } from '../../model/snapshot.ts';

/**
 * Why nothing can be carried out on a host that isn't run by systemd; undefined if it is. The host itself
 * also refuses.
 */
export function noSystemd({ host, systemd }: Snapshot): Problem | undefined {
  if (systemd !== false) return undefined;
  return {
    code: 'no-systemd',
    message: 'this host does not run systemd',
    next: 'use a host that runs systemd: only systemd can finish or revert a run when the connection or the power is lost',
    host,
  };
}
