import { z } from 'zod';
import { text } from '../read/texts.ts';
import type { FactKind } from './fact-kind.ts';

/** In words of systemctl(1): `ActiveState` or `UnitFileState`. */
export const unitStateFact: FactKind<{ readonly unit: string; readonly tells: string }> = {
  keys: {
    unit: text.optional().meta({ description: 'a unit of systemd' }),
    tells: z.enum(['active', 'enabled']).optional().meta({
      description:
        "active: whether it is active, inactive, failed, …; enabled: whether it is enabled, disabled, static, …; '' if there is no such unit",
    }),
  },
  answers: 'string',
  reads: (question) => ({ units: [question.unit] }),
  answer: (question, { snapshot }) => {
    const state = snapshot.units.get(question.unit);
    if (state === undefined || state.load !== 'loaded') return '';
    return question.tells === 'enabled' ? state.enabled : state.active;
  },
};
