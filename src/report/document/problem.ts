import { clean } from '../../document/clean-text.ts';
import type { Location, Problem } from '../../model/operator-error.ts';
import { hiddenOf, quotedLine } from '../../secrets/quoted-line.ts';
import { ownLine, ownWords, showable, showableLine } from '../../secrets/showable.ts';
import { diffText } from './diff.ts';
import { cleanName } from './harmless.ts';
import type { ReportError, ReportLocation } from './schema.ts';

/** What went wrong, for the document. */
export function errorDocument(problem: Problem): ReportError {
  const { code, host, step, location } = problem;
  // A sentence about a line may quote the part of it that is hidden.
  const about = location === undefined ? undefined : hiddenOf(location);
  const { message, next } = about?.maskAll({ message: problem.message, next: problem.next }) ?? problem;
  const detail = detailOf(problem);
  return {
    code: cleanName(code),
    ...(host === undefined ? {} : { host: cleanName(host) }),
    ...(step === undefined ? {} : { step: cleanName(step) }),
    // Nobody has worded an error that nobody expected.
    message: code === 'unexpected' ? showableLine(message) : ownLine(message),
    ...(next === undefined ? {} : { next: ownWords(next) }),
    ...(location === undefined ? {} : { location: locationDocument(location) }),
    ...(detail === undefined ? {} : { detail }),
  };
}

/** What stands below a problem: more of our words, then another program's, then what would change. */
export function detailOf({ notes = [], detail, changes = [] }: Problem): string | undefined {
  if (detail === undefined) return notes.length === 0 ? undefined : notes.map(ownWords).join('\n');
  const foreign = showable(detail + changes.map(diffText).join(''));
  return [...notes.map(ownWords), foreign].join('\n');
}

function locationDocument({ under, ...location }: Location): ReportLocation {
  const { file, text, column } = location;
  const textColumn = clean(text.slice(0, column - 1)).length + 1;
  return {
    ...location,
    file: cleanName(file),
    text: clean(quotedLine({ text, under })),
    ...(textColumn === column ? {} : { textColumn }),
  };
}
