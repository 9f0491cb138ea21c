import type { Snapshot } from '../../model/snapshot.ts';

/** In seconds; a clock that is off by more than this makes certificates, tokens and log lines disagree. */
const tolerableClockOffset = 10;
/** In percent of free space; below this, a service may fail at any time, and a restart even more so. */
const leastFreeSpace = 5;

/**
 * What is wrong with the machine before anything is changed there, regardless of what is installed on it, as
 * texts.
 */
export function machineWarnings(snapshot: Snapshot): readonly string[] {
  return [
    ...lookOnlyWarning(snapshot),
    ...failedUnits(snapshot),
    ...fullDisks(snapshot),
    ...wrongClock(snapshot),
  ];
}

/** A warning that the account could read everything, but isn't root. */
export function lookOnlyWarning({ lookOnly, user }: Snapshot): readonly string[] {
  if (lookOnly !== true) return [];
  return [
    `${user} is not root: this host can be inspected, but not changed; to change it, set \`become: sudo\` below \`ssh:\` in the inventory, or log in as root`,
  ];
}

function failedUnits(snapshot: Snapshot): readonly string[] {
  if (snapshot.failedUnits.length === 0) return [];
  const units = snapshot.failedUnits.join(', ');
  return [`these units have failed before anything was changed: ${units} (systemctl status UNIT)`];
}

function fullDisks(snapshot: Snapshot): readonly string[] {
  return [...snapshot.freeSpace]
    .filter(([, percent]) => percent < leastFreeSpace)
    .map(([path, percent]) => `the file system of ${path} is nearly full: ${percent} % free`);
}

function wrongClock(snapshot: Snapshot): readonly string[] {
  if (Math.abs(snapshot.clockOffset) <= tolerableClockOffset) return [];
  const direction = snapshot.clockOffset > 0 ? 'ahead of' : 'behind';
  return [
    `its clock is ${Math.abs(Math.round(snapshot.clockOffset))} s ${direction} this machine's (timedatectl)`,
  ];
}
