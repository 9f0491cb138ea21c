import { FormatError } from './format-error.ts';
import type { KeyedFormat, Value } from './keyed-format.ts';
import { applyEdits, errorAt, lineEndOf, linesOf, scalarText } from './text.ts';

/**
 * One entry: `text.slice(start, next)` is its line, `text.slice(portStart, portEnd)` its port. `names` are
 * its name and its aliases; `text.slice(aliasesStart, aliasesEnd)` has those, with the blanks before each.
 */
interface Entry {
  readonly start: number;
  readonly next: number;
  readonly portStart: number;
  readonly portEnd: number;
  readonly aliasesStart: number;
  readonly aliasesEnd: number;
  readonly name: string;
  readonly names: readonly string[];
  readonly port: number;
  readonly protocol: string;
}

/**
 * The table of services, /etc/services. A key is a name and a protocol, and its value is the port as text. Of
 * several entries that have the name, as theirs or as an alias, the first counts, since getservbyname(3)
 * stops there. Source: services(5).
 *
 * - `set` changes an entry of that name and keeps its aliases and comment. Where the name is an alias of an
 *   earlier entry with another port, the new entry goes above that one.
 * - `remove` also takes the name out of the aliases of other entries, which stay.
 */
export const services: KeyedFormat = {
  name: 'services',

  get(text, key) {
    const [entry] = entriesWith(text, nameAndProtocol(key));
    return entry === undefined ? undefined : String(entry.port);
  },

  set(text, key, value) {
    const [name, protocol] = nameAndProtocol(key);
    const port = portOf(value);
    const [entry] = entriesWith(text, [name, protocol]);
    const lineEnd = lineEndOf(text) === '\r' ? '\n' : lineEndOf(text);
    const line = `${name}\t${port}/${protocol}${lineEnd}`;
    if (entry === undefined) {
      return `${text}${text === '' || text.endsWith('\n') ? '' : lineEnd}${line}`;
    }
    if (entry.port === port) return text;
    return applyEdits(text, [
      entry.name === name
        ? { start: entry.portStart, end: entry.portEnd, insert: String(port) }
        : { start: entry.start, end: entry.start, insert: line },
    ]);
  },

  remove(text, key) {
    const [name, protocol] = nameAndProtocol(key);
    return applyEdits(
      text,
      entriesWith(text, [name, protocol]).map(({ start, next, aliasesStart, aliasesEnd, ...entry }) => {
        if (entry.name === name) return { start, end: next, insert: '' };
        const aliases = text.slice(aliasesStart, aliasesEnd).match(/[ \t]+[^ \t]+/g) ?? [];
        const kept = aliases.filter((alias) => alias.trim() !== name);
        return { start: aliasesStart, end: aliasesEnd, insert: kept.join('') };
      }),
    );
  },

  rest(text, key) {
    const [name, protocol] = nameAndProtocol(key);
    const others = entriesOf(text).flatMap((one) => {
      const isMeant = one.protocol === protocol && one.names.includes(name);
      if (isMeant && one.name === name) return [];
      const names = isMeant ? one.names.filter((other) => other !== name) : one.names;
      return [[...names, `${one.port}/${one.protocol}`].join(' ')];
    });
    return others.sort();
  },
};

/** The names of each entry for a port: its own, then its aliases. */
export function servicesOnPort(text: string, port: number, protocol: string): readonly (readonly string[])[] {
  return entriesOf(text)
    .filter((entry) => entry.port === port && entry.protocol === protocol)
    .map(({ names }) => names);
}

function entriesWith(text: string, [name, protocol]: readonly [string, string]): readonly Entry[] {
  return entriesOf(text).filter((one) => one.protocol === protocol && one.names.includes(name));
}

/** Name, port and aliases. A name has everything but blanks and `#`, as getservbyname(3) reads it. */
const entry = /^([ \t]*)([^ \t\r\v\f#]+)([ \t]+)(\d+)\/([^\s#]+)((?:[ \t]+[^ \t\r\v\f#]+)*)/;

function entriesOf(text: string): readonly Entry[] {
  return linesOf(text, { loneCr: false }).flatMap(({ start, end, next }) => {
    const line = text.slice(start, end);
    // A byte-order mark is one at the beginning of the text only; elsewhere it is part of a name.
    const mark = start === 0 && line.startsWith('\uFEFF') ? '\uFEFF' : '';
    const found = entry.exec(line.slice(mark.length));
    if (found === null) return [];
    const [whole, indent = '', name = '', gap = '', digits = '', protocol = '', aliases = ''] = found;
    const port = Number(digits);
    if (port > 65535) throw errorAt(text, start, `expected a port from 0 to 65535, found ${digits}`);
    const portStart = start + mark.length + indent.length + name.length + gap.length;
    return [
      {
        start: start + mark.length,
        next,
        portStart,
        portEnd: portStart + digits.length,
        aliasesStart: start + mark.length + whole.length - aliases.length,
        aliasesEnd: start + mark.length + whole.length,
        name,
        names: [name, ...(aliases.match(/[^ \t]+/g) ?? [])],
        port,
        protocol,
      },
    ];
  });
}

function nameAndProtocol(key: readonly string[]): readonly [name: string, protocol: string] {
  const [name, protocol] = key;
  if (key.length !== 2 || name === undefined || protocol === undefined) {
    throw new FormatError(`expected a name and a protocol, found ${JSON.stringify(key)}`);
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9_.+-]*$/.test(name)) {
    throw new FormatError(`${JSON.stringify(name)} can't be the name of a service`);
  }
  if (!/^[a-z][a-z0-9-]*$/.test(protocol)) {
    throw new FormatError(`${JSON.stringify(protocol)} can't be a protocol`);
  }
  return [name, protocol];
}

function portOf(value: Value): number {
  const written = scalarText(value);
  if (/^(?:0|[1-9]\d{0,4})$/.test(written) && Number(written) <= 65535) return Number(written);
  throw new FormatError(`expected a port from 0 to 65535, found ${JSON.stringify(value)}`);
}
