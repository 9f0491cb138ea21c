/** A line that begins in a column in which nothing can begin, and the line that it most likely belongs to. */
export interface Slip {
  /** counted from 1, as are the columns */
  readonly line: number;
  readonly column: number;
  /** what the line begins with: its key, or `-` */
  readonly name: string;
  readonly other: { readonly line: number; readonly column: number; readonly name: string };
}

/** A map or a list that is open at a line, with its latest entry. */
interface Level {
  readonly kind: 'map' | 'list';
  /** counted from 0 */
  readonly column: number;
  line: number;
  name: string;
}

interface Entry {
  readonly kind: 'map' | 'list';
  readonly column: number;
  readonly name: string;
}

/** `key: value` or `key:`; the key may be quoted. */
const keyed =
  /^(?:("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|([^\s"'#[\]{},&*!|>%@`-][^#]*?|-[^\s#][^#]*?))\s*:(?=\s|$)/;

/**
 * The first line of a YAML file whose indentation fits none of the maps and lists around it. The parser of
 * such a file complains of what it takes the line for, and often on another line. Only for files that aren't
 * valid YAML; the rules of block style are enough for what operators write, and undefined is the answer
 * wherever a text has anything beyond them.
 */
export function indentationSlip(text: string): Slip | undefined {
  const levels: Level[] = [];
  let opened = true;
  /** lines that are deeper than this belong to a text of several lines */
  let textBelow: number | undefined;
  for (const [index, whole] of text.split('\n').entries()) {
    const content = whole.replace(/\r$/, '').trimEnd();
    const column = content.search(/\S/);
    if (column === -1 || (textBelow !== undefined && column > textBelow)) continue;
    textBelow = undefined;
    if (content[column] === '#' || /^(?:---|%)/.test(content)) continue;
    const { entries, value } = entriesOf(content, column);
    const [first] = entries;
    if (first === undefined) {
      // The next line of a plain text, if anything.
      if (opened) return undefined;
      continue;
    }
    const outer = levels.findLastIndex((level) => level.column === first.column && level.kind === first.kind);
    const deepest = levels.at(-1);
    if (outer !== -1) levels.splice(outer + 1);
    else if (!opened || !mayBegin(first, deepest)) {
      const other = nearest(levels, first);
      if (other === undefined) return undefined;
      const { line, name } = other;
      const at = { line: index + 1, column: column + 1, name: first.name };
      return { ...at, other: { line, name, column: other.column + 1 } };
    }
    for (const entry of entries) note(levels, entry, index + 1);
    if (isOpenText(value)) return undefined;
    if (/^[|>][-+\d]*(?:\s+#.*)?$/.test(value)) textBelow = entries.at(-1)?.column;
    opened = /^(?:[&!]\S*\s*)*(?:#.*)?$/.test(value);
  }
  return undefined;
}

/** The entries that begin on a line, `- - key: value` has three, and what stands behind them. */
function entriesOf(content: string, start: number): { entries: readonly Entry[]; value: string } {
  const entries: Entry[] = [];
  let column = start;
  for (;;) {
    const rest = content.slice(column);
    const dash = /^-(?:\s+|$)/.exec(rest)?.[0];
    if (dash === undefined) break;
    entries.push({ kind: 'list', column, name: '-' });
    column += dash.length;
  }
  const rest = content.slice(column);
  const key = keyed.exec(rest);
  if (key === null) return { entries, value: rest };
  entries.push({ kind: 'map', column, name: key[1] ?? key[2] ?? '' });
  return { entries, value: rest.slice(key[0].length).trim() };
}

/** A list may begin in the column of the key that it belongs to; everything else is deeper. */
function mayBegin({ kind, column }: Entry, deepest: Level | undefined): boolean {
  if (deepest === undefined || column > deepest.column) return true;
  return kind === 'list' && deepest.kind === 'map' && column === deepest.column;
}

function note(levels: Level[], { kind, column, name }: Entry, line: number): void {
  const same = levels.find((level) => level.column === column && level.kind === kind);
  if (same === undefined) levels.push({ kind, column, name, line });
  else Object.assign(same, { name, line });
}

/** The latest of those that are closest. */
function nearest(levels: readonly Level[], { kind, column }: Entry): Level | undefined {
  return levels
    .filter((level) => level.kind === kind)
    .toReversed()
    .toSorted((one, other) => Math.abs(one.column - column) - Math.abs(other.column - column))[0];
}

/** A quoted text, list or map in brackets that goes on on the next line. */
function isOpenText(value: string): boolean {
  if (value.startsWith('"')) return !/^"(?:[^"\\]|\\.)*"/.test(value);
  if (value.startsWith("'")) return !/^'(?:[^']|'')*'/.test(value);
  if (!/^[[{]/.test(value)) return false;
  const outside = value.replace(/"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'/g, '');
  return outside.replace(/[^[{]/g, '').length !== outside.replace(/[^\]}]/g, '').length;
}
