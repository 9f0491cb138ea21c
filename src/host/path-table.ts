import type { Ownership, PathState } from '../model/snapshot.ts';
import { fieldSeparator, printable } from './records.ts';
import { sharedText } from './shared-parts.ts';

/** The bytes of each regular file, or why they are missing; by path including the root's prefix. */
export type Contents = Map<string, Buffer | string>;

interface Entry extends Ownership {
  readonly type: number;
  /** numeric ids of owner and group */
  readonly uid: string;
  readonly gid: string;
  readonly seconds: number;
  /** how many names (hard links) it has */
  readonly names: number;
  readonly target: string | undefined;
}

const regular = 0o100000;
const link = 0o120000;
const folder = 0o040000;
const specialFiles = new Map([
  [0o010000, 'a named pipe'],
  [0o020000, 'a device'],
  [0o060000, 'a device'],
  [0o140000, 'a socket'],
]);

/** The output of `stat` for each path: first for the paths themselves, then for the targets of links. */
export class PathTable {
  readonly #root: string;
  readonly #entries = new Map<string, Entry>();
  readonly #errors = new Map<string, string>();
  readonly #followed = new Map<string, Entry>();
  readonly #destinations = new Map<string, string>();
  readonly #closed: string[] = [];
  readonly missingDestinations: boolean;

  constructor(
    root: string,
    records: readonly string[],
    followed: readonly string[],
    destinations: readonly string[],
  ) {
    this.#root = root;
    const links: string[] = [];
    for (const line of records) {
      const parsed = parseRecord(line);
      if (parsed === undefined) {
        // GNU stat: cannot statx '/x': No such file or directory
        const [, quoted, reason] = /^stat: cannot statx? (.*): ([^:]+)$/.exec(line) ?? [];
        if (quoted !== undefined && reason !== undefined) {
          this.#errors.set(unquoted(quoted), reason);
          if (reason === permissionDenied) this.#closed.push(this.#without(unquoted(quoted)));
        }
        continue;
      }
      this.#entries.set(parsed.path, parsed.entry);
      if (parsed.entry.type === link) links.push(parsed.path);
    }
    for (const line of followed) {
      const parsed = parseRecord(line);
      if (parsed !== undefined) this.#followed.set(parsed.path, parsed.entry);
      else if (line.endsWith(`: ${permissionDenied}`)) {
        const [, quoted = ''] = /^stat: cannot statx? (.*): [^:]+$/.exec(line) ?? [];
        this.#closed.push(this.#without(unquoted(quoted)));
      }
    }
    for (const [index, path] of links.entries()) {
      const destination = destinations[index];
      if (destination !== undefined) this.#destinations.set(path, destination);
    }
    this.missingDestinations = links.length !== destinations.length;
  }

