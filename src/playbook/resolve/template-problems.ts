import { type Location, OperatorError, type Problem } from '../../model/operator-error.ts';
import { TemplateError } from './templates.ts';

/** Where the template was used. */
export interface TemplatePlace {
  readonly host: string;
  readonly step?: string;
  /** in words, if it isn't a step's */
  readonly place?: string;
  readonly location?: Location | undefined;
}

export function templateProblem(error: TemplateError, at: TemplatePlace): Problem {
  const place = at.place === undefined ? '' : ` (${at.place})`;
  return {
    code: 'template-failed',
    message: `${error.message}${place}`,
    next: error.next,
    host: at.host,
    step: at.step,
    location: at.location,
  };
}

/**
 * Run `work`; a template that can't be filled in becomes an OperatorError that names the host and the place.
 */
export function naming<Result>(at: TemplatePlace, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof TemplateError) throw new OperatorError(templateProblem(error, at));
    throw error;
  }
}
