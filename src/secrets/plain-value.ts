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

/** No value at all: it may be shown that a password is missing. */
export function isNothing(value: string): boolean {
  return /^(?:|null|~|""|''|\[\s*\]|\{\s*\}|[[{]|\*{8})[,;]?$/.test(value.trim());
}

/** Clearly a setting; see `plainValues`. */
export function isPlain(value: string): boolean {
  return plain.test(value.trim());
}
