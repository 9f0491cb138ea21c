import { text } from '../read/texts.ts';
import type { FactKind } from './fact-kind.ts';

export const unitFact: FactKind<{ readonly unit: string }> = {
  keys: { unit: text.optional().meta({ description: 'true if systemd has loaded the unit' }) },
  answers: 'boolean',
  reads: (question) => ({ units: [question.unit] }),
  answer: (question, { snapshot }) => snapshot.units.get(question.unit)?.load === 'loaded',
};
