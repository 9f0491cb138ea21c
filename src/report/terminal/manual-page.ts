import type { ReportDocument } from '../document/schema.ts';
import { joined, widthOf, wrap } from './prose.ts';
import type { Style } from './style.ts';

/** The pages of the manual: each by its name, with what it is about. */
export function renderPages({ pages = [] }: ReportDocument, style: Style): readonly string[] {
  const width = Math.max(0, ...pages.map(({ name }) => name.length));
  return pages.flatMap(({ name, about }) => {
    const start = `${name.padEnd(width)}  `;
    const [first = '', ...rest] = wrap(about, { columns: style.columns, first: start });
    return [style.paint.bold(start) + first.slice(start.length), ...rest];
  });
}

/** A page as a terminal shows it. */
export interface RenderedPage {
  readonly lines: readonly string[];
  /** at which of them each heading stands, from 0 */
  readonly headings: readonly number[];
}

/** A page in lines for a terminal: prose wrapped, rows of tables as paragraphs, code as it is. */
export function renderPage(text: string, style: Style): RenderedPage {
  const lines: string[] = [];
  const headings: number[] = [];
  for (const block of blocksOf(text)) {
    if (lines.length > 0 && !(block.kind === 'prose' && block.isTight)) lines.push('');
    if (block.kind === 'heading') headings.push(lines.length);
    lines.push(...renderBlock(block, style).map((line) => line.replaceAll(joined, ' ')));
  }
  if (/\]\([\w-]+\.md/.test(text))
    lines.push('', ...wrap(howToFollow, { columns: style.columns, first: '' }));
  return { lines, headings };
}

const howToFollow =
  'What stands in parentheses is a page: (docs stuck#end-a-run) is opened by `clusterproxy docs stuck#end-a-run`.';

type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly text: string }
  | { readonly kind: 'code'; readonly lines: readonly string[] }
  | { readonly kind: 'table'; readonly rows: readonly string[] }
  | {
      readonly kind: 'prose';
      readonly first: string;
      readonly text: string;
      /** an item right below another one */
      readonly isTight: boolean;
    };

function blocksOf(text: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const above = lines[at - 1] ?? '';
    const gather = (goesOn: (line: string) => boolean) => {
      const found: string[] = [];
      for (; at + 1 < lines.length && goesOn(lines[at + 1] ?? ''); at += 1) found.push(lines[at + 1] ?? '');
      return found;
    };
    const [, marks, heading] = /^(#+) (.*)/.exec(line) ?? [];
    // Comments are for those who write the pages.
    if (line.trim() === '' || /^<!--.*-->$/.test(line)) continue;
    if (line.trim().startsWith('```')) {
      blocks.push({ kind: 'code', lines: gather((next) => !next.trim().startsWith('```')) });
      at += 1;
    } else if (marks !== undefined && heading !== undefined)
      blocks.push({ kind: 'heading', level: marks.length, text: heading });
    else if (line.startsWith('|'))
      blocks.push({ kind: 'table', rows: [line, ...gather((next) => next.startsWith('|'))] });
    else {
      const [first = ''] = /^\s*(?:(?:[-*]|\d+\.) )?/.exec(line) ?? [];
      const rest = gather((next) => next.trim() !== '' && !/^\s*(?:[-*]|\d+\.) |^\||^#+ |^\s*```/.test(next));
      const isTight = blocks.at(-1)?.kind === 'prose' && above.trim() !== '';
      blocks.push({ kind: 'prose', first, text: [line.slice(first.length), ...rest].join(' '), isTight });
    }
  }
  return blocks;
}

function renderBlock(block: Block, { columns, paint }: Style): readonly string[] {
  switch (block.kind) {
    case 'heading':
      return [block.level === 1 ? paint.bold.underline(plain(block.text)) : paint.bold(plain(block.text))];
    case 'code':
      return renderCode(block.lines, columns);
    case 'prose':
      return wrap(plain(block.text), { columns, first: block.first });
    case 'table':
      return renderTable(block.rows, columns);
  }
}

/** Code is never wrapped; what is nearly as wide as the terminal is indented less, to be seen as a whole. */
function renderCode(lines: readonly string[], columns: number): readonly string[] {
  const room = columns - Math.max(0, ...lines.map(widthOf));
  const indentation = ' '.repeat(room < 0 ? 4 : Math.min(4, room));
  return lines.map((line) => (line === '' ? '' : `${indentation}${line}`));
}

/** Rows have too much text for columns: each is its first cell, and below it the others by their titles. */
function renderTable([head = '', ...rows]: readonly string[], columns: number): readonly string[] {
  const all = cellsOf(head);
  const titles = all.slice(1);
  const told = all.filter((title) => title !== '').join(' / ');
  const shown = rows
    .filter((row) => !/^\|[-:| ]+$/.test(row))
    .flatMap((row) => {
      const [first = '', ...cells] = cellsOf(row);
      return [
        ...wrap(first, { columns, first: '  ', hanging: 4 }),
        ...cells.flatMap((cell, index) => {
          const title = titles.length > 1 && titles[index] ? `${titles[index]}: ` : '';
          return cell === '' ? [] : wrap(`${title}${cell}`, { columns, first: '      ' });
        }),
      ];
    });
  return [...wrap(`(${told})`, { columns, first: '  ', hanging: 4 }), ...shown];
}

function cellsOf(row: string): readonly string[] {
  return row
    .replace(/^\||\|\s*$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => plain(cell.trim().replaceAll('\\|', '|')));
}

/** Without what Markdown needs only for a browser; code keeps its marks. */
function plain(text: string): string {
  return text
    .replace(/!\[([^\]]*)\]\([^)]*\)/g, '(picture: $1)')
    .replace(/\[((?:`[^`]*`|[^\]`])+)\]\(([\w-]+)\.md(#[\w-]+)?\)/g, `$1 (docs${joined}$2$3)`)
    .replace(/\[((?:`[^`]*`|[^\]`])+)\]\((https?:[^)]*)\)/g, '$1 ($2)')
    .replace(/\[((?:`[^`]*`|[^\]`])+)\]\([^)]*\)/g, '$1')
    .replace(/\*\*([^*]+)\*\*/g, '$1');
}
