import { stopsUnit } from '../../model/change.ts';
import type { Guard } from '../../model/handler.ts';
import type { PeopleSession } from '../../model/people.ts';
import type { GuardReport, Stage } from '../../model/plan.ts';
import { type Answer, queryKey } from '../../model/reads.ts';
import type { Snapshot } from '../../model/snapshot.ts';

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
  return reportsOf(snapshot, guardsIn(stages));
}

/** What these guards reported. */
export function reportsOf(snapshot: Snapshot, guards: readonly Guard[]): readonly GuardReport[] {
  const unique = new Map(guards.map((guard) => [guard.id, guard] as const));
  return [...unique.values()].map((guard) => report(guard, snapshot.answers.get(queryKey(guard.query))));
}

function report({ id, description }: Guard, answer: Answer | undefined): GuardReport {
  const said = answer?.output.trim() ?? '';
  const report = { guard: id, ...(description === undefined ? {} : { description }), sessions: [] };
  if (answer?.status !== 0 && answer?.status !== 1) {
    return { ...report, state: 'unknown', ...(said === '' ? {} : { why: said }) };
  }
  const lines = answer.output.split('\n').map((line) => line.split('\u001f'));
  const ignored = lines.flatMap(([kind, ...fields]) => (kind === 'ignored' ? [session(fields)] : []));
  const notes = lines.flatMap(([kind, words = '']) => (kind === 'note' && words !== '' ? [words] : []));
  return {
    ...report,
    ...(ignored.length === 0 ? {} : { ignored }),
    ...(notes.length === 0 ? {} : { notes }),
    ...(answer.status === 0
      ? { state: 'idle' }
      : { state: 'busy', sessions: lines.filter(isSession).map(session) }),
  };
}

function isSession(fields: readonly string[]): boolean {
  return fields.length > 1 && fields[0] !== 'ignored' && fields[0] !== 'note';
}

/** PARTICIPANTS, NAME, AGE and WORDS as src/host/remote/people.sh tells them. */
function session([participants = '', name = '', age = '', words = '']: readonly string[]): PeopleSession {
  return {
    ...(/^[0-9]{1,6}$/.test(participants) ? { participants: Number(participants) } : {}),
    ...(name === '' ? {} : { name }),
    ...(/^[0-9]{1,11}$/.test(age) ? { age: Number(age) } : {}),
    ...(words === '' ? {} : { words }),
  };
}
