import { text } from '../read/texts.ts';
import type { FactKind } from './fact-kind.ts';

export const packageFact: FactKind<{ readonly package: string }> = {
  keys: {
    package: text.optional().meta({ description: "the package's version; '' if it isn't installed" }),
  },
  answers: 'string',
  reads: (question) => ({ packages: [question.package] }),
  answer: (question, { snapshot }) => snapshot.packages.get(question.package) ?? '',
};