  /** All paths that were looked at, relative to the host's root. */
  paths(): readonly string[] {
    return [...this.#entries.keys(), ...this.#errors.keys()]
      .filter((path) => !isFolder(path) && path.startsWith(`${this.#root}/`))
      .map((path) => this.#without(path));
  }

  /** Paths that the account could not look at: whether anything is there is unknown. */
  get closed(): readonly string[] {
    return this.#closed;
  }

  /** When each path last changed, or the target of a link: seconds since the epoch by the host's clock. */
  changeTimes(): ReadonlyMap<string, number> {
    const times = new Map<string, number>();
    for (const [name, entry] of this.#entries) {
      if (isFolder(name)) continue;
      times.set(
        sharedText(this.#without(name)),
        Math.max(entry.seconds, this.#followed.get(name)?.seconds ?? 0),
      );
    }
    return times;
  }

  /** Regular files that have more than one name; the target of a link by its own name. */
  secondNames(): ReadonlySet<string> {
    const isShared = ({ type, names }: Entry) => type === regular && names > 1;
    const own = [...this.#entries].filter(([, entry]) => isShared(entry)).map(([name]) => name);
    const led = [...this.#followed].filter(([, entry]) => isShared(entry)).map(([name]) => name);
    const targets = led.flatMap((name) => this.#destinations.get(name) ?? []);
    return new Set([...own, ...targets].map((name) => this.#without(name)));
  }

  /** Which account ran the probe, and when; seconds since the epoch by the host's clock. */
  self(): { user: string; group: string; isRoot: boolean; seconds: number; uid: string; gid: string } {
    const entry = this.#entries.get(selfPath);
    if (entry === undefined) throw new Error('the answer does not say which account ran the probe');
    return { ...entry, isRoot: entry.uid === '0' };
  }

  /** A folder on a path, as the kernel names it; `''` is the root. */
  folder(name: string): (Ownership & { readonly uid: string; readonly gid: string }) | undefined {
    return this.#entries.get(`${name}/.`);
  }

  state(path: string, contents: Contents): PathState {
    const name = this.#root + path;
    const entry = this.#entries.get(name);
    if (entry === undefined) {
      const error = this.#errors.get(name);
      if (error === 'No such file or directory') return { kind: 'absent' };
      return { kind: 'unreadable', reason: printable(error ?? 'not looked at').toLowerCase() };
    }
    if (entry.type === link) return this.#linkState(name, entry, contents);
    if (entry.type === folder) return { kind: 'directory', ...ownership(entry) };
    return fileState(entry, contents.get(name));
  }

  #linkState(name: string, entry: Entry, contents: Contents): PathState {
    const target = this.#without(entry.target ?? '');
    const destination = this.#destinations.get(name);
    const followed = this.#followed.get(name);
    if (destination === undefined || followed?.type !== regular) return { kind: 'symlink', target };
    const state = fileState(followed, contents.get(name));
    if (state.kind !== 'file') return { kind: 'symlink', target };
    return { kind: 'symlink', target, resolved: { ...state, path: this.#without(destination) } };
  }

  #without(path: string): string {
    return this.#root !== '' && path.startsWith(`${this.#root}/`) ? path.slice(this.#root.length) : path;
  }
}

/** EACCES in the words of GNU programs, in the C locale. */
const permissionDenied = 'Permission denied';

/** The folder in /proc of the reading process itself: its owner is the account in use. */
const selfPath = '/proc/self/.';

/** Added when checking who can create names in a folder: its name ends like this, as no real path does. */
function isFolder(name: string): boolean {
  return name.endsWith('/.');
}

function fileState(entry: Entry, content: Buffer | string | undefined): PathState {
  if (entry.type !== regular)
    return { kind: 'unreadable', reason: specialFiles.get(entry.type) ?? 'a special file' };
  if (Buffer.isBuffer(content)) return { kind: 'file', content, ...ownership(entry) };
  return { kind: 'unreadable', reason: content ?? 'not readable' };
}

function ownership(entry: Entry): Ownership {
  return { mode: entry.mode, user: entry.user, group: entry.group };
}

function parseRecord(line: string): { path: string; entry: Entry } | undefined {
  const [mode = '', , , userName = '', groupName = '', path = '', name, seconds = '', ...rest] =
    line.split(fieldSeparator);
  const [uid = '', gid = '', names = ''] = rest;
  if (name === undefined || !/^[0-9a-f]{1,8}$/.test(mode)) return undefined;
  const bits = Number.parseInt(mode, 16);
  const arrow = name.indexOf('" -> "', 1);
  const target = arrow < 0 ? undefined : unescaped(name.slice(arrow + 6, -1));
  // stat(1) prints this for an id that has no name on the host; chown(1) also takes the number.
  const [user, group] = [userName === 'UNKNOWN' ? uid : userName, groupName === 'UNKNOWN' ? gid : groupName];
  const owner = { mode: bits & 0o7777, user, group, uid, gid };
  const times = { seconds: Number(seconds), names: Number(names) };
  return { path, entry: { type: bits & 0o170000, ...owner, ...times, target } };
}

/** GNU's "c" quoting style: a C string literal, with bytes beyond ASCII in octal. */
function unescaped(text: string): string {
  const bytes: number[] = [];
  for (const [, octal, letter, plain] of text.matchAll(/\\([0-7]{1,3})|\\(.)|([\s\S])/gu)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else if (letter !== undefined) bytes.push(...Buffer.from(letters.get(letter) ?? letter));
    else bytes.push(...Buffer.from(plain ?? ''));
  }
  return Buffer.from(bytes).toString('utf8');
}

const letters = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

/** GNU's shell-like quoting of names in messages. */
function unquoted(text: string): string {
  if (text.startsWith('"')) return text.slice(1, -1).replace(/\\(.)/g, '$1');
  return text.replaceAll("'\\''", '\u0000').replaceAll("'", '').replaceAll('\u0000', "'");
}
