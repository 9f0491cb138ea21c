import type { Handler } from '../model/handler.ts';
import type { Query } from '../model/reads.ts';
import type { RunRecord } from '../model/transaction.ts';
import { programsIn } from './own-programs.ts';

/** A query that has the place of its program's text in the record's list, from 1, instead of the text. */
type Referring = Omit<Query, 'program'> & { readonly program?: unknown };

/**
 * A run's record as it is written down on its host, JSON. The text of a program that many guards ask stands
 * in it once, in `programs`.
 */
export function recordText(record: RunRecord): string {
  const programs = programsIn(record.handlers.flatMap(({ guards }) => guards.map(({ query }) => query)));
  const refer = (query: Query): Referring =>
    query.kind === 'program' ? { ...query, program: programs.indexOf(query.program) + 1 } : query;
  const more = programs.length === 0 ? {} : { programs };
  return `${JSON.stringify({ ...record, handlers: withQueries(record.handlers, refer), ...more }, undefined, 1)}\n`;
}

/** The record as it was before `recordText`. Throws where it refers to a program that it lacks. */
export function recordWithPrograms({
  programs = [],
  ...record
}: RunRecord & { readonly programs?: readonly string[] }): RunRecord {
  const follow = (query: Referring): Query => {
    if (query.kind !== 'program') return query as Query;
    const program = programs[Number(query.program) - 1];
    if (program === undefined) throw new Error('it refers to a program that it lacks');
    return { kind: 'program', program, args: query.args };
  };
  return { ...record, handlers: withQueries(record.handlers, follow) };
}

function withQueries<To>(handlers: readonly Handler[], turned: (query: Query) => To) {
  return handlers.map((handler) => ({
    ...handler,
    guards: handler.guards.map((guard) => ({ ...guard, query: turned(guard.query) })),
  }));
}
