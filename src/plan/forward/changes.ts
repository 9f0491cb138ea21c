import { type Change, changeBetween } from '../../model/change.ts';
import { type Snapshot, stateIn, unitOfPath } from '../../model/snapshot.ts';
import type { VirtualHost } from '../../virtual/virtual-host.ts';
import type { StepTrace } from './run-steps.ts';

/**
 * The difference between the real host and the virtual one, in the order in which it is carried out:
 * directories before their contents, then files in the order in which the steps touched them, and deletions
 * last. These are followed by what can't be known yet: what steps do to things that an action must bring
 * first.
 */
export function changesOf(host: VirtualHost, traces: readonly StepTrace[]): readonly Change[] {
  const changes = host.touched.flatMap((path) => {
    const before = stateIn(host.snapshot, path) ?? ({ kind: 'absent' } as const);
    const asking = traces.filter((trace) => trace.paths.includes(path));
    const steps = new Set(asking.map((trace) => trace.step));
    const change = changeBetween(path, before, host.state(path), [...steps]);
    if (change === undefined) return [];
    const accounts = new Set(asking.flatMap(({ folderOf }) => folderOf));
    const named = accounts.size === 0 ? change : { ...change, folderOf: [...accounts] };
    return [provisionally(named, host)];
  });
  return [...inOrder(changes), ...traces.flatMap((trace) => laterChanges(trace, host.snapshot))];
}

/** Whatever is missing may come with an action of an earlier stage. */
function provisionally(change: Change, { snapshot }: VirtualHost): Change {
  const { before } = change;
  if (snapshot.pending === undefined || (before.kind !== 'absent' && before.kind !== 'pending'))
    return change;
  return { ...change, knownAfter: snapshot.pending.after };
}

function laterChanges({ step, later }: StepTrace, snapshot: Snapshot): readonly Change[] {
  if (later === undefined) return [];
  const pending = { kind: 'pending', after: later.after } as const;
  const { paths = [`what step ${step} does`] } = later;
  return paths.map((path) => ({
    path,
    kind: unitOfPath(path) === undefined ? 'file' : 'unit',
    action: stateIn(snapshot, path)?.kind === 'absent' ? 'create' : 'modify',
    steps: [step],
    before: pending,
    after: pending,
    knownAfter: later.after,
  }));
}

function inOrder(changes: readonly Change[]): readonly Change[] {
  return changes
    .map((change, index) => ({ change, index }))
    .sort((one, other) => rank(one.change) - rank(other.change) || one.index - other.index)
    .map(({ change }) => change);
}

/**
 * Directories from the top down, then files and links, then deletions, including directories from the bottom
 * up; units last.
 */
function rank(change: Change): number {
  const depth = change.path.split('/').length;
  if (change.kind === 'unit') return 4000;
  if (change.action === 'delete') return change.kind === 'directory' ? 3000 - depth : 2000;
  return change.kind === 'directory' ? depth : 1000;
}
