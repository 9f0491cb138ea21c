import { FormatError } from '../format-error.ts';
import { afterLineEnd, applyEdits, lineEndOf, lineStart, lineStop } from '../text.ts';
import { removalOf, type Statement } from './scan.ts';
import { type Caddyfile, caddyfileOf, isImport, type Site } from './sites.ts';
import { caddyWord } from './words.ts';

/** Finds a site in the parts of a Caddyfile; undefined if there is none. */
type Finder = (file: Caddyfile) => Site | undefined;

/** The `import PATH` lines in a site or, without one, at the top level. */
export function importsOf(text: string, path: string, find?: Finder): readonly Statement[] {
  const file = caddyfileOf(text);
  const statements = find === undefined ? file.imports : (find(file)?.statements ?? []);
  return statements.filter((one) => isImport(one) && one.words[1]?.text === path);
}

/**
 * The text with `import PATH` as the first line of a site, so that its rules go before others that Caddy
 * would sort equally; without one, as the last line at the top level. The same text if it is there already.
 * FormatError if there is no such site, or if the line wouldn't stand where it belongs.
 */
export function insertImport(text: string, path: string, find?: Finder): string {
  if (importsOf(text, path, find).length > 0) return text;
  const line = `import ${caddyWord(path)}`;
  const after = find === undefined ? appended(text, line) : withinSite(text, line, find(caddyfileOf(text)));
  // Behind a site without braces, or behind a line that is continued, it would be part of that.
  if (importsOf(after, path, find).length !== 1) {
    throw new FormatError(`no line can be added ${find === undefined ? 'at the end' : 'to the site'}`);
  }
  return after;
}

/** The text without these lines. */
export function removeImport(text: string, path: string, find?: Finder): string {
  return applyEdits(
    text,
    importsOf(text, path, find).map((one) => removalOf(text, one)),
  );
}

function appended(text: string, line: string): string {
  const lineEnd = lineEndOf(text);
  const isEnded = text === '' || text === '\uFEFF' || text.endsWith('\n');
  return `${text}${isEnded ? '' : lineEnd}${line}${lineEnd}`;
}

function withinSite(text: string, line: string, site: Site | undefined): string {
  if (site === undefined) throw new FormatError('there is no such site');
  const { block, end } = site.statement;
  const head = block?.open.end ?? end;
  const at = afterLineEnd(text, lineStop(text, head));
  const lineEnd = lineEndOf(text);
  const before = text[at - 1] === '\n' ? '' : lineEnd;
  const insert = `${before}${indentWithin(text, site)}${line}${lineEnd}`;
  return applyEdits(text, [{ start: at, end: at, insert }]);
}

function indentWithin(text: string, { statement, statements, isBare }: Site): string {
  const indentOf = (at: number) => /^[ \t]*/.exec(text.slice(lineStart(text, at)))?.[0] ?? '';
  const [first] = statements;
  if (first !== undefined) return indentOf(first.start);
  return isBare ? '' : `${indentOf(statement.start)}\t`;
}
