import { hidden } from './register.ts';
import { secrecyOf } from './secret-name.ts';

export { hidden };

/**
 * The text of a configuration file, of a message or of another program with the secrets in it hidden: values of keys
 * whose names say so (properties, shell environment, YAML, JSON, XML, nginx, HAProxy, command lines, URL queries),
 * `user:password@` in URLs (RFC 3986, 3.2.1), authorization headers, JSON web tokens, and PEM private keys (RFC 7468).
 * It keeps the number of lines, so that line N of the result is line N of the text.
 */
export function maskSecrets(text: string): string {
  if (!suspicious.test(text)) return text;
  const lines = hidePrivateKeys(text.split('\n'));
  const masked: string[] = [];
  let open: Open = nothingOpen;
  for (const [index, line] of lines.entries()) {
    const carriageReturn = line.endsWith('\r') ? '\r' : '';
    const content = carriageReturn === '' ? line : line.slice(0, -1);
    const result = maskLine(content, open, (offset) => lines[index + offset]);
    masked.push(result.text + carriageReturn);
    open = result.open;
  }
  return masked.join('\n');
}

/**
 * The text of the file at `path`, masked. A file that is nothing but a secret (`APIKEY.txt`) or a list of users with
 * theirs (`.htpasswd`) is known by its name.
 */
