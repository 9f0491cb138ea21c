import { absent, bySurroundings, found, type HostTrouble } from './seen.ts';
import type { Disk } from './surroundings.ts';

/**
 * Below both, a disk is nearly full: a share alone means much on a large one, an amount much on a small
 * one.
 */
const leastShare = 0.05;
const leastFree = 20 * 1024 * 1024;
const leastInodes = 100_000;

/** Whether so little of a file system is left, in KiB, that services on it fail soon. */
function isNearlyFull({ size, free }: Pick<Disk, 'size' | 'free'>): boolean {
  return size > 0 && free / size < leastShare && free < leastFree;
}

export const diskNearlyFull: HostTrouble = {
  id: 'disk-nearly-full',
  title: 'a disk is nearly full',
  judge: bySurroundings(({ disks }) => {
    const full = disks.filter(isNearlyFull);
    if (full.length === 0) return absent;
    return found(
      full
        .map(({ mount, size, free }) => `${mount}: ${sizeWords(free)} of ${sizeWords(size)} are free`)
        .join('; '),
      'services that can write no more lose recordings and logs, or stop, and no upgrade succeeds',
      `du -xh --max-depth=2 ${full[0]?.mount ?? '/'} | sort -h | tail -20`,
    );
  }),
};

export const inodesNearlyUsedUp: HostTrouble = {
  id: 'inodes-nearly-used-up',
  title: 'a disk can hold hardly any more files',
  judge: bySurroundings(({ disks }) => {
    const few = disks.filter(
      ({ inodes, freeInodes }) => inodes > 0 && freeInodes / inodes < leastShare && freeInodes < leastInodes,
    );
    if (few.length === 0) return absent;
    return found(
      few.map(({ mount, freeInodes }) => `${mount}: ${freeInodes} inodes are free`).join('; '),
      'the disk counts as full once they are used up, however much space there is',
      `du -x --inodes --max-depth=3 ${few[0]?.mount ?? '/'} | sort -n | tail -20`,
    );
  }),
};

function sizeWords(kibibytes: number): string {
  const gibibytes = kibibytes / (1024 * 1024);
  return gibibytes >= 10 ? `${Math.round(gibibytes)} GiB` : `${gibibytes.toFixed(1)} GiB`;
}
