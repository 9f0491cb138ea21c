import { nearestName } from '../document/nearest-name.ts';
import type { CodeExplanation } from '../model/explanation.ts';
import { OperatorError } from '../model/operator-error.ts';
import { statusWords } from '../model/status-words.ts';
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
  const word = codeOf(code, rows);
  // A word can be both: a host has the status `stuck` because of the error `stuck`.
  const [row, ...others] = rows.filter(({ codes }) => codes.includes(word));
  if (row === undefined) throw unknown(code, rows);
  const mentions = [
    ...others.map(({ page, section, what }) => ({ page, section, text: `${word}: ${what}` })),
    ...pages.filter(({ name }) => !errors.includes(name)).flatMap((page) => mentionsOf(page, word)),
  ];
  return { code: word, page: row.page, section: row.section, what: row.what, next: row.next, mentions };
}

/**
 * The code that is meant: as it is, or by what a screen says instead (`outcome unknown`, `put off`), also in
 * one word or in several.
 */
function codeOf(said: string, rows: readonly CodeRow[]): string {
  const word = said
    .trim()
    .toLowerCase()
    .replace(/^error\s+|:$/g, '')
    .replace(/\s+/g, ' ');
  const known = new Set(rows.flatMap(({ codes }) => codes));
  if (known.has(word)) return word;
  const shown = Object.entries(screenWords).find(([, words]) => words.includes(word));
  const dashed = word.replaceAll(' ', '-');
  return shown?.[0] ?? (known.has(dashed) ? dashed : word);
}

/** What screens say of hosts, by the status that is meant. */
const screenWords: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(statusWords).map(([status, words]) => [
    status,
    [
      words,
      words.replace(/,.*/, ''),
      ...(status === 'deferred' ? ['put off'] : []),
      ...(status === 'skipped' ? ['not concerned'] : []),
    ],
  ]),
);

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
