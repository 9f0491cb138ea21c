import type { ReportDocument } from '../document/schema.ts';
import { wrap } from './prose.ts';
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

/** A page in lines for a terminal: prose wrapped, rows of tables as paragraphs, code as it is. */
export function renderPage(text: string, style: Style): readonly string[] {
  const lines: string[] = [];
  for (const block of blocksOf(text)) lines.push(...renderBlock(block, style), '');
  while (lines.at(-1) === '') lines.pop();
  return lines.filter((line, index) => line !== '' || lines[index - 1] !== '');
}

type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly text: string }
  | { readonly kind: 'code'; readonly lines: readonly string[] }
  | { readonly kind: 'table'; readonly rows: readonly string[] }
  | { readonly kind: 'prose'; readonly first: string; readonly text: string };

function blocksOf(text: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
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
      blocks.push({ kind: 'prose', first, text: [line.slice(first.length), ...rest].join(' ') });
    }
  }
  return blocks;
}

function renderBlock(block: Block, { columns, paint }: Style): readonly string[] {
  switch (block.kind) {
    case 'heading':
      return [block.level === 1 ? paint.bold.underline(plain(block.text)) : paint.bold(plain(block.text))];
    case 'code':
      return block.lines.map((line) => (line === '' ? '' : `    ${line}`));
    case 'prose':
      return wrap(plain(block.text), { columns, first: block.first });
    case 'table':
      return renderTable(block.rows, columns);
  }
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
    .replace(/\[([^\]]+)\]\((?:\.\.\/)*([\w-]+)\.md[^)]*\)/g, '$1 (docs $2)')
    .replace(/\[([^\]]+)\]\((https?:[^)]*)\)/g, '$1 ($2)')
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .replace(/\*\*([^*]+)\*\*/g, '$1');
}
