import { absolutePath, text } from '../read/texts.ts';
import type { FactKind } from './fact-kind.ts';
import { textsAt } from './files.ts';
import { groupsIn } from './pattern.ts';

/** The first group of the first match; '' if there is no match. */
export const captureFact: FactKind<{ readonly path: string; readonly capture: string }> = {
  keys: {
    path: absolutePath.optional(),
    capture: text.optional().meta({ description: 'regular expression; its first group is the fact' }),
  },
  answers: 'string',
  mistake: (question) => {
    const found = groupsIn(question.capture);
    if (typeof found !== 'number') {
      return {
        key: 'capture',
        ...found,
        next: 'write a JavaScript regular expression; single quotes keep its backslashes',
      };
    }
    if (found > 0) return undefined;
    return {
      key: 'capture',
      message: 'the pattern has no group',
      next: 'put the part to capture in ( )',
    };
  },
  reads: ({ path }) => ({ paths: [path] }),
  answer: (question, asked) => {
    const pattern = new RegExp(question.capture, 'm');
    const matches = textsAt(question.path, asked).map((content) => pattern.exec(content)?.[1]);
    return matches.find((found) => found !== undefined) ?? '';
  },
};
