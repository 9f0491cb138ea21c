import { parse } from 'yaml';
import { FormatError } from '../format-error.ts';
import type { Value } from '../keyed-format.ts';
import { isList } from '../text.ts';

/** The kind of quotes that was there before. */
export type Style = 'plain' | 'single' | 'double' | undefined;

/** A value on one line. In flow collections (`flow`) fewer texts can be plain. */
export function inline(
  value: Value,
  { style, flow = false }: { style?: Style; flow?: boolean } = {},
): string {
  if (value === null) {
    return 'null';
  }
  if (typeof value === 'number') {
    return numberText(value);
  }
  if (typeof value === 'boolean') {
    return String(value);
  }
  if (typeof value === 'string') {
    return stringText(value, style, flow);
  }
  if (isList(value)) {
    return `[${value.map((item) => inline(item, { flow: true })).join(', ')}]`;
  }
  const pairs = Object.entries(value).map(
    ([key, item]) => `${stringText(key, undefined, true)}: ${inline(item, { flow: true })}`,
  );
  return `{${pairs.join(', ')}}`;
}

/** The lines of `name: value`, with collections as blocks. */
export function blockLines(name: string, value: Value, indent: string, unit: string): string[] {
  const key = `${indent}${stringText(name, undefined, false)}:`;
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) {
    return [`${key} ${inline(value)}`];
  }
  return [key, ...innerLines(value, indent + unit, unit)];
}

/** The lines of a collection that isn't empty, as a block. */
export function innerLines(
  value: Exclude<Value, string | number | boolean | null>,
  indent: string,
  unit: string,
): string[] {
  return isList(value)
    ? value.map((item) => `${indent}- ${inline(item)}`)
    : Object.entries(value).flatMap(([name, item]) => blockLines(name, item, indent, unit));
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) {
    throw new FormatError(`${value} is not a number on which YAML readers agree`);
  }
  // YAML 1.1 accepts an exponent in a number only after a decimal point.
  return Object.is(value, -0) ? '0' : String(value).replace(/^(-?\d+)e/, '$1.0e');
}

/** Words that some YAML 1.1 reader takes as a boolean or null. */
const WORDS = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf)$/i;

/** Text that reads back as this string by YAML 1.1 and 1.2. */
function stringText(value: string, style: Style, flow: boolean): string {
  if (/\p{Surrogate}/u.test(value)) {
    throw new FormatError('half of a surrogate pair cannot be written as YAML');
  }
  const bare = style === 'plain' && !flow ? /^[A-Za-z/](?:[\w./:-]*[\w/])?$/ : /^[A-Za-z][\w-]*$/;
  if (
    style !== 'single' &&
    style !== 'double' &&
    bare.test(value) &&
    !WORDS.test(value) &&
    readsAs(value, value)
  ) {
    return value;
  }
  // Excludes Cc, the byte order mark, the line separators at which YAML 1.1 breaks lines, and noncharacters.
  const printable = !/[\p{Cc}\u2028\u2029\uFEFF\uFFFE\uFFFF]/u.test(value);
  return style !== 'double' && printable ? `'${value.replaceAll("'", "''")}'` : doubleQuoted(value);
}

function readsAs(text: string, value: string): boolean {
  return (['1.1', '1.2'] as const).every((version) => parse(`- ${text}`, { version })?.[0] === value);
}

function doubleQuoted(value: string): string {
  return JSON.stringify(value).replace(
    /[\x7f-\x9f\u2028\u2029\uFEFF\uFFFE\uFFFF]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
