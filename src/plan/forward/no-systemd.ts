import type { Problem } from '../../model/operator-error.ts';
import type { Snapshot } from '../../model/snapshot.ts';

/** `systemd-run --collect`, with which a run's unit goes away even if it fails; see systemd's NEWS of 236. */
const oldestSystemd = 236;

/**
 * Why nothing can be carried out on a host that isn't run by systemd, or by one that is too old; undefined if
 * neither is so. The host itself also refuses.
 */
export function noSystemd({ host, systemd, systemdVersion }: Snapshot): Problem | undefined {
  if (systemd !== false) {
    if (systemdVersion === undefined || systemdVersion >= oldestSystemd) return undefined;
    return {
      code: 'systemd-too-old',
      message: `this host runs systemd ${systemdVersion}, and clusterproxy needs systemd ${oldestSystemd} or later; nothing was changed`,
      next: "upgrade the host's distribution, or leave the host out of the inventory",
      host,
    };
  }
  return {
    code: 'no-systemd',
    message: 'this host does not run systemd',
    next: 'use a host that runs systemd: only systemd can finish or revert a run when the connection or the power is lost',
    host,
  };
}
