/**
 * The source of a regular expression that matches a secret in every way in which it may be written: as it is,
 * or with any of its characters escaped as in JSON, YAML, shells, properties files, C, URLs (RFC 3986), HTML
 * forms or XML, in any mixture (such as a properties line within JSON). A blank matches any white space,
 * since messages are wrapped into lines.
 */
export function writingPattern(value: string): string {
  const parts = value.match(/\\+|\s+|[^\\\s]/gu) ?? [];
  const characters = parts.map(partPattern).join('');
  const whole = shortSecret(value) ? `(?<![\\p{L}\\p{N}_])${characters}(?![\\p{L}\\p{N}_])` : characters;
  const files = base64Parts(value).map(base64Pattern);
  return [...new Set([whole, ...files, ...hexPatterns(value)])].join('|');
}

/** The usual ways of writing it in a file, for files that are base64 as a whole. */
function escapedInFiles(value: string): readonly string[] {
  return [
    JSON.stringify(value).slice(1, -1),
    value.replaceAll("'", "''"),
    value.replaceAll("'", "'\\''"),
    value.replace(/[\\"$`]/g, '\\$&'),
    value.replace(/[\\:=#! ]/g, '\\$&'),
  ];
}

/** Values this short match only as whole words, since they would tear other words apart. */
function shortSecret(value: string): boolean {
  return [...value].length < 4;
}

/** How shells and single-quoted YAML write an apostrophe within apostrophes. */
const special: Readonly<Record<string, string>> = {
  "'": String.raw`'(?:'|\\''|"'"')|&(?:apos|#0*39|#x0*27);`,
  '"': `""|&(?:quot|#0*34|#x0*22);`,
  '&': `&(?:amp|#0*38|#x0*26);`,
  '<': `&(?:lt|#0*60|#x0*3c);`,
  '>': `&(?:gt|#0*62|#x0*3e);`,
  // systemd.unit(5) doubles it, systemd.service(5) the dollar sign.
  '%': '%%',
  $: String.raw`\$\$`,
};

/** The length of a blank before the next line of a message, including the indentation there. */
const longestBlank = 40;

/**
 * A character, or a run of backslashes or blanks. A run is one part, since two parts that can both grow would
 * have to be tried in all combinations.
 */
function partPattern(part: string): string {
  const [first = ''] = part;
  if (first === '\\') return `(?:\\\\|${escapes(first)}){1,${8 * part.length}}`;
  if (/\s/.test(first)) {
    return `(?:\\\\{1,8}[nrt]|[\\s+\\\\]|${escapes(first)}){1,${longestBlank * part.length}}`;
  }
  const others = special[part] === undefined ? [] : [special[part]];
  return `(?:${[...others, escapes(part), `\\\\{0,8}${literal(part)}`].join('|')})`;
}

/** A character by its number. */
function escapes(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const bytes = [...Buffer.from(character)];
  const units = [...character.split('')].map((unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'));
  return [
    units.map((unit) => `\\\\{1,8}u${anyCase(unit)}`).join(''),
    `\\\\{1,8}U${anyCase(code.toString(16).padStart(8, '0'))}`,
    bytes.map((byte) => `%(?:25)?${anyCase(hex(byte))}`).join(''),
    bytes.map((byte) => `\\\\{1,8}x${anyCase(hex(byte))}`).join(''),
    bytes.map((byte) => `\\\\{1,8}${byte.toString(8).padStart(3, '0')}`).join(''),
    ...(code < 0x100 && bytes.length > 1 ? [`\\\\{1,8}x${anyCase(hex(code))}`] : []),
  ].join('|');
}

/** The alphabets of base64 (RFC 4648, 4 and 5), and the padding. */
const base64Character = `[A-Za-z0-9+/_=-]`;

/** A part of a base64 text shorter than this may well be something else. */
const leastBase64 = 6;

/**
 * The value within any base64 text: alone, after `user:`, or in the middle of a whole file. Three bytes
 * become four characters, so it can be aligned in three ways; the characters at its ends also depend on their
 * neighbours and are left open.
 */
export function base64Parts(value: string): readonly string[] {
  const files = [...new Set([value, ...escapedInFiles(value)])];
  return [...new Set(files.flatMap(partsOf))];
}

function partsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].flatMap((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor((padded.length * 8) / 6);
    const inner = padded.toString('base64').slice(first, last);
    return inner.length < leastBase64 ? [] : [inner];
  });
}

function base64Pattern(part: string): string {
  const pattern = part.replace(/[+/]/g, (found) => (found === '+' ? '[+-]' : '[/_]'));
  return `${base64Character}{0,4}${pattern}${base64Character}{0,4}`;
}

function hexPatterns(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  return bytes.length < 4 ? [] : [anyCase(bytes.toString('hex'))];
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

function anyCase(digits: string): string {
  return digits.replace(/[a-f]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
