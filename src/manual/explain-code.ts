import { nearestName } from '../document/nearest-name.ts';
import type { CodeExplanation } from '../model/explanation.ts';
import { OperatorError } from '../model/operator-error.ts';
import { type CodeRow, codeRows, type ManualPage, mentionsOf } from './manual-page.ts';

/** The pages that list every code of an error, in the order in which `errors.md` names them. */
const errors = ['errors-command.md', 'errors-files.md', 'errors-looking.md', 'errors-changing.md'];
/** The page that lists every status of a host. */
const statuses = 'status.md';
/** The page that lists every trouble. */
const troubles = 'doctor.md';
/** The pages that list every check from outside. */
const checks = ['verification.md', 'browser.md'];

/**
 * What the manual says of a code of an error or a trouble, of a status of a host, or of a check. Throws
 * `code-unknown`, with the nearest one.
 */
export function explainCode(code: string, pages: readonly ManualPage[]): CodeExplanation {
  const rows = allRows(pages);
  const word = code.trim().toLowerCase().replace(/:$/, '');
  // A word can be both: a host has the status `stuck` because of the error `stuck`.
  const [row, ...others] = rows.filter(({ codes }) => codes.includes(word));
  if (row === undefined) throw unknown(code, rows);
  const mentions = [
    ...others.map(({ page, section, what }) => ({ page, section, text: `${word}: ${what}` })),
    ...pages.filter(({ name }) => !errors.includes(name)).flatMap((page) => mentionsOf(page, word)),
  ];
  return { code: word, page: row.page, section: row.section, what: row.what, next: row.next, mentions };
}

/** Every code, in the manual's order, by section; without what else the manual says of it. */
export function listCodes(pages: readonly ManualPage[]): readonly CodeExplanation[] {
  return allRows(pages).flatMap(({ codes, ...row }) => codes.map((code) => ({ code, ...row, mentions: [] })));
}

function allRows(pages: readonly ManualPage[]): readonly CodeRow[] {
  return [...errors, statuses, troubles, ...checks].flatMap((wanted) =>
    pages.filter(({ name }) => name === wanted).flatMap(codeRows),
  );
}

function unknown(code: string, rows: readonly CodeRow[]): OperatorError {
  const known = rows.flatMap(({ codes }) => codes);
  const near = nearestName(code, known);
  return new OperatorError({
    code: 'code-unknown',
    message: `no error, status, trouble or check has the code '${code}'`,
    next:
      near === undefined
        ? 'clusterproxy explain, without a code, lists all of them'
        : `did you mean ${near}? Without a code, clusterproxy explain lists all of them`,
  });
}