export function maskFile(path: string, text: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/(?<=.)\.[a-z]+$/i, '');
  const lines = text.split('\n');
  const full = lines.filter((line) => line.trim() !== '');
  if (secrecyOf(name) !== 'none' || /\.(?:key|secret|token)$/.test(path)) {
    if (full.length === 1 && !/[=:]/.test(full[0]?.replace(/=+\s*$/, '') ?? '')) {
      return lines.map((line) => (line.trim() === '' ? line : hidden)).join('\n');
    }
    if (full.every((line) => /^(?:#.*|[^:\s]+:\S+)$/.test(line.trimEnd()))) {
      return lines.map((line) => line.replace(/^([^#:\s][^:\s]*:)\S+/, `$1${hidden}`)).join('\n');
    }
  }
  return maskSecrets(text);
}

/** A first, cheap look: most files have nothing that could be a secret. */
const suspicious =
  /secret|passw|passphrase|passcode|pass\b|pwd|salt|token|key|auth|credential|jwt|checksum|bearer|basic|:\/\/[^\s/]*:|eyJ|PRIVATE/i;

/** The line that many lines below this one; undefined behind the last. */
type Below = (offset: number) => string | undefined;

/** A quoted value over more lines than this isn't one: it's an apostrophe. */
const longestQuoted = 40;

/** What a line leaves open for the lines after it. */
type Open =
  | { readonly kind: 'nothing' }
  /** a secret's value goes on in this line (backslash at the end of the line before) */
  | { readonly kind: 'continued' }
  /** until the quote is closed */
  | { readonly kind: 'quoted'; readonly quote: string }
  /** all that is indented deeper belongs to the secret key: a block scalar, a map or a list */
  | { readonly kind: 'nested'; readonly indentation: number; readonly shown: 'nothing' | 'keys' | 'plain' };

const nothingOpen: Open = { kind: 'nothing' };

interface MaskedLine {
  readonly text: string;
  readonly open: Open;
}

function maskLine(line: string, open: Open, below: Below): MaskedLine {
  switch (open.kind) {
    case 'continued':
      return { text: hidden, open: endsInBackslash(line) ? open : nothingOpen };
    case 'quoted': {
      const end = closingQuote(line, 0, open.quote);
      if (end === -1) return { text: hidden, open };
      return { text: `${hidden}${line.slice(end)}`, open: nothingOpen };
    }
    case 'nested': {
      if (line.trim() === '') return { text: line, open };
      if (indentationOf(line) > open.indentation) return { text: maskNested(line, open.shown), open };
      return maskKeys(maskPatterns(line), below);
    }
    case 'nothing':
      return maskKeys(maskPatterns(line), below);
  }
}

/** A line below a secret key: brackets, keys and, where they are settings, numbers stay. */
function maskNested(line: string, shown: 'nothing' | 'keys' | 'plain'): string {
  if (shown === 'nothing') return hidden;
  const key = /^\s*(?:- +)?(?:(?:"[^"]*"|'[^']*'|[\w.-]+)[ \t]*:(?:\s+|$))?/.exec(line)?.[0] ?? '';
  const value = line.slice(key.length).trimEnd();
  if (/^[[\]{}(),\s]*$/.test(value) || isNothing(value) || (shown === 'plain' && isPlain(value))) return line;
  return `${key}${hidden}${value.endsWith(',') ? ',' : ''}`;
}

/**
 * Secrets that are known by their form. Repetitions are bounded: a host's file of one endless line must not make the
 * expressions take quadratic time.
 */
function maskPatterns(line: string): string {
  return line
    .replace(userInformation, `$1${hidden}@`)
    .replace(/\b(Basic|Bearer)( +)(?=[\w+/=.-]{0,200}[\d=.+/])[\w+/=.-]{8,}/g, `$1$2${hidden}`)
    .replace(/(?<![\w-])eyJ[\w-]{8,4000}\.[\w-]{1,8000}(?:\.[\w-]*)?/g, hidden)
    .replace(/([?&]checksum=)[^&\s"']+/gi, `$1${hidden}`)
    .replace(/^(\s*stats\s+auth\s+[^\s:]+:)\S+/, `$1${hidden}`)
    .replace(/^(\s*user\s+\S+\s+(?:insecure-)?password\s+)\S+/, `$1${hidden}`)
    .replace(/(<[^<>]{0,200}\bname="([^"<>]{1,100})"[^<>]{0,200}\bvalue=")([^"]{0,2000})(")/g, maskIfSecret)
    .replace(/(<([A-Za-z][\w.-]{0,100})>)([^<]{1,4000})(<\/\2>)/g, maskIfSecret)
    .replace(headerDirective, (whole, start: string, name: string, value: string) =>
      mustHide(name, value.replace(/ always(?=;?$)/, '')) && !/^\$\w+;?$/.test(value)
        ? `${start}${hidden}`
        : whole,
    )
    .replace(
      /(\s--?([A-Za-z][\w-]{0,60}) +)([^\s-]\S*)/g,
      (whole, start: string, name: string, value: string) =>
        mustHide(name, value) ? `${start}${hidden}` : whole,
    );
}

/** `scheme://user:password@`; a port isn't a password. */
const userInformation =
  /((?<![a-z\d+.-])[a-z][a-z\d+.-]{0,20}:\/\/[^\s:/@"'<>[]{0,200}:)(?!\d{1,5}(?:[/?#\s"']|$))[^\s"'<>]{1,500}@/gi;

/** nginx's `proxy_set_header NAME VALUE`, HAProxy's `set-header NAME VALUE` and `hdr NAME VALUE` */
const headerDirective =
  /((?:proxy_set_header|more_set_headers|set-header|add-header|add_header|hdr)\s+["']?([\w-]+)["']?\s+)(\S.*)$/;

function maskIfSecret(whole: string, start: string, name: string, value: string, end: string): string {
  return mustHide(name, value) ? `${start}${hidden}${end}` : whole;
}

/** `key = value`, `key: value`, `"key": "value"`, any number of them on a line. */
const assignment = /(["']?)(?<![\w.])([A-Za-z_][\w.-]{0,200})\1([ \t]{0,200}(?:=>|[=:])(?![=:~])[ \t]*)/g;
/** A properties file may separate by blanks, redis.conf does; more words than two are prose. */
const twoWords = /^(\s*[A-Za-z][\w.-]*[ \t]+)([^\s=:]\S*)$/;

function maskKeys(line: string, below: Below): MaskedLine {
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

function isClosedBelow(quote: string, below: Below): boolean {
  for (let offset = 1; offset <= longestQuoted; offset++) {
    if (below(offset)?.includes(quote)) return true;
  }
  return false;
}

interface FoundValue {
  readonly text: string;
  /** the quote that it begins with, or nothing */
  readonly opening: string;
  /** offset behind it, before its closing quote */
  readonly end: number;
  /** its closing quote isn't on this line */
  readonly unclosed: boolean;
}

/** Where the value at `start` ends: with its quote, or where the text around it says. */
function valueAt(line: string, keyStart: number, start: number): FoundValue {
  const quote = line[start] ?? '';
  if (quote === '"' || quote === "'") {
    const end = closingQuote(line, start + 1, quote);
    if (end !== -1) return { text: line.slice(start + 1, end), opening: quote, end, unclosed: false };
    return { text: line.slice(start + 1), opening: quote, end: line.length, unclosed: true };
  }
  const rest = line.slice(start);
  const length =
    closingBracket(rest) ?? rest.search(endOfValue(line.slice(Math.max(0, keyStart - 2000), keyStart)));
  const text = (length === -1 ? rest : rest.slice(0, length)).trimEnd();
  return { text, opening: '', end: start + text.length, unclosed: false };
}

/** What ends an unquoted value, by what stands before its key. */
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

/** The length of a value that is a whole map or list on one line; undefined for any other. */
function closingBracket(value: string): number | undefined {
  const open = value[0];
  if (open !== '{' && open !== '[') return undefined;
  const close = open === '{' ? '}' : ']';
  const end = value.lastIndexOf(close);
  return end === -1 ? undefined : end + 1;
}

/** What follows a secret key that has its value on the lines below it. */
function nestedBelow(line: string, value: FoundValue, name: string, nextLine: string): Open | undefined {
  const indentation = indentationOf(line);
  if (value.opening !== '') return undefined;
  if (/^[|>][\d+-]*\s*(?:#.*)?$/.test(value.text)) {
    return { kind: 'nested', indentation, shown: 'nothing' };
  }
  const opens = /^[[{]?\s*$/.test(value.text);
  if (!opens || indentationOf(nextLine) <= indentation || nextLine.trim() === '') return undefined;
  return { kind: 'nested', indentation, shown: secrecyOf(name) === 'always' ? 'keys' : 'plain' };
}

function mustHide(name: string, value: string): boolean {
  if (isNothing(value)) return false;
  const secrecy = secrecyOf(name);
  if (secrecy === 'none') return false;
  return secrecy === 'always' || !isPlain(value);
}

/** No value at all: that a password is missing may be seen. */
function isNothing(value: string): boolean {
  return /^(?:|null|~|""|''|\[\s*\]|\{\s*\}|[[{]|\*{8})[,;]?$/.test(value.trim());
}

/** Plainly a setting: a boolean, a number or duration too short for a secret, one letter, or a variable of nginx or a shell. */
function isPlain(value: string): boolean {
  return /^["']?(?:true|false|yes|no|on|off|none|-?\d{1,5}(?:\.\d+)?\s*(?:ms|[smhd]|min)?|\d{6,}0{3}|[a-z]|\$\{?\w+\}?)["']?[,;]?$/i.test(
    value.trim(),
  );
}

function hidePrivateKeys(lines: readonly string[]): string[] {
  const result = [...lines];
  let inside = false;
  for (const [index, line] of lines.entries()) {
    const begin = line.search(/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/);
    const end = line.search(/-----END [A-Z0-9 ]*PRIVATE KEY-----/);
    if (begin === -1 && end === -1) {
      if (inside) result[index] = hidden;
      continue;
    }
    if (begin !== -1 && end !== -1) {
      const head = line.indexOf('KEY-----', begin) + 'KEY-----'.length;
      result[index] = `${line.slice(0, head)}${hidden}${line.slice(end)}`;
      inside = false;
    } else if (begin !== -1) {
      result[index] = line.slice(0, line.indexOf('KEY-----', begin) + 'KEY-----'.length);
      inside = true;
    } else {
      result[index] = (inside ? '' : hidden) + line.slice(end);
      if (!inside) hideBase64Above(result, index);
      inside = false;
    }
  }
  return result;
}

/** The beginning of the key was cut off: what stands above its end is the key. */
function hideBase64Above(lines: string[], end: number): void {
  for (
    let index = end - 1;
    index >= 0 && /^[\s+-]*[A-Za-z0-9+/=]{16,}\s*$/.test(lines[index] ?? '');
    index--
  ) {
    lines[index] = hidden;
  }
}

/** The offset of the quote that closes a string; a quote is escaped by a backslash or, `''`, by doubling. -1: none. */
function closingQuote(line: string, from: number, quote: string): number {
  for (let index = from; index < line.length; index++) {
    if (line[index] === '\\' && quote === '"') index++;
    else if (line[index] === quote) {
      if (quote === "'" && line[index + 1] === "'") index++;
      else return index;
    }
  }
  return -1;
}

function endsInBackslash(line: string): boolean {
  return (/\\+$/.exec(line)?.[0].length ?? 0) % 2 === 1;
}

function indentationOf(line: string): number {
  return line.search(/\S|$/);
}
