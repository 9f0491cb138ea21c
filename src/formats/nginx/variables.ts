import { FormatError } from '../format-error.ts';
import { applyEdits, lineEndOf } from '../text.ts';
import { quoteArgument } from './quote.ts';
import { type Directive, scanNginx } from './scan.ts';
import { removalOf } from './servers.ts';

/**
 * The value of the last top-level `set $name value;` (`name` without `$`), as written; undefined where there
 * is none.
 */
export function getVariable(text: string, name: string): string | undefined {
  return settings(text, name).at(-1)?.args[1]?.text;
}

/**
 * The text with one top-level `set $name 'value';`. nginx runs these in order, so of several the last counts:
 * it stays and takes the value, the others go. A new one goes to the end. FormatError for values with `$` or
 * control characters.
 */
export function setVariable(text: string, name: string, value: string): string {
  if (!/^[A-Za-z0-9_]+$/.test(name)) {
    throw new FormatError(`${JSON.stringify(name)} is no name of an nginx variable`);
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

/** The text without top-level `set $name …;`; whole lines go where nothing else stands on them. */
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
