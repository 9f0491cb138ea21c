import type { BroughtPackage } from '../../model/forecast.ts';
import { type Answer, type Query, queryKey } from '../../model/reads.ts';
import { isGlob, type Snapshot } from '../../model/snapshot.ts';

/** grep(1): 0 found, 1 not found, 2 no such file. */
const [found, noFile] = [0, 2];

/**
 * The answers of searches once the packages' files are there: a package that has such a file answers for it;
 * one that takes it away leaves none.
 */
export function answersAfter(
  { answers }: Snapshot,
  packages: readonly BroughtPackage[],
  searches: readonly Query[],
): Snapshot['answers'] {
  const after = new Map(answers);
  for (const query of searches) {
    const key = queryKey(query);
    const now = answers.get(key);
    const said = packages.flatMap((one) => one.files.answers.get(key) ?? []);
    const answer = said.find(({ status }) => status === found) ?? said.find(({ status }) => status < noFile);
    const path = query.args.at(-1) ?? '';
    if (answer !== undefined) after.set(key, answer);
    else if (now !== undefined && isGone(path, packages)) after.set(key, nothingThere);
  }
  return after;
}

const nothingThere: Answer = { status: noFile, output: '' };

function isGone(path: string, packages: readonly BroughtPackage[]): boolean {
  return !isGlob(path) && packages.some(({ old, shared }) => old.has(path) && !shared.has(path));
}
