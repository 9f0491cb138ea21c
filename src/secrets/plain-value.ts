import { secrecyOf } from './secret-name.ts';

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

/**
 * Clearly a setting: a boolean, a number or duration too short for a secret, a single letter, or a variable
 * of nginx or a shell.
 */
export function isPlain(value: string): boolean {
  return /^["']?(?:true|false|yes|no|on|off|none|-?\d{1,5}(?:\.\d+)?\s*(?:ms|[smhd]|min)?|\d{6,}0{3}|[a-z]|\$\{?\w+\}?)["']?[,;]?$/i.test(
    value.trim(),
  );
}
