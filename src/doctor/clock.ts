import { absent, type ClusterSeen, found, type HostTrouble } from './seen.ts';

/** Certificates, tokens of LiveKit and TURN, and log lines disagree beyond it. Seconds. */
const tolerable = 10;

export const clockDiffers: HostTrouble = {
  id: 'clock-differs',
  title: 'the clock is wrong',
  judge: ({ snapshot: { clockOffset } }, cluster) => {
    if (Math.abs(clockOffset) <= tolerable) return absent;
    const amount = `${Math.abs(clockOffset)} s ${clockOffset > 0 ? 'ahead of' : 'behind'} this machine's`;
    // Several hosts that agree with each other are right, rather than this machine.
    if (isThisMachine(clockOffset, cluster)) {
      return found(
        `it is ${amount}, as those of the other hosts are`,
        "this machine's own clock is wrong, so that times in its reports and certificates that it judges are too",
        'on this machine: timedatectl set-ntp true',
      );
    }
    return found(
      `it is ${amount}`,
      "tokens and certificates are refused as too old or as not valid yet, and logs of two hosts can't be compared",
      'timedatectl set-ntp true && timedatectl status',
    );
  },
};

function isThisMachine(offset: number, { hosts }: ClusterSeen): boolean {
  return (
    hosts.length > 1 && hosts.every(({ snapshot }) => Math.abs(snapshot.clockOffset - offset) <= tolerable)
  );
}
