import { addressMistake, hostNameMistake, hostnameMistake, userPattern } from '../inventory/names.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { NamedHost } from './draft.ts';

/** How a host is named on the command line and at a question. */
export const entryForm = '[NAME=][USER@]ADDRESS[:PORT]';

/**
 * A host as an operator writes it: `bbb-01.example.com`, `ops@192.0.2.11:2222`, `bbb-01=192.0.2.11`,
 * `bbb-01.example.com=192.0.2.11`. A name with a dot is its public DNS name, whose first part names it in the
 * cluster. Throws OperatorError `init-host`.
 */
export function parseEntry(role: string, text: string): NamedHost {
  const fail = (message: string, next: string): never => {
    throw new OperatorError({ code: 'init-host', message: `${role}: ${message}`, next });
  };
  const { left, user, host, port } = partsOf(text.trim());
  if (host === '') return fail(`no address in '${shown(text)}'`, `write it as ${entryForm}`);
  if (user !== undefined && !userPattern.test(user)) {
    return fail(`'${shown(user)}' is not a user name`, `write it as ${entryForm}`);
  }
  if (port !== undefined && !(port >= 1 && port <= 65_535)) {
    return fail(`'${shown(text)}' has no valid port`, 'write a number from 1 to 65535');
  }
  const wrong = addressMistake(host);
  if (wrong !== undefined) return fail(wrong.message, wrong.next);
  const more = { ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
  if (left === undefined) {
    const lowered = host.toLowerCase();
    if (host.includes('.') && hostnameMistake(lowered) === undefined) {
      return { role, hostname: lowered, ...more };
    }
    return hostNameMistake(host) === undefined && !/^[\d.:]+$/.test(host) && !host.includes(':')
      ? { role, name: host, ...more }
      : { role, address: host, ...more };
  }
  const lowered = left.toLowerCase();
  const isPublic = left.includes('.');
  const mistake = isPublic ? hostnameMistake(lowered) : hostNameMistake(left);
  if (mistake !== undefined) return fail(mistake.message, mistake.next);
  const address = host.toLowerCase() === lowered ? {} : { address: host };
  if (isPublic) return { role, hostname: lowered, ...address, ...more };
  const hostname = host.includes('.') && hostnameMistake(host.toLowerCase()) === undefined;
  return hostname
    ? { role, name: left, hostname: host.toLowerCase(), ...more }
    : { role, name: left, ...address, ...more };
}

/** Hosts as `parseEntry` takes them, with blanks or commas between. */
export function parseEntries(role: string, text: string): readonly NamedHost[] {
  const entries = text
    .replace(/\s*=\s*/g, '=')
    .split(/[\s,;]+/)
    .filter((entry) => entry !== '');
  return (entries.length === 0 ? [''] : entries).map((entry) => parseEntry(role, entry));
}

function partsOf(text: string) {
  const equals = text.indexOf('=');
  const left = equals === -1 ? undefined : text.slice(0, equals).trim();
  const right = text.slice(equals + 1).trim();
  const at = right.lastIndexOf('@');
  const user = at === -1 ? undefined : right.slice(0, at);
  const place = right.slice(at + 1);
  const bracketed = /^\[([^\]]*)\](?::(\d{1,6}))?$/.exec(place);
  const plain = /^([^:]*):(\d{1,6})$/.exec(place);
  const [, host = place, port] = bracketed ?? plain ?? [];
  return { left, user, host, port: port === undefined ? undefined : Number(port) };
}

/** Messages are cleaned where they are shown; nobody reads a thousand characters. */
function shown(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
