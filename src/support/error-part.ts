import type { Problem } from '../model/operator-error.ts';
import type { SupportError } from '../model/support-bundle.ts';
import type { Words } from './words.ts';

/** The codes that the manual lists. */
export type KnownCodes = ReadonlySet<string>;

/** A problem by its code and place: its sentences may quote files, hosts and other programs. */
export function errorPart(problem: Problem, words: Words, codes: KnownCodes): SupportError {
  const { code, host, step, location, detail } = problem;
  return {
    code: knownCode(code, codes),
    host: host === undefined ? undefined : words.host(host),
    step: step === undefined ? undefined : words.name(step),
    line: location?.line,
    column: location?.column,
    stack: code === 'unexpected' ? placesIn(detail ?? '') : [],
  };
}

export function knownCode(code: string, codes: KnownCodes): string {
  return codes.has(code) ? code : 'other';
}

/** Files into which the program is bundled; scripts/build.mjs. */
const ownFile = /\/dist\/((?:main|chunk-[A-Z0-9]{8})\.js):(\d{1,7}):(\d{1,7})\)?$/;

/** The places in a stack trace that are in the program itself, without names of functions or folders. */
function placesIn(stack: string): readonly string[] {
  return stack.split('\n').flatMap((line) => {
    const found = ownFile.exec(line);
    return found === null ? [] : [`${found[1]}:${found[2]}:${found[3]}`];
  });
}
