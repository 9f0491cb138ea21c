import { decode } from '../formats/decode.ts';
import { FormatError } from '../formats/format-error.ts';
import type { KeyedFormat } from '../formats/keyed-format.ts';
import { sameValue } from '../formats/text.ts';
import { sha256 } from '../model/change.ts';
import type { FirstTouch, ManagedItem } from '../model/ledger.ts';
import { OperatorError } from '../model/operator-error.ts';
import { type PathState, unitOfPath } from '../model/snapshot.ts';
import { notUnderstood } from '../steps/shared/understand.ts';
import { type ItemFormats, isUnitState, isWholePath, type Managed } from '../virtual/managed.ts';
import { isSlowHash, slowHash } from './slow-hash.ts';
import { unitValue } from './unit-items.ts';

function formatOf(item: Managed, formats: ItemFormats): KeyedFormat {
  const format = formats.get(item.format);
  if (format !== undefined) return format;
  throw new OperatorError({
    code: 'unknown-item-format',
    message: `${itemName(item)} was set in the format ${item.format}, which no step module of this playbook supports`,
    next: 'use the playbook with which it was set, including all of its module files, or a newer clusterproxy',
  });
}

/** The same string for the same thing on a host. */
export function itemId(item: Managed): string {
  return [item.path, item.format, ...item.key].join('\u001f');
}

/** The item's value in this state of its path. */
export function itemValue(item: Managed, state: PathState, formats: ItemFormats): FirstTouch {
  if (isWholePath(item)) return pathValue(state);
  if (isUnitState(item)) return unitValue(item, state);
  const text = textOf(state);
  return text === undefined ? { kind: 'absent' } : valueInText(item, text, formats);
}

/** The item's value in a text of its file. Not for items that are a whole file. */
export function valueInText(item: Managed, text: string, formats: ItemFormats): FirstTouch {
  const value = understood(item, text, () => formatOf(item, formats).get(text, item.key));
  return value === undefined ? { kind: 'absent' } : { kind: 'value', value };
}

/** sha256 of an item's value, in hex; tells whether somebody else has changed it since. */
export function itemHash(value: FirstTouch): string {
  return sha256(JSON.stringify(value));
}

/** The same with scrypt, for a value that contains a secret. */
export function secretItemHash(item: Managed, value: FirstTouch): string {
  return slowHash(JSON.stringify(value), itemId(item));
}

/** Whether a hash of either kind matches the value. */
export function isItemHash(hash: string, item: Managed, value: FirstTouch): boolean {
  return hash === (isSlowHash(hash) ? secretItemHash(item, value) : itemHash(value));
}

/** Whether the value is as a run wrote it, or as a program that makes the file anew did since. */
export function isAsWritten(item: Managed & Pick<ManagedItem, 'activated'>, value: FirstTouch): boolean {
  return isItemHash(item.activated, item, value) || (item.isRemade === true && value.kind === 'file');
}

/** Whether the value is the one that the item had when clusterproxy first touched it. */
export function isFirstTouch(item: Managed, first: FirstTouch, value: FirstTouch): boolean {
  return first.kind === 'secret' ? isItemHash(first.hash, item, value) : itemHash(first) === itemHash(value);
}

/**
 * The text of the item's file with the item restored to an earlier value. Not for items that are a whole
 * file.
 */
export function restoredText(item: Managed, text: string, was: FirstTouch, formats: ItemFormats): string {
  const format = formatOf(item, formats);
  return understood(item, text, () =>
    was.kind === 'value' ? format.set(text, item.key, was.value) : format.remove(text, item.key),
  );
}

/** Whether two texts of the item's file differ in nothing but the item, as far as its format can tell. */
export function sameRest(item: Managed, one: string, other: string, formats: ItemFormats): boolean {
  const format = formatOf(item, formats);
  return understood(item, one, () => sameValue(format.rest?.(one, item.key), format.rest?.(other, item.key)));
}

/** A file that its format can't read or edit is a problem of the host that it is on. */
function understood<Result>(item: Managed, text: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new OperatorError(notUnderstood(item.path, text, error));
  }
}

/** The accounts that the steps of these items named for the folders of a path, or of what is in it. */
export function accountsFor(path: string, items: readonly ManagedItem[]): readonly string[] {
  const meant = items.filter((item) => item.path === path || item.path.startsWith(`${path}/`));
  return [...new Set(meant.flatMap(({ folderOf = [] }) => folderOf))];
}

/** What an item is called in a message. */
export function itemName(item: Managed): string {
  const unit = unitOfPath(item.path);
  if (unit !== undefined)
    return item.key[0] === 'enabled' ? `whether ${unit} is enabled` : `whether ${unit} runs`;
  return item.key.length > 0 ? `${item.key.join('.')} in ${item.path}` : item.path;
}

/**
 * Whether nothing but blank lines, comments, section headers and empty braces is left in a file that we had
 * made.
 */
export function isHollow(text: string): boolean {
  return text
    .split(/\r?\n/)
    .every((line) =>
      /^\s*(?:[#;!].*|\[[^\]]*\]|\{\s*\}|[{}]|---|\.\.\.)?\s*$/.test(line.replace(/^\ufeff/, '')),
    );
}

export function textOf(state: PathState): string | undefined {
  if (state.kind === 'file') return decode(state.content).text;
  if (state.kind === 'symlink' && state.resolved) return decode(state.resolved.content).text;
  return undefined;
}

/** Everything at a path, as a value. */
export function pathValue(state: PathState): FirstTouch {
  switch (state.kind) {
    case 'file':
      return {
        kind: 'file',
        content: state.content.toString('base64'),
        mode: state.mode,
        user: state.user,
        group: state.group,
      };
    case 'symlink':
      return { kind: 'link', target: state.target };
    case 'directory':
      return { kind: 'directory', mode: state.mode, user: state.user, group: state.group };
    default:
      return { kind: 'absent' };
  }
}
