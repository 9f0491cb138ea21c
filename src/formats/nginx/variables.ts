import { FormatError } from '../format-error.ts';
import { applyEdits, lineEndOf } from '../text.ts';
import { quoteArgument } from './quote.ts';
import { type Directive, scanNginx } from './scan.ts';
import { removalOf } from './servers.ts';

/**
 * The value of the last top-level `set $name value;` (`name` without `$`), as written; undefined if there is
 * none.
 */
export function getVariable(text: string, name: string): string | undefined {
  return settings(text, name).at(-1)?.args[1]?.text;
}

/**
 * The text with one top-level `set $name 'value';`. nginx runs these in order, so the last of several counts:
 * it stays and gets the value, and the others are removed. A new one is appended. FormatError for values with
 * `$` or control characters.
 */
export function setVariable(text: string, name: string, value: string): string {
  if (!/^[A-Za-z0-9_]+$/.test(name)) {
    throw new FormatError(`${JSON.stringify(name)} is not a valid name of an nginx variable`);
  }
  const written = quoteArgument(value);
  const all = settings(text, name);
  const last = all.pop();
  const argument = last?.args[1];
  if (last === undefined || argument === undefined) {
    const lineEnd = lineEndOf(text);
    return `${text}${text === '' || /[\r\n]$/.test(text) ? '' : lineEnd}set $${name} ${written};${lineEnd}`;
  }
  const edits = all.map((directive) => removalOf(text, directive));
  if (argument.text !== value) {
    edits.push({ start: argument.start, end: argument.end, insert: written });
  }
  return applyEdits(text, edits);
}

/** The text without top-level `set $name …;`, and without whole lines if nothing else is on them. */
export function removeVariable(text: string, name: string): string {
  return applyEdits(
    text,
    settings(text, name).map((directive) => removalOf(text, directive)),
  );
}

function settings(text: string, name: string): Directive[] {
  return scanNginx(text).filter(
    ({ name: directive, args }) => directive === 'set' && args.length === 2 && args[0]?.text === `$${name}`,
  );
}
