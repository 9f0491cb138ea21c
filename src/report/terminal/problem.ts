import type { ReportError, ReportLocation } from '../document/schema.ts';
import { count, list, oneLine } from '../shared/prose.ts';
import { indent, widthOf, wrap } from './prose.ts';
import type { Style } from './style.ts';

/**
 * More of another program's words than this hide the rest of a report; --verbose and --json have all. Lines.
 */
const longestDetail = 30;

/** So many problems at once are more than a person mends before looking again. */
const mostProblems = 20;

/**
 * A problem as a person reads it: code, place, what happened, the line it's about, the other program's own
 * words, and what to do next.
 */
export function renderProblem(problem: ReportError, style: Style, indentation = 0): readonly string[] {
  const { paint } = style;
  const [word, painted] = [
    `error ${problem.code}:`,
    `${paint.red.bold('error')} ${paint.bold(`${problem.code}:`)}`,
  ];
  return renderMarked(problem, style, { indentation, word, painted });
}

/** Why a host was deferred: as a problem, but it's none, since nothing went wrong. */
export function renderDeferred(problem: ReportError, style: Style, indentation = 0): readonly string[] {
  const word = `${problem.code}:`;
  return renderMarked(problem, style, { indentation, word, painted: style.paint.yellow.bold(word) });
}

/** What a problem begins with: the same text, plain and as it is shown. */
interface Mark {
  readonly indentation: number;
  readonly word: string;
  readonly painted: string;
}

function renderMarked(
  problem: ReportError,
  style: Style,
  { indentation, word, painted }: Mark,
): readonly string[] {
  const start = `${' '.repeat(indentation)}${word} `;
  const place = problem.location === undefined ? '' : `${placeOf(problem.location)}: `;
  const who = [problem.host, problem.step && `step ${problem.step}`].filter((part) => part).join(', ');
  const text = `${place}${who === '' ? '' : `${oneLine(who)}: `}${problem.message}`;
  const [first = '', ...rest] = wrap(text, {
    columns: style.columns,
    first: start,
    hanging: indentation + 2,
  });
  return [
    first.replace(start, `${' '.repeat(indentation)}${painted} `),
    ...rest,
    ...(problem.location === undefined ? [] : renderLocation(problem.location, style, indentation)),
    ...renderDetail(problem, style, indentation),
    ...renderNext(problem, style, indentation),
  ];
}

/**
 * Problems below each other, with an empty line between them. A mistake that was copied to a thousand hosts
 * doesn't scroll everything else away; --verbose and --json have all.
 */
export function renderProblems(problems: readonly ReportError[], style: Style): readonly string[] {
  const shown = style.verbose ? problems : problems.slice(0, mostProblems);
  const blocks = shown.map((problem) => renderProblem(problem, style));
  const hidden = problems.slice(shown.length);
  if (hidden.length > 0) blocks.push(renderHidden(hidden, style));
  return blocks.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
}

/** `... and 980 more errors: 979 missing-key and 1 unknown-role (--verbose shows them)` */
function renderHidden(problems: readonly ReportError[], { columns }: Style): readonly string[] {
  const codes = new Map<string, number>();
  for (const { code } of problems) codes.set(code, (codes.get(code) ?? 0) + 1);
  const kinds = [...codes].map(([code, number]) => `${number} ${code}`);
  const text = `and ${count(problems.length, 'more error')}: ${list(kinds)} (--verbose shows them)`;
  return wrap(text, { columns, first: '... ', hanging: 2 });
}

function placeOf({ file, line, column }: ReportLocation): string {
  return `${oneLine(file)}:${line}:${column}`;
}

/** The line with the place in it marked. */
function renderLocation(location: ReportLocation, style: Style, indentation: number): readonly string[] {
  const { text, column } = windowOf(location, style.columns - indentation - 8);
  const number = String(location.line).padStart(indentation + 5);
  const before = text.slice(0, column - 1);
  const mark =
    ' '.repeat(widthOf(before)) + style.paint.red('^'.repeat(lengthOfWord(text.slice(column - 1))));
  return [`${number} | ${text}`, `${' '.repeat(number.length)} | ${mark}`];
}

/** The part of a line around the place, so that a line of a thousand characters doesn't fill the screen. */
function windowOf(
  { text, column, textColumn: at = column }: ReportLocation,
  columns: number,
): { text: string; column: number } {
  // Each character becomes one column, so that the mark stays below its word.
  const shown = text.replace(/\t/g, ' ');
  const width = Math.max(30, columns - 6);
  if (shown.length <= columns) return { text: shown, column: at };
  const start = Math.max(0, Math.min(at - 1 - Math.floor(width / 3), shown.length - width));
  const cut = shown.slice(start, start + width);
  const head = start > 0 ? '...' : '';
  const tail = start + width < shown.length ? '...' : '';
  return { text: head + cut + tail, column: at - start + head.length };
}

/** How much to underline: the word, quoted string or character that begins there. */
function lengthOfWord(text: string): number {
  const word = /^(?:"[^"]*"|'[^']*'|[\p{L}\p{N}_.$/@-]+)/u.exec(text)?.[0] ?? ' ';
  return Math.max(1, widthOf(word));
}

function renderDetail(problem: ReportError, style: Style, indentation: number): readonly string[] {
  const { detail } = problem;
  if (detail === undefined || detail.trim() === '') return [];
  if (problem.code === 'unexpected' && !style.verbose) return [];
  const lines = indent(detail, indentation + 4);
  if (style.verbose || lines.length <= longestDetail) return lines;
  const more = `... and ${lines.length - longestDetail} more lines (--verbose shows them)`;
  return [...lines.slice(0, longestDetail), `${' '.repeat(indentation + 4)}${more}`];
}

function renderNext(problem: ReportError, style: Style, indentation: number): readonly string[] {
  if (problem.next === undefined || problem.next.trim() === '') return [];
  const [first, ...rest] = problem.next.split('\n');
  const options = { columns: style.columns, first: ' '.repeat(indentation + 2) };
  // A line that is indented is an example to copy.
  const isExample = (line: string) => /^\s/.test(line);
  return [first ?? '', ...rest].flatMap((line) =>
    isExample(line) ? [options.first + line] : wrap(line, options),
  );
}
