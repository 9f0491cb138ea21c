import { absolutePath, text } from '../read/texts.ts';
import type { FactKind } from './fact-kind.ts';
import { textsAt } from './files.ts';

/** In any of the files, if the path is a glob. */
export const containsFact: FactKind<{ readonly path: string; readonly contains: string }> = {
  keys: {
    path: absolutePath.optional(),
    contains: text.optional().meta({ description: 'true if a file at path contains this text' }),
  },
  answers: 'boolean',
  reads: ({ path }) => ({ paths: [path] }),
  answer: (question, asked) =>
    textsAt(question.path, asked).some((content) => content.includes(question.contains)),
};
