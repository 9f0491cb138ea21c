import { text } from '../read/texts.ts';
import type { FactKind } from './fact-kind.ts';

/** Services that are started together are up within that time of each other. Seconds. */
const startedTogether = 60;

/** False where one of them doesn't run. */
export const restartedFact: FactKind<{ readonly restarted: string; readonly beneath: string }> = {
  keys: {
    restarted: text.optional().meta({
      description: 'a unit; true if it was started a minute or more after the one that runs on top of it',
    }),
    beneath: text.optional().meta({ description: 'the unit that runs on top of the restarted one' }),
  },
  answers: 'boolean',
  reads: (question) => ({ units: [question.restarted, question.beneath] }),
  answer: (question, { snapshot }) => {
    const below = snapshot.units.get(question.restarted)?.startedAt;
    const above = snapshot.units.get(question.beneath)?.startedAt;
    return below !== undefined && above !== undefined && below - above >= startedTogether;
  },
};
