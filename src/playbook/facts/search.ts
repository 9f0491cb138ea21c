import { OperatorError } from '../../model/operator-error.ts';
import { type Query, queryKey } from '../../model/reads.ts';
import { absolutePath, text } from '../read/texts.ts';
import type { FactKind } from './fact-kind.ts';
import { groupsIn } from './pattern.ts';

interface Search {
  readonly path: string;
  readonly search: string;
}

/** The host itself searches files of any size; what is planned for them doesn't count. */
export const searchFact: FactKind<Search> = {
  keys: {
    path: absolutePath.optional(),
    search: text.optional().meta({
      description:
        'extended regular expression; true if a file at path, of any size, has a line that matches',
    }),
  },
  answers: 'boolean',
  mistake: (question) => {
    // grep(1) uses a different regular expression language, but one similar enough to find an unclosed
    // bracket here.
    const found = groupsIn(question.search);
    if (typeof found === 'number') return undefined;
    const next = 'write an extended regular expression, as for grep -E; single quotes keep its backslashes';
    return { key: 'search', ...found, next };
  },
  reads: (question) => ({ queries: [queryOf(question)] }),
  // grep(1): 0 found, 1 not found, 2 no such file.
  answer: (question, { fact, snapshot }) => {
    const status = snapshot.answers.get(queryKey(queryOf(question)))?.status ?? 2;
    if (status <= 2) return status === 0;
    throw new OperatorError({
      code: 'fact-unreadable',
      message: `the fact ${fact} can't be determined: searching ${question.path} took too long`,
      next: 'check the load of the host, and run the command again',
      host: snapshot.host,
    });
  },
};

function queryOf({ path, search: pattern }: Search): Query {
  return { kind: 'search', args: [pattern, path] };
}
