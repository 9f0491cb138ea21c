import { z } from 'zod';
import type { PathState } from '../../model/snapshot.ts';
import { absolutePath } from '../read/texts.ts';
import type { FactKind } from './fact-kind.ts';
import { statesAt } from './files.ts';

export const existsFact: FactKind<{ readonly exists: string[] }> = {
  keys: {
    exists: z
      .array(absolutePath)
      .min(1)
      .optional()
      .meta({ description: 'true if any of these paths exists' }),
  },
  answers: 'boolean',
  reads: (question) => ({ paths: question.exists }),
  answer: (question, { snapshot }) =>
    question.exists.some((path) => statesAt(path, snapshot).some(([, state]) => isThere(state))),
};

/** What an action will bring counts only once it exists, since facts are what was found. */
function isThere({ kind }: PathState): boolean {
  return kind !== 'absent' && kind !== 'pending';
}
