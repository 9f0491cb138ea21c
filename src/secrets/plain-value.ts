import { secrecyOf } from './name-rules.ts';

/**
 * Forms of a value that is clearly a setting, by what they are called: shown unless the key's name says that
 * the value is a secret whatever it looks like.
 */
export const plainValues = {
  'truth value': 'true|false|yes|no|on|off|none',
  // Shorter than any secret.
  'number or duration': String.raw`-?\d{1,5}(?:\.\d+)?\s*(?:ms|[smhd]|min)?`,
  // Milliseconds of whole seconds.
  'long duration': String.raw`\d{6,}0{3}`,
  letter: '[a-z]',
  // Of nginx or a shell.
  variable: String.raw`\$\{?\w+\}?`,
} as const;

const plain = new RegExp(`^["']?(?:${Object.values(plainValues).join('|')})["']?[,;]?$`, 'i');

/** Whether a value must be hidden, judged by its key's name and by its form. */
export function mustHide(name: string, value: string): boolean {
  if (isNothing(value)) return false;
  const secrecy = secrecyOf(name);
  if (secrecy === 'none') return false;
  return secrecy === 'always' || !isPlain(value);
}

/**
 * No value at all: it may be shown that a password is missing, that somebody has put asterisks in its place,
 * or by which pattern values are found.
 */
export function isNothing(value: string): boolean {
  const text = value.trim();
  return patternAt(text) === text.length || /^(?:|null|~|""|''|\[\s*\]|\{\s*\}|[[{]|\*{3,})[,;]?$/.test(text);
}

/**
 * How long a pattern is that stands in the place of a value, as in `regsub("token=[^&]*","token=***")`: all
 * up to some character, and no more. 0 if there is none.
 */
export function patternAt(rest: string): number {
  return /^\[\^[^\]\w]{1,8}\][*+](?=["')\s]|$)/.exec(rest)?.[0].length ?? 0;
}

/** Clearly a setting; see `plainValues`. */
export function isPlain(value: string): boolean {
  return plain.test(value.trim());
}
