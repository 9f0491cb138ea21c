import type { TroubleResult } from '../model/trouble.ts';
import { becomeForgotten } from './account.ts';
import { certificateEnding, certificateNotTakenUp } from './certificates.ts';
import { clockDiffers } from './clock.ts';
import { diskNearlyFull, inodesNearlyUsedUp } from './disk.ts';
import { deadIpv6, nameOfAnotherHost, nameUnresolved } from './names.ts';
import { fileBeside, halfConfigured, needrestart, rebootRequired, unattendedUpgrades } from './packages.ts';
import { renewalStopped } from './renewal-stopped.ts';
import { renewalNotTold } from './renewals.ts';
import type { ClusterSeen, HostTrouble } from './seen.ts';
import { nodeStaysOut } from './stays-out.ts';
import { selinuxForbids, serviceDown, setBack } from './units.ts';

/** Every trouble that any host can have, in the order in which they are told. */
export const hostTroubles: readonly HostTrouble[] = [
  becomeForgotten,
  nameUnresolved,
  nameOfAnotherHost,
  deadIpv6,
  clockDiffers,
  diskNearlyFull,
  inodesNearlyUsedUp,
  certificateEnding,
  certificateNotTakenUp,
  renewalStopped,
  renewalNotTold,
  serviceDown,
  selinuxForbids,
  setBack,
  nodeStaysOut,
  halfConfigured,
  fileBeside,
  rebootRequired,
  needrestart,
  unattendedUpgrades,
];

/** Whether each of them is there, on each host that was looked at. */
export function judgeHosts(cluster: ClusterSeen): readonly TroubleResult[] {
  return cluster.hosts.flatMap((host) =>
    hostTroubles.map(({ id, title, judge }) => ({
      ...{ host: host.name, role: host.role, id, title },
      ...judge(host, cluster),
    })),
  );
}
