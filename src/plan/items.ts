import { decode } from '../formats/decode.ts';
import { json } from '../formats/json.ts';
import type { KeyedFormat, Value } from '../formats/keyed-format.ts';
import {
  findServers,
  insertInclude,
  managedBlocks,
  removeInclude,
  removeManagedBlock,
  type Server,
  setManagedBlock,
} from '../formats/nginx.ts';
import { properties } from '../formats/properties.ts';
import { services } from '../formats/services.ts';
import { shellEnv } from '../formats/shell-env.ts';
import { unit } from '../formats/unit.ts';
import { yaml } from '../formats/yaml.ts';
import { sha256 } from '../model/change.ts';
import type { FirstTouch, ManagedItem } from '../model/ledger.ts';
import { type PathState, unitOfPath } from '../model/snapshot.ts';
import type { Managed } from '../virtual/step-host.ts';
import { isSlowHash, slowHash } from './slow-hash.ts';
import { unitStateFormat, unitValue } from './unit-items.ts';

/** How a managed thing is read out of a file's text and put back: the one place that knows every kind of item. */
interface ItemFormat {
  get(text: string, key: readonly string[]): Value | undefined;
  set(text: string, key: readonly string[], value: Value): string;
  remove(text: string, key: readonly string[]): string;
}

const nginxBlock: ItemFormat = {
  get: (text, key) => managedBlocks(text).get(key.join('/')),
  set: (text, key, value) => setManagedBlock(text, key.join('/'), String(value)),
  remove: (text, key) => removeManagedBlock(text, key.join('/')),
};

/** An `include` line in the server blocks of a name. Key: the name, the path. Of several blocks the first has it. */
const nginxIncludeLine: ItemFormat = {
  get: (text, [name = '', path = '']) =>
    serversNamed(text, name).some((server) => includes(text, server, path)) ? path : undefined,
  set: (text, [name = '', path = '']) => {
    const [server] = serversNamed(text, name);
    return server === undefined ? text : insertInclude(text, server.directive, path);
  },
  remove: (text, key) => {
    const [name = '', path = ''] = key;
    const server = serversNamed(text, name).find((one) => includes(text, one, path));
    if (server === undefined) return text;
    return nginxIncludeLine.remove(removeInclude(text, server.directive, path), key);
  },
};

function serversNamed(text: string, name: string): readonly Server[] {
  return findServers(text).filter(({ serverNames }) => serverNames.includes(name));
}

function includes(text: string, server: Server, path: string): boolean {
  return removeInclude(text, server.directive, path) !== text;
}

const keyedFormats: readonly KeyedFormat[] = [properties, yaml, json, shellEnv, unit, services];
const itemFormats: ReadonlyMap<string, ItemFormat> = new Map<string, ItemFormat>([
  ...keyedFormats.map((format) => [format.name, format] as const),
  ['nginx-block', nginxBlock],
  ['nginx-include', nginxIncludeLine],
]);

function formatOf(item: Managed): ItemFormat {
  const format = itemFormats.get(item.format);
  if (format === undefined) throw new Error(`an item of ${item.path} has the unknown format ${item.format}`);
  return format;
}

export function sameItem(one: Managed, other: Managed): boolean {
  return itemId(one) === itemId(other);
}

/** One string for one thing on a host. */
export function itemId(item: Managed): string {
  return [item.path, item.format, ...item.key].join('\u001f');
}

/** What the item is in this state of its path. */
export function itemValue(item: Managed, state: PathState): FirstTouch {
  if (item.format === 'file') return wholePath(state);
  if (item.format === unitStateFormat) return unitValue(item, state);
  const text = textOf(state);
  if (text === undefined) return { kind: 'absent' };
  const value = formatOf(item).get(text, item.key);
  return value === undefined ? { kind: 'absent' } : { kind: 'value', value };
}

/** sha256 of an item's value, hex; tells whether somebody else has changed it since. */
export function itemHash(value: FirstTouch): string {
  return sha256(JSON.stringify(value));
}

/** The same by scrypt, for a value that holds a secret. */
export function secretItemHash(item: Managed, value: FirstTouch): string {
  return slowHash(JSON.stringify(value), itemId(item));
}

/** Whether a hash of either kind is that of the value. */
export function isItemHash(hash: string, item: Managed, value: FirstTouch): boolean {
  return hash === (isSlowHash(hash) ? secretItemHash(item, value) : itemHash(value));
}

/** Whether the value is the one that the item had at our first touch. */
export function isFirstTouch(item: Managed, first: FirstTouch, value: FirstTouch): boolean {
  return first.kind === 'secret' ? isItemHash(first.hash, item, value) : itemHash(first) === itemHash(value);
}

/** The text of the item's file with the item as it was at another time. Not for items that are a whole file. */
export function restoredText(item: Managed, text: string, was: FirstTouch): string {
  const format = formatOf(item);
  return was.kind === 'value' ? format.set(text, item.key, was.value) : format.remove(text, item.key);
}

/** The accounts that the steps of these items named for the folders of a path, or of what is in it. */
export function accountsFor(path: string, items: readonly ManagedItem[]): readonly string[] {
  const meant = items.filter((item) => item.path === path || item.path.startsWith(`${path}/`));
  return [...new Set(meant.flatMap(({ folderOf = [] }) => folderOf))];
}

/** How an item is called in a message. */
export function itemName(item: Managed): string {
  const unit = unitOfPath(item.path);
  if (unit !== undefined)
    return item.key[0] === 'enabled' ? `whether ${unit} is enabled` : `whether ${unit} runs`;
  return item.key.length > 0 ? `${item.key.join('.')} in ${item.path}` : item.path;
}

/** Whether nothing but blank lines, comments, section headers and empty braces is left in a file that we had made. */
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

function wholePath(state: PathState): FirstTouch {
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
