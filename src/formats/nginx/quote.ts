import { FormatError } from '../format-error.ts';

/**
 * A value as an argument of an nginx directive that expands variables, in single quotes. nginx has no escape
 * for `$` there, and control characters would end up in its configuration: both cause a FormatError.
 */
export function quoteArgument(value: string): string {
  if (value.includes('$')) {
    throw new FormatError(`${JSON.stringify(value)} contains a "$", which nginx can't escape`);
  }
  return quoteLiteral(value);
}

/**
 * The same for directives that don't expand variables (such as a location's path), in which `$` stands for
 * itself.
 */
export function quoteLiteral(value: string): string {
  const found = /[\p{Cc}\p{Surrogate}]/u.exec(value);
  if (found !== null) {
    throw new FormatError(`${JSON.stringify(found[0])} can't be written in an nginx configuration`);
  }
  // A backslash before t, r, n, a quote or a backslash would be taken as an escape.
  return `'${value.replace(/[\\']/g, '\\$&')}'`;
}
