import type { UnitState } from '../model/snapshot.ts';
import { printable, splitOnce } from './records.ts';

/** The output of systemctl(1) `show`, one map per unit. */
export function readBlocks(text: string): readonly ReadonlyMap<string, string>[] {
  return text
    .split(/\n{2,}/)
    .map((block) => new Map(block.split('\n').map((line) => splitOnce(line, '=') as [string, string])))
    .filter((block) => block.has('Id'));
}

/** systemctl shows a unit under its own name even if an alias was requested; `Names` holds both. */
export function readUnits(
  blocks: readonly ReadonlyMap<string, string>[],
  asked: readonly string[],
  clock: (seconds: number) => number,
  nginxWorkers: number | undefined,
): ReadonlyMap<string, UnitState> {
  const units = new Map<string, UnitState>();
  for (const name of asked) {
    const full = /\.[a-z]+$/.test(name) ? name : `${name}.service`;
    const block = blocks.find(
      (candidate) => candidate.get('Id') === full || candidate.get('Names')?.split(' ').includes(full),
    );
    units.set(name, {
      load: block?.get('LoadState') ?? 'not-found',
      active: block?.get('ActiveState') ?? 'inactive',
      sub: block?.get('SubState') ?? 'dead',
      enabled: block?.get('UnitFileState') ?? '',
      startedAt: startedAt(block, full === 'nginx.service' ? nginxWorkers : undefined, clock),
    });
  }
  return units;
}

/**
 * Converts seconds since boot to seconds since the epoch, by the host's present clock, which may have been
 * set since.
 */
export function bootClock(facts: readonly string[][], now: number): (seconds: number) => number {
  const uptime = Number(facts.find(([name]) => name === 'uptime')?.[1]?.split(' ')[0] ?? Number.NaN);
  return (seconds) => now - uptime + seconds;
}

/**
 * Start of the oldest nginx worker that accepts connections: proc_pid_stat(5) counts in hundredths of a
 * second.
 */
export function workersSince(facts: readonly string[][]): number | undefined {
  const starts = facts.flatMap(([name, ticks]) => (name === 'nginx-worker' ? [Number(ticks) / 100] : []));
  return starts.length === 0 ? undefined : Math.min(...starts);
}

/** systemd reports microseconds since boot, and 0 for what never happened. */
function startedAt(
  block: ReadonlyMap<string, string> | undefined,
  workers: number | undefined,
  clock: (seconds: number) => number,
): number | undefined {
  if (block?.get('ActiveState') !== 'active') return undefined;
  const main = Number(block.get('ExecMainStartTimestampMonotonic') ?? 0) / 1e6;
  const active = Number(block.get('ActiveEnterTimestampMonotonic') ?? 0) / 1e6;
  const seconds = clock(workers ?? (main || active));
  return (workers ?? (main || active)) > 0 && Number.isFinite(seconds) ? Math.round(seconds) : undefined;
}

export function failedUnits(blocks: readonly ReadonlyMap<string, string>[]): readonly string[] {
  const failed = blocks.filter((block) => block.get('ActiveState') === 'failed');
  return [...new Set(failed.map((block) => printable(block.get('Id') ?? '')))].sort();
}
