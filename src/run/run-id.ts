import { randomBytes } from 'node:crypto';

/** An id for a run: UTC time and three random bytes, such as `20261121T074501Z-4f2a9c`. Sorts by time. */
export function newRunId(now: Date = new Date()): string {
  const time = now
    .toISOString()
    .replace(/[-:]/g, '')
    .replace(/\.\d+Z$/, 'Z');
  return `${time}-${randomBytes(3).toString('hex')}`;
}

/**
 * The id of a stage of a run, which is a separate transaction on its host: the first is the run's, and the
 * later ones sort after it. Playbooks have at most nine stages (src/playbook/schema.ts), so one digit is
 * enough.
 */
export function stageRun(run: string, number: number): string {
  return number <= 1 ? run : `${run}-${number}`;
}
