import type { Guard } from '../../model/handler.ts';
import type { GuardReport, PlannedHandler } from '../../model/plan.ts';
import { type Answer, queryKey, type Snapshot } from '../../model/snapshot.ts';

/** What the guards of the handlers that will run said when the host was looked at. */
export function guardReports(
  snapshot: Snapshot,
  handlers: readonly PlannedHandler[],
): readonly GuardReport[] {
  const guards = handlers.flatMap(({ handler }) => handler.guards);
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
      return name.length === 0 ? line : `${name.join(' ')} (${participants} in it)`;
    });
}
