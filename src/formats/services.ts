import { FormatError } from './format-error.ts';
import type { KeyedFormat, Value } from './keyed-format.ts';
import { applyEdits, errorAt, lineEndOf, linesOf, scalarText } from './text.ts';

/** One entry: `text.slice(start, next)` is its line, `text.slice(portStart, portEnd)` its port. */
interface Entry {
  readonly start: number;
  readonly next: number;
  readonly portStart: number;
  readonly portEnd: number;
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
}

/**
 * The table of services, /etc/services. A key is a name and a protocol, and its value is the port as text. Of
 * several entries with the same name and protocol the first counts, since getservbyname(3) stops there; `set`
 * changes that one and keeps its aliases and comment. Source: services(5).
 */
export const services: KeyedFormat = {
  name: 'services',

  get(text, key) {
    const [name, protocol] = nameAndProtocol(key);
    const entry = entriesOf(text).find((one) => one.name === name && one.protocol === protocol);
    return entry === undefined ? undefined : String(entry.port);
  },

  set(text, key, value) {
    const [name, protocol] = nameAndProtocol(key);
    const port = portOf(value);
    const entry = entriesOf(text).find((one) => one.name === name && one.protocol === protocol);
    if (entry === undefined) {
      const lineEnd = lineEndOf(text);
      const ended = text === '' || text.endsWith('\n') ? '' : lineEnd === '\r' ? '\n' : lineEnd;
      return `${text}${ended}${name}\t${port}/${protocol}${lineEnd === '\r' ? '\n' : lineEnd}`;
    }
    if (entry.port === port) return text;
    return applyEdits(text, [{ start: entry.portStart, end: entry.portEnd, insert: String(port) }]);
  },

  remove(text, key) {
    const [name, protocol] = nameAndProtocol(key);
    const entries = entriesOf(text).filter((one) => one.name === name && one.protocol === protocol);
    return applyEdits(
      text,
      entries.map(({ start, next }) => ({ start, end: next, insert: '' })),
    );
  },
};

/** The names of the entries for a port. */
export function servicesOnPort(text: string, port: number, protocol: string): readonly string[] {
  return entriesOf(text)
    .filter((entry) => entry.port === port && entry.protocol === protocol)
    .map(({ name }) => name);
}

function entriesOf(text: string): readonly Entry[] {
  return linesOf(text, { loneCr: false }).flatMap(({ start, end, next }) => {
    const found = /^([ \t\uFEFF]*)([^\s#]+)([ \t]+)(\d+)\/([^\s#]+)/.exec(text.slice(start, end));
    if (found === null) return [];
    const [, indent = '', name = '', gap = '', digits = '', protocol = ''] = found;
    const port = Number(digits);
    if (port > 65535) throw errorAt(text, start, `expected a port from 0 to 65535, found ${digits}`);
    const portStart = start + indent.length + name.length + gap.length;
    return [{ start, next, portStart, portEnd: portStart + digits.length, name, port, protocol }];
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
