import type { Mention } from '../model/explanation.ts';

/** A page of the manual: a file of docs/, in Markdown. */
export interface ManualPage {
  /** such as `schedule.md` */
  readonly name: string;
  readonly text: string;
}

/** A row of a table whose first column holds codes. */
export interface CodeRow {
  readonly codes: readonly string[];
  readonly page: string;
  readonly section: string;
  readonly what: string;
  readonly next: string | undefined;
}

/** Something that stands between two empty lines, an item of a list, or a row of a table. */
interface Block {
  readonly section: string;
  /** as it is written; the lines of a paragraph are joined by a blank */
  readonly text: string;
  /** the table's first row, for a row of a table */
  readonly header?: readonly string[] | undefined;
  /** for a row of a table: the paragraph or item before the table, below the same heading */
  readonly intro?: string | undefined;
}

/** What heads the first column of a table of codes. */
const codeTables: readonly string[] = ['code', 'status of a host', 'trouble', 'check'];

/** What was read of pages, since one code after the other is looked up in the same ones. */
const blocks = new WeakMap<ManualPage, readonly Block[]>();
const rows = new WeakMap<ManualPage, readonly CodeRow[]>();

function kept<Result>(of: WeakMap<ManualPage, Result>, page: ManualPage, read: () => Result): Result {
  const result = of.get(page) ?? read();
  of.set(page, result);
  return result;
}

/** The rows of a page's tables of codes: of errors, of statuses, of troubles, and of checks. */
export function codeRows(page: ManualPage): readonly CodeRow[] {
  return kept(rows, page, () => readRows(page));
}

function readRows(page: ManualPage): readonly CodeRow[] {
  const { name } = page;
  return blocksIn(page).flatMap(({ section, text: row, header, intro }) => {
    if (!isCodeTable({ header })) return [];
    const [first = '', what = '', next] = cellsOf(row);
    const codes = [...first.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) => [code]);
    if (header?.[0] === 'check')
      return [{ codes, page: name, section, ...checkWords(header, cellsOf(row), intro) }];
    return [
      { codes, page: name, section, what: plain(what), next: next === undefined ? undefined : plain(next) },
    ];
  });
}

/** A check says what to do only once it has failed. The words before its table name the options it needs. */
function checkWords(
  header: readonly string[],
  cells: readonly string[],
  intro: string | undefined,
): Pick<CodeRow, 'what' | 'next'> {
  const options = /`(--[^`]+)`/.exec(intro ?? '')?.[1];
  const command = ['clusterproxy verify', ...(options === undefined ? [] : [options])].join(' ');
  const words = header.map((title, index) => [title, plain(cells[index] ?? '')] as const).slice(1);
  return {
    what: `a check: ${words.map(([title, text]) => `${title}${title === 'releases' ? ':' : ''} ${text}`).join('; ')}`,
    next: `run ${command}: below a check that fails stands what was expected, what was found, and what to do`,
  };
}

/**
 * Where a page speaks of a code: the paragraphs, items and rows that have it as a word in code font. Its own
 * row in a table of codes is none of them.
 */
export function mentionsOf(page: ManualPage, code: string): readonly Mention[] {
  return blocksIn(page)
    .filter((block) => !isCodeTable(block) && block.text.includes(`\`${code}\``))
    .map((block) => ({
      page: page.name,
      section: block.section,
      text: block.header === undefined ? plain(block.text) : cellsOf(block.text).map(plain).join(': '),
    }));
}

function isCodeTable({ header }: Pick<Block, 'header'>): boolean {
  return codeTables.includes(header?.[0] ?? '');
}

const blocksIn = (page: ManualPage) => kept(blocks, page, () => blocksOf(page.text));

function blocksOf(text: string): readonly Block[] {
  const found: Block[] = [];
  let section = '';
  let header: readonly string[] | undefined;
  let intro: string | undefined;
  let lines: string[] = [];
  let fenced = false;
  const close = () => {
    if (lines.length > 0) {
      intro = lines.join(' ');
      found.push({ section, text: intro });
    }
    lines = [];
  };
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('```')) fenced = !fenced;
    const heading = /^#+ (.*)/.exec(line)?.[1];
    const row = line.startsWith('|');
    if (!row) header = undefined;
    if (fenced || line.startsWith('```') || line.trim() === '') close();
    else if (heading !== undefined) {
      close();
      section = plain(heading);
      intro = undefined;
    } else if (row) {
      close();
      if (header === undefined) header = cellsOf(line).map(plain);
      else if (!/^\|[-:| ]+$/.test(line)) found.push({ section, text: line, header, intro });
    } else {
      if (/^\s*(?:[-*]|\d+\.) /.test(line)) close();
      lines.push(line.trim());
    }
  }
  close();
  return found;
}

/** The cells of a row; `\|` is a bar within a cell. */
function cellsOf(row: string): readonly string[] {
  return row
    .replace(/^\||\|\s*$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}

/**
 * Markdown as a person reads it on a terminal: no emphasis, code as it is typed, a link with its page's name.
 */
function plain(text: string): string {
  return text
    .replace(/\[((?:`[^`]*`|[^\]`])+)\]\(([\w-]+)\.md(#[\w-]+)?\)/g, '$1 (docs $2$3)')
    .replace(/\[((?:`[^`]*`|[^\]`])+)\]\([^)]*\)/g, '$1')
    .replace(/\*\*([^*]+)\*\*/g, '$1')
    .replace(/`([^`]+)`/g, '$1')
    .replace(/^(?:[-*]|\d+\.) /, '')
    .replace(/\s+/g, ' ')
    .trim();
}
