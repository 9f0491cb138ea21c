import { secrecyOf } from './secret-name.ts';

/** Whether a value is to be hidden, by the name of its key and by what it looks like. */
export function mustHide(name: string, value: string): boolean {
  if (isNothing(value)) return false;
  const secrecy = secrecyOf(name);
  if (secrecy === 'none') return false;
  return secrecy === 'always' || !isPlain(value);
}

/** No value at all: that a password is missing may be seen. */
export function isNothing(value: string): boolean {
  return /^(?:|null|~|""|''|\[\s*\]|\{\s*\}|[[{]|\*{8})[,;]?$/.test(value.trim());
}

/**
 * Plainly a setting: a boolean, a number or duration too short for a secret, one letter, or a variable of
 * nginx or a shell.
 */
export function isPlain(value: string): boolean {
  return /^["']?(?:true|false|yes|no|on|off|none|-?\d{1,5}(?:\.\d+)?\s*(?:ms|[smhd]|min)?|\d{6,}0{3}|[a-z]|\$\{?\w+\}?)["']?[,;]?$/i.test(
    value.trim(),
  );
}
