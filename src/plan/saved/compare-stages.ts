import type { Change } from '../../model/change.ts';
import { type HostPlan, hasWork, type Stage, stagesOf } from '../../model/plan.ts';
import type { PathState } from '../../model/snapshot.ts';
import type { Fingerprints } from './fingerprints.ts';
import type { SavedChange, SavedStage } from './saved-plan.ts';

type StateAt = (path: string) => PathState | undefined;

/** A change of the plan, with the index of its stage. */
interface Planned {
  readonly stage: number;
  readonly change: SavedChange;
}

/**
 * How what would be done to a host now differs from its part of a saved plan, as texts; empty if it is all of
 * that part, or what is left of it after some stages, or nothing because all of them are done. A stage is one
 * transaction, so it is done or left as a whole.
 */
export async function compareStages(
  saved: readonly SavedStage[],
  now: Pick<HostPlan, 'stages' | 'last'>,
  fingerprints: Fingerprints,
  stateAt: StateAt,
): Promise<readonly string[]> {
  const stages = stagesOf(now).filter(hasWork);
  const planned = saved.flatMap(({ changes }, stage) => changes.map((change) => ({ stage, change })));
  const openSteps = new Set(planned.flatMap(({ change }) => (change.open === 'all' ? change.steps : [])));
  const changes = stages
    .flatMap((stage) => stage.changes)
    .filter(({ steps }) => !steps.some((step) => openSteps.has(step)));
  const certain = planned.filter(({ change }) => change.open !== 'all');
  const paths = [
    ...new Set([...certain.map(({ change }) => change.path), ...changes.map(({ path }) => path)]),
  ];
  const left = new Set<number>();
  const done = new Set<number>();
  const different = await Promise.all(
    paths.map(async (path) => {
      const chain = certain.filter(({ change }) => change.path === path);
      const rest = changes.filter((change) => change.path === path);
      const first = chain.length - rest.length;
      if (!(await isRestOf(chain, rest, fingerprints, stateAt(path)))) return [differenceAt(path, rest)];
      for (const [index, { stage, change }] of chain.entries()) {
        if (index >= first) left.add(stage);
        // What an action has brought may be as planned before its stage begins.
        else if (change.open === undefined) done.add(stage);
      }
      return [];
    }),
  );
  const others = different.flat();
  if (others.length > 0) return others;
  const next = Math.min(saved.length, ...left);
  if (Math.max(-1, ...done) >= next) return ['only a part of what belongs together is as planned'];
  return compareWork(saved, stages, { done, left });
}

function differenceAt(path: string, rest: readonly Change[]): string {
  return rest.length > 0
    ? `the change to ${path} is now different`
    : `${path} is neither as it was nor as the plan leaves it`;
}

/** Whether these changes are the last ones of that chain, and the path is as the ones before leave it. */
async function isRestOf(
  chain: readonly Planned[],
  rest: readonly Change[],
  fingerprints: Fingerprints,
  state: PathState = { kind: 'absent' },
): Promise<boolean> {
  const first = chain.length - rest.length;
  if (first < 0) return false;
  const before = chain[first - 1]?.change;
  if (before !== undefined && !(await isAfter(before, state, fingerprints))) return false;
  const same = await Promise.all(
    rest.map((change, index) => isSame(chain[first + index]?.change, change, fingerprints)),
  );
  return same.every(Boolean);
}

async function isSame(
  saved: SavedChange | undefined,
  now: Change,
  fingerprints: Fingerprints,
): Promise<boolean> {
  if (saved === undefined || !(await isAfter(saved, now.after, fingerprints))) return false;
  if (saved.open !== undefined) return true;
  const kind = { secret: saved.secret === true, contentOnly: false };
  return (
    saved.action === now.action && saved.before === (await fingerprints.of(saved.path, now.before, kind))
  );
}

async function isAfter(saved: SavedChange, state: PathState, fingerprints: Fingerprints): Promise<boolean> {
  const kind = { secret: saved.secret === true, contentOnly: saved.open !== undefined };
  return saved.after === (await fingerprints.of(saved.path, state, kind));
}

/**
 * Actions and handlers, of which no others than those that were agreed to may be left. An action may have
 * been carried out before its stage was reverted. Handlers of a stage that is left are all of it; those of
 * one that is done may be owed.
 */
function compareWork(
  saved: readonly SavedStage[],
  now: readonly Stage[],
  { done, left }: { readonly done: ReadonlySet<number>; readonly left: ReadonlySet<number> },
): readonly string[] {
  const actions = now.flatMap((stage) => stage.actions.map(({ action }) => action.name));
  const agreed = saved.slice(1 + Math.max(-1, ...done)).flatMap((stage) => stage.actions);
  if (!isPart(actions, agreed)) return [`other actions would be done: ${actions.join(', ')}`];
  const handlers = now.flatMap((stage) => stage.handlers.map(({ handler }) => handler.id));
  const all = saved.flatMap((stage) => stage.handlers);
  const isWhole = done.size > 0 || left.size === 0 || isPart(all, handlers);
  if (isPart(handlers, all) && isWhole) return [];
  return [`other handlers would run: ${handlers.join(', ') || 'none'}`];
}

function isPart(some: readonly string[], all: readonly string[]): boolean {
  return some.every((one) => all.includes(one));
}
