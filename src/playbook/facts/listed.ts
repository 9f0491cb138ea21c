import { z } from 'zod';
import { OperatorError } from '../../model/operator-error.ts';
import { type ListTell, listTells } from '../../model/server-list.ts';
import type { FactKind } from './fact-kind.ts';

interface Listed {
  readonly listed: ListTell;
}

/**
 * What the role's server list tells of the host; '' where there is none. It is asked from here, so the host
 * itself has nothing to read.
 */
export const listedFact: FactKind<Listed> = {
  keys: {
    listed: z
      .enum(listTells)
      .optional()
      .meta({ description: "what the role's server list tells of the host" }),
  },
  answers: 'string',
  reads: () => ({}),
  answer: ({ listed }, { fact, snapshot, told }) => {
    const value = told?.[listed] ?? '';
    if (typeof value === 'string') return value;
    throw new OperatorError({
      code: 'fact-unreadable',
      message: value.unknown,
      next: `look at what the server list is asked for ${fact}`,
      host: snapshot.host,
    });
  },
};
