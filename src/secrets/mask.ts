import { maskForms } from './form-rules.ts';
import { hidden } from './hidden.ts';
import { maskKeys } from './mask-keys.ts';
import {
  type Around,
  closingQuote,
  endsInBackslash,
  indentationOf,
  isItem,
  type MaskedLine,
  nothingOpen,
  nothingShown,
  type Open,
  type Shown,
} from './masked-line.ts';
import { isNothing, isPlain } from './plain-value.ts';
import { hidePrivateKeys } from './private-keys.ts';

/**
 * The text of a host's file or another program's output with its secrets hidden: values of keys whose names
 * say that they are secret (properties, shell environment, YAML, JSON, XML, nginx, HAProxy, command lines,
 * URL queries; name-rules.ts), what has the form of a secret (form-rules.ts), and PEM private keys (RFC
 * 7468). The number of lines stays the same, so that line N of the result is line N of the text. This is
 * guessing, and too much is hidden rather than too little: our own sentences aren't for it (showable.ts).
 */
export function maskSecrets(text: string, shown: Shown = nothingShown): string {
  if (!suspicious.test(text)) return text;
  const lines = hidePrivateKeys(text.split('\n'));
  const masked: string[] = [];
  let open: Open = nothingOpen;
  for (const [index, line] of lines.entries()) {
    const carriageReturn = line.endsWith('\r') ? '\r' : '';
    const content = carriageReturn === '' ? line : line.slice(0, -1);
    const result = maskLine(content, open, { below: (offset) => lines[index + offset], shown });
    masked.push(result.text + carriageReturn);
    open = result.open;
  }
  return masked.join('\n');
}

/** A first, cheap check: most files contain nothing that could be a secret. */
const suspicious =
  /secret|passw|passphrase|passcode|pass\b|pwd|psk|pin\b|salt|token|key|auth|credential|jwt|checksum|bearer|basic|:\/\/[^\s/]*[:@]|eyJ|PRIVATE/i;

function maskLine(line: string, open: Open, around: Around): MaskedLine {
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
      if (isBelow(line, open)) return { text: maskNested(line, open.shown), open };
      return maskKeys(maskForms(line, 'both'), around);
    }
    case 'nothing':
      return maskKeys(maskForms(line, 'both'), around);
  }
}

/** Whether a line belongs to what a key opened. */
function isBelow(line: string, { indentation, list }: Extract<Open, { kind: 'nested' }>): boolean {
  const deeper = indentationOf(line) - indentation;
  return deeper > 0 || (list && deeper === 0 && isItem(line));
}

/** A line below a secret key: brackets, keys, and numbers that are settings stay. */
export function maskNested(line: string, shown: 'nothing' | 'keys' | 'plain'): string {
  if (shown === 'nothing') return hidden;
  const key = /^\s*(?:- +)?(?:(?:"[^"]*"|'[^']*'|[\w.-]+)[ \t]*:(?:\s+|$))?/.exec(line)?.[0] ?? '';
  const value = line.slice(key.length).trimEnd();
  if (/^[[\]{}(),\s]*$/.test(value) || isNothing(value) || (shown === 'plain' && isPlain(value))) return line;
  return `${key}${hidden}${value.endsWith(',') ? ',' : ''}`;
}
