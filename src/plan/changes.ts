import { type Change, changeBetween } from '../model/change.ts';
import type { VirtualHost } from '../model/virtual-host.ts';
import type { StepTrace } from './run-steps.ts';

/**
 * The difference between the real host and the virtual one, in the order in which it is carried out: directories before
 * what goes into them, then files in the order in which the steps touched them, what goes away last.
 */
export function changesOf(host: VirtualHost, traces: readonly StepTrace[]): readonly Change[] {
  const changes = host.touched.flatMap((path) => {
    const before = host.snapshot.paths.get(path) ?? ({ kind: 'absent' } as const);
    const steps = traces.filter((trace) => trace.paths.includes(path)).map((trace) => trace.step);
    return changeBetween(path, before, host.state(path), [...new Set(steps)]) ?? [];
  });
  return changes
    .map((change, index) => ({ change, index }))
    .sort((one, other) => rank(one.change) - rank(other.change) || one.index - other.index)
    .map(({ change }) => change);
}

/** Directories from the top down, then files and links, then deletions, directories among them from the bottom up. */
function rank(change: Change): number {
  const depth = change.path.split('/').length;
  if (change.action === 'delete') return change.kind === 'directory' ? 3000 - depth : 2000;
  return change.kind === 'directory' ? depth : 1000;
}
