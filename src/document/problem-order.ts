import type { Location, Problem } from '../model/operator-error.ts';

/**
 * Mistakes in the order of their files, and in each from top to bottom; those elsewhere come last. If a value
 * is known to be wrong, it isn't said as well that others may read it differently.
 */
export function inOrder(problems: readonly Problem[], files: readonly string[]): readonly Problem[] {
  const rank = ({ location }: Problem) => {
    const found = files.indexOf(location?.file ?? '');
    return found === -1 ? files.length : found;
  };
  const wrong = new Set(
    problems.filter(({ code }) => code.startsWith('wrong-')).map(({ location }) => placeOf(location)),
  );
  return problems
    .filter(({ code, location }) => code !== 'yaml-ambiguous' || !wrong.has(placeOf(location)))
    .toSorted(
      (one, other) =>
        rank(one) - rank(other) ||
        (one.location?.line ?? 0) - (other.location?.line ?? 0) ||
        (one.location?.column ?? 0) - (other.location?.column ?? 0),
    );
}

function placeOf(location: Location | undefined): string | undefined {
  return location === undefined ? undefined : `${location.file}:${location.line}:${location.column}`;
}
