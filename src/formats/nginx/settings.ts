import { FormatError } from '../format-error.ts';
import type { KeyedFormat, Value } from '../keyed-format.ts';
import { applyEdits, scalarText } from '../text.ts';
import { type Directive, scanWalkable } from './scan.ts';
import { insertBefore, insertInto, removalOf } from './servers.ts';

/**
 * Directives that stand once in their block and have one argument, such as `worker_connections 768;` in
 * `events`. Key: the names of the blocks around it, from the outermost, and its own. A new one goes to the
 * end of its block, or before the first block of the file. FormatError where a block is missing, or where
 * the directive is there more than once, which nginx doesn't load either. Included files aren't looked at.
 */
export const nginxSetting: KeyedFormat = {
  name: 'nginx-setting',
  get: (text, key) => settingOf(text, key)?.args[0]?.text,
  set: (text, key, value) => {
    const written = plainArgument(value);
    const found = settingOf(text, key);
    const argument = found?.args[0];
    if (argument === undefined) return added(text, key, `${key.at(-1)} ${written};`);
    if (argument.text === written) return text;
    return applyEdits(text, [{ start: argument.start, end: argument.end, insert: written }]);
  },
  remove: (text, key) => {
    const found = settingOf(text, key);
    return found === undefined ? text : applyEdits(text, [removalOf(text, found)]);
  },
};

function settingOf(text: string, key: readonly string[]): Directive | undefined {
  const name = key.at(-1);
  if (name === undefined) throw new FormatError('expected the name of a directive');
  const inner = blockOf(scanWalkable(text), key.slice(0, -1))?.inner ?? [];
  const [first, second] = inner.filter((one) => one.name === name);
  if (first === undefined) return undefined;
  if (second !== undefined) throw new FormatError(`${name} is there more than once`);
  if (first.args.length === 1 && first.block === undefined) return first;
  throw new FormatError(`${name} has not one argument`);
}

interface Inner {
  /** undefined: the text itself */
  readonly block: Directive | undefined;
  readonly inner: readonly Directive[];
}

function blockOf(directives: readonly Directive[], names: readonly string[]): Inner | undefined {
  let place: Inner | undefined = { block: undefined, inner: directives };
  for (const name of names) {
    const block: Directive | undefined = place?.inner.find((one) => one.name === name && one.block);
    place = block === undefined ? undefined : { block, inner: block.block?.directives ?? [] };
  }
  return place;
}

function added(text: string, key: readonly string[], written: string): string {
  const place = blockOf(scanWalkable(text), key.slice(0, -1));
  if (place === undefined) throw new FormatError(`there is no block ${key.slice(0, -1).join(' { ')} { }`);
  if (place.block !== undefined) return insertInto(text, place.block, written);
  const first = place.inner.find(({ block }) => block !== undefined);
  if (first === undefined) throw new FormatError('there is no block before which it could stand');
  return insertBefore(text, first, written);
}

function plainArgument(value: Value): string {
  const text = scalarText(value);
  if (/^[A-Za-z0-9_./-]+$/.test(text)) return text;
  throw new FormatError(`expected a word without special characters, found ${JSON.stringify(text)}`);
}
