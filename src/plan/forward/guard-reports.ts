import { stopsUnit } from '../../model/change.ts';
import type { Guard } from '../../model/handler.ts';
import type { GuardReport, Stage } from '../../model/plan.ts';
import { type Answer, queryKey, type Snapshot } from '../../model/snapshot.ts';

/** Parts of a stage that have guards. */
type Doings = Pick<Stage, 'actions' | 'changes' | 'handlers'>;

/** The guards that are asked in these stages. */
export function guardsIn(stages: readonly Doings[]): readonly Guard[] {
  return stages.flatMap(({ actions, changes, handlers }) => [
    ...actions.flatMap(({ action }) => action.guards ?? []),
    ...changes.filter(stopsUnit).flatMap((change) => change.guards ?? []),
    ...handlers.flatMap(({ handler }) => handler.guards),
  ]);
}

/** What the guards that will be asked reported when the host was inspected. */
export function guardReports(snapshot: Snapshot, stages: readonly Doings[]): readonly GuardReport[] {
  const guards = guardsIn(stages);
  const unique = new Map(guards.map((guard) => [guard.id, guard] as const));
  return [...unique.values()].map((guard) => report(guard, snapshot.answers.get(queryKey(guard.query))));
}

function report(guard: Guard, answer: Answer | undefined): GuardReport {
  if (answer?.status === 0) return { guard: guard.id, state: 'idle', sessions: [] };
  if (answer?.status === 1) return { guard: guard.id, state: 'busy', sessions: sessions(answer.output) };
  const said = answer?.output.trim();
  return { guard: guard.id, state: 'unknown', sessions: said ? [said] : [] };
}

/** Lines of `PARTICIPANTS<U+001F>NAME`. */
function sessions(output: string): readonly string[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [participants, ...name] = line.split('\u001f');
      return name.length === 0 ? line : `${name.join(' ')} (participants: ${participants})`;
    });
}
