import { randomBytes } from 'node:crypto';

/** An id for a run: UTC time and three random bytes, such as `20261121T074501Z-4f2a9c`. Sorts by time. */
export function newRunId(now: Date = new Date()): string {
  const time = now
    .toISOString()
    .replace(/[-:]/g, '')
    .replace(/\.\d+Z$/, 'Z');
  return `${time}-${randomBytes(3).toString('hex')}`;
}

/** The id of a run's last stage, which is a transaction of its own on a host that had one already. Sorts behind the run's. */
export function lastStageOf(run: string): string {
  return `${run}-2`;
}
