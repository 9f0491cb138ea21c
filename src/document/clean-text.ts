/**
 * Text from elsewhere (a remote host's file, another program's message, a meeting's name) made safe for a
 * terminal: control characters (ISO 6429: ESC and all of C0 and C1 but line feed and tab) in caret notation,
 * invisible ones that turn or hide text (Unicode bidirectional formatting, UAX #9; zero-width) as `<U+202E>`.
 * A carriage return before a line feed belongs to the line ending and is removed.
 */
export function clean(text: string): string {
  return text
    .replace(/\r\n/g, '\n')
    .replace(/[\0-\x08\x0b-\x1f\x7f]/g, caret)
    .replace(/[\x80-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g, codePoint);
}

/** The same for text that has to stay on one line: line ends and tabs become blanks. */
export function cleanLine(text: string): string {
  return clean(text).replace(/\s+/g, ' ').trim();
}

/**
 * The same for styled text: its colours stay (ISO 6429, SGR); everything else that a terminal would obey is
 * made visible.
 */
export function harmless(text: string): string {
  return text
    .split(/(\x1b\[[\d;]*m)/)
    .map((part, index) => (index % 2 === 1 ? part : clean(part)))
    .join('');
}

/** `^[` for ESC, as cat(1) -v shows it */
function caret(character: string): string {
  return `^${String.fromCharCode(character.charCodeAt(0) ^ 0x40)}`;
}

function codePoint(character: string): string {
  return `<U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}>`;
}
