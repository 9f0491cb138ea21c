import type { Guard } from '../../model/handler.ts';
import type { Query } from '../../model/reads.ts';
import type { RunRecord } from '../../model/transaction.ts';

/** The kinds of questions that a host can be asked. */
const known: Readonly<Record<Query['kind'], true>> = {
  http: true,
  search: true,
  command: true,
  certificate: true,
  'failed-challenges': true,
  browse: true,
  program: true,
};

/**
 * A run's record in which nothing is asked that only an older version could ask: there the guard of that id
 * which the playbook has now takes its place. Without one the host says that it isn't known, which counts as
 * busy.
 */
export function withPresentGuards(record: RunRecord, present: readonly Guard[]): RunRecord {
  const handlers = record.handlers.map((handler) => ({
    ...handler,
    guards: handler.guards.map((guard) =>
      Object.hasOwn(known, guard.query.kind) ? guard : (present.find(({ id }) => id === guard.id) ?? guard),
    ),
  }));
  return { ...record, handlers };
}
