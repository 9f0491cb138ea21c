import { hidden } from './hidden.ts';
import {
  type Around,
  type Below,
  closingQuote,
  endsInBackslash,
  indentationOf,
  isItem,
  type MaskedLine,
  nothingOpen,
  type Open,
} from './masked-line.ts';
import { secrecyOf } from './name-rules.ts';
import { mustHide, patternAt } from './plain-value.ts';

/** A quotation that spans more lines than this isn't a value: its quote is an apostrophe. */
const longestQuoted = 40;

/** `key = value`, `key: value` or `"key": "value"`, any number of them on a line. */
const assignment = /(["']?)(?<![\w.])([A-Za-z_][\w.-]{0,200})\1([ \t]{0,200}(?:=>|[=:])(?![=:~])[ \t]*)/g;
/** A properties file may separate with blanks, and redis.conf does; more than two words are prose. */
const twoWords = /^(\s*[A-Za-z][\w.-]*[ \t]+)("[^"]*"|'[^']*'|[^\s=:]\S*)$/;

/** What a shell takes as the rest of a value in quotes: `'it'\''s'`, `"a"'b'`. */
const joined = /^(?:\\['"]|"(?:[^"\\]|\\.)*"|'[^']*')+/;

/** A line in which the values of keys are hidden if their names say that they are secret. */
export function maskKeys(line: string, { below, shown }: Around): MaskedLine {
  const two = twoWords.exec(line);
  if (two?.[1] !== undefined && two[2] !== undefined && secrecyOf(two[1].trim()) === 'always') {
    return { text: `${two[1]}${hidden}`, open: nothingOpen };
  }
  let text = '';
  let from = 0;
  for (const found of line.matchAll(assignment)) {
    if (found.index < from) continue;
    const [whole, , name = ''] = found;
    if (secrecyOf(name) === 'none') continue;
    const start = found.index + whole.length;
    if (isSudoersTag(name, line.slice(0, found.index))) continue;
    const reference = shown(line.slice(start));
    if (reference > 0) {
      text += line.slice(from, start + reference);
      from = start + reference;
      continue;
    }
    const value = valueAt(line, found.index, start);
    const nested = nestedBelow(line, value, name, below(1) ?? '');
    if (nested !== undefined) return { text: text + line.slice(from), open: nested };
    if (!value.unclosed && !mustHide(name, value.text)) continue;
    text += line.slice(from, start) + value.opening + hidden;
    from = value.end;
    if (value.unclosed && isClosedBelow(value.opening, below)) {
      return { text, open: { kind: 'quoted', quote: value.opening } };
    }
    if (from === line.length && endsInBackslash(line)) return { text, open: { kind: 'continued' } };
  }
  return { text: text + line.slice(from), open: nothingOpen };
}

/** `ops ALL=(root) NOPASSWD: ALL`, in the file (sudoers(5), "Tag_Spec") and in the list of `sudo -l`. */
function isSudoersTag(name: string, before: string): boolean {
  return /^(?:NO)?PASSWD$/.test(name) && /\)\s+(?:[^#]*,\s*)?(?:[A-Z_]+:\s*)*$/.test(before);
}

function isClosedBelow(quote: string, below: Below): boolean {
  for (let offset = 1; offset <= longestQuoted; offset++) {
    if (below(offset)?.includes(quote)) return true;
  }
  return false;
}

interface FoundValue {
  readonly text: string;
  /** the quote that it starts with, or nothing */
  readonly opening: string;
  /** offset of its end, before the closing quote */
  readonly end: number;
  /** whether its closing quote is on a later line */
  readonly unclosed: boolean;
}

/** Where the value at `start` ends: at its closing quote, or where its context ends it. */
function valueAt(line: string, keyStart: number, start: number): FoundValue {
  const quote = line[start] ?? '';
  if (quote === '"' || quote === "'") {
    const end = closingQuote(line, start + 1, quote);
    if (end !== -1) {
      const last = end + (joined.exec(line.slice(end + 1))?.[0].length ?? 0);
      return { text: line.slice(start + 1, last), opening: quote, end: last, unclosed: false };
    }
    return { text: line.slice(start + 1), opening: quote, end: line.length, unclosed: true };
  }
  const rest = line.slice(start);
  const length =
    (patternAt(rest) || undefined) ??
    closingBracket(rest) ??
    rest.search(endOfValue(line.slice(Math.max(0, keyStart - 2000), keyStart)));
  const text = (length === -1 ? rest : rest.slice(0, length)).trimEnd();
  return { text, opening: '', end: start + text.length, unclosed: false };
}

/** What ends an unquoted value, depending on what precedes its key. */
function endOfValue(before: string): RegExp {
  if (/^[\s#;!*/+-]*(?:(?:export|setenv|set|env)\s+)?$/.test(before)) return /(?!)/;
  if (/[?&]$/.test(before)) return /[&\s"'<>]/;
  const quote = before.at(-1);
  if (quote === '"' || quote === "'") return new RegExp(quote);
  const braces = [...before].reduce(
    (depth, character) => depth + (character === '{' ? 1 : character === '}' ? -1 : 0),
    0,
  );
  return braces > 0 ? /[,}]/ : /[\s"'<>]/;
}

/** The length of a value that is a whole map or list on one line; undefined for any other value. */
function closingBracket(value: string): number | undefined {
  const open = value[0];
  if (open !== '{' && open !== '[') return undefined;
  const close = open === '{' ? '}' : ']';
  const end = value.lastIndexOf(close);
  return end === -1 ? undefined : end + 1;
}

/** What follows a secret key whose value is on the lines below it. */
function nestedBelow(line: string, value: FoundValue, name: string, nextLine: string): Open | undefined {
  const indentation = indentationOf(line);
  if (value.opening !== '') return undefined;
  if (/^[|>][\d+-]*\s*(?:#.*)?$/.test(value.text)) {
    return { kind: 'nested', indentation, list: false, shown: 'nothing' };
  }
  if (!/^[[{]?\s*$/.test(value.text) || nextLine.trim() === '') return undefined;
  const deeper = indentationOf(nextLine) - indentation;
  const list = deeper === 0 && value.text === '' && isItem(nextLine) && !isItem(line);
  if (deeper <= 0 && !list) return undefined;
  return { kind: 'nested', indentation, list, shown: secrecyOf(name) === 'always' ? 'keys' : 'plain' };
}
