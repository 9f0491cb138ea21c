import type { Query } from '../model/reads.ts';
import { remoteFile } from './program.ts';

/**
 * The programs that queries ask, each once. A host knows one by its place among them, from 1, since a text of
 * many lines can't stand in a record.
 */
export function programsIn(queries: readonly Query[]): readonly string[] {
  return [...new Set(queries.flatMap((query) => (query.kind === 'program' ? [query.program] : [])))];
}

/** A query as fields of a record: how many arguments, its kind, and they. */
export function queryFields(query: Query, programs: readonly string[]): readonly (string | number)[] {
  const own = query.kind === 'program' ? [programs.indexOf(query.program) + 1] : [];
  return [own.length + query.args.length, query.kind, ...own, ...query.args];
}

/** What is sent of them: each behind the library that it may use. */
export async function sentPrograms(programs: readonly string[]): Promise<readonly Buffer[]> {
  if (programs.length === 0) return [];
  const library = await remoteFile('library.sh');
  return programs.map((text) => Buffer.from(`${library}\n${text}`));
}
