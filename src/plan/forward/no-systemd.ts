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
    message: 'this host is not run by systemd',
    next: 'only systemd can finish or put back a run when the connection or the power is lost: use a host that it runs',
    host,
  };
}
