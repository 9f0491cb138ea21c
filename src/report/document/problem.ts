import { clean } from '../../document/clean-text.ts';
import type { Location, Problem } from '../../model/operator-error.ts';
import { showable, showableLine } from '../../secrets/showable.ts';
import { diffText } from './diff.ts';
import { cleanName } from './harmless.ts';
import type { ReportError, ReportLocation } from './schema.ts';

/** What went wrong, for the document. */
export function errorDocument(problem: Problem): ReportError {
  const { code, host, step, message, next, location } = problem;
  const detail = detailOf(problem);
  return {
    code: cleanName(code),
    ...(host === undefined ? {} : { host: cleanName(host) }),
    ...(step === undefined ? {} : { step: cleanName(step) }),
    message: showableLine(message),
    ...(next === undefined ? {} : { next: showable(next) }),
    ...(location === undefined ? {} : { location: locationDocument(location) }),
    ...(detail === undefined ? {} : { detail: showable(detail) }),
  };
}

/** What stands below a problem: another program's words, then what would change. Not made harmless yet. */
export function detailOf({ detail, changes = [] }: Problem): string | undefined {
  return detail === undefined ? undefined : detail + changes.map(diffText).join('');
}

function locationDocument(location: Location): ReportLocation {
  const { file, text, column } = location;
  const textColumn = clean(text.slice(0, column - 1)).length + 1;
  return {
    ...location,
    file: cleanName(file),
    text: showable(text),
    ...(textColumn === column ? {} : { textColumn }),
  };
}
