import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { isTimeZone } from '../calendar/time-zone.ts';
import { nearestName } from '../document/nearest-name.ts';
import { secondsOf } from '../model/duration.ts';

/** Why a text isn't valid for its purpose, and what to do about it. */
export interface Mistake {
  readonly message: string;
  readonly next: string;
}

/** A host's name in the inventory; it becomes a segment of a URL's path and part of file names. */
export const hostNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

export function hostNameMistake(name: string): Mistake | undefined {
  if (hostNamePattern.test(name) && !name.endsWith('.')) return undefined;
  const better = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[._-]+|[._-]+$/g, '');
  return {
    message: `the name '${shown(name)}' can't be part of a path; expected at most 63 letters, digits, '-', '_' and '.', starting with a letter or digit`,
    next: better === '' ? 'name it like node-1' : `write e.g. ${better.slice(0, 63)}`,
  };
}

/**
 * The cluster's name, which is part of file names on every host. It is lower case, since some file systems
 * fold case.
 */
export const clusterNamePattern = /^[a-z0-9][a-z0-9._-]{0,62}$/;

export function clusterNameMistake(name: string): Mistake | undefined {
  if (clusterNamePattern.test(name) && !name.endsWith('.')) return undefined;
  const better = name
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+|[._-]+$/g, '');
  return {
    message: `the cluster's name '${shown(name)}' isn't safe as a file name; expected at most 63 lower-case letters, digits, '-', '_' and '.'`,
    next: better === '' ? 'name it like prod' : `write e.g. ${better.slice(0, 63)}`,
  };
}

/** One label of a DNS name (RFC 1123, 2.1), in lower case because browsers compare origins in lower case. */
const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
export const hostnamePattern = new RegExp(`^${label}(?:\\.${label})*$`);

/**
 * Why `text` can't be the public DNS name of a host, which has no scheme, port, path, address, wildcard or
 * Unicode; undefined if it can.
 */
export function hostnameMistake(text: string): Mistake | undefined {
  const isTooLong = text.length > 253;
  const lastLabel = text.slice(text.lastIndexOf('.') + 1);
  if (hostnamePattern.test(text) && !isTooLong && !/^\d+$/.test(lastLabel)) return undefined;
  const wanted = `expected a DNS name such as node-01.example.com`;
  const found = `found '${shown(text)}'`;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\/([^/:?#]*)/i.exec(text);
  if (scheme !== null) return mistake(`${wanted}, ${found} with a scheme`, suggestion(scheme[2]));
  if (text.includes('/')) {
    return mistake(`${wanted}, ${found} with a path`, suggestion(text.split('/')[0]));
  }
  if (isIP(text.replace(/^\[|\]$/g, '')) !== 0) {
    return mistake(
      `${wanted}, found the address ${text}`,
      'write the name that the certificate is for, and put the address into `address`',
    );
  }
  const port = /^([^:]*):\d*$/.exec(text);
  if (port !== null) return mistake(`${wanted}, ${found} with a port`, suggestion(port[1]));
  if (isTooLong) return mistake(`a DNS name has at most 253 characters, found ${text.length}`, 'shorten it');
  if (/[^\0-\x7f]/.test(text)) {
    const ascii = domainToASCII(text);
    return mistake(
      `${wanted}, ${found} with letters outside ASCII`,
      hostnamePattern.test(ascii) ? `write it in Punycode: ${ascii}` : 'write it in Punycode: xn--…',
    );
  }
  if (text.endsWith('.'))
    return mistake(`${wanted}, ${found} with a trailing dot`, suggestion(text.slice(0, -1)));
  if (hostnamePattern.test(text.toLowerCase())) {
    const lowered = text.toLowerCase();
    return /^\d+$/.test(lastLabel)
      ? mistake(`${wanted}, ${found}, whose last part is a number`, 'write the whole name')
      : mistake(
          `${wanted}, ${found} with capital letters, which browsers would not match`,
          suggestion(lowered),
        );
  }
  if (text.includes('_')) return mistake(`${wanted}, ${found} with an underscore`, "use '-' instead");
  return mistake(
    `${wanted}, ${found}`,
    "use letters, digits and '-', in parts of at most 63 characters separated by dots",
  );
}

/** What ssh connects to: a DNS name, an address, or a `Host` of ssh_config(5). */
const addressPattern = /^[A-Za-z0-9:][A-Za-z0-9._:%-]*$/;

export function addressMistake(text: string): Mistake | undefined {
  const wanted = 'expected a DNS name or an address such as 192.0.2.11';
  const found = `found '${shown(text)}'`;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i.exec(text);
  if (scheme !== null) return mistake(`${wanted}, ${found} with a scheme`, suggestion(scheme[2]));
  const user = /^([^@]*)@(.+)$/.exec(text);
  if (user !== null) {
    return mistake(
      `${wanted}, ${found} with a user`,
      `write ${user[2]} here, and ${user[1]} as ssh: {user: …}`,
    );
  }
  if (text.includes('/')) return mistake(`${wanted}, ${found} with a path`, suggestion(text.split('/')[0]));
  const bracketed = /^\[(.*)\](?::(\d+))?$/.exec(text);
  if (bracketed !== null) {
    const port = bracketed[2] === undefined ? '' : `, and the port as ssh: {port: ${bracketed[2]}}`;
    return mistake(`${wanted}, ${found} in brackets`, `write ${bracketed[1]}${port}`);
  }
  if (isIP(text) !== 0) return undefined;
  const port = /^([^:]+):(\d+)$/.exec(text);
  if (port !== null) {
    return mistake(
      `${wanted}, ${found} with a port`,
      `write ${port[1]}, and the port as ssh: {port: ${port[2]}}`,
    );
  }
  if (/^[\d.]+$/.test(text)) {
    return mistake(
      `${wanted}, ${found}, which is not an IPv4 address`,
      'write four numbers from 0 to 255 separated by dots',
    );
  }
  if (text.includes(':'))
    return mistake(`${wanted}, ${found}, which is not an IPv6 address`, 'correct the address');
  if (addressPattern.test(text) && text.length <= 253) return undefined;
  return mistake(`${wanted}, ${found}`, "use letters, digits, '-', '_' and '.'");
}

/**
 * A user name as allowed by useradd(8), or one from a directory service (`ops@corp`; `CORP\ops` is not a name
 * in ssh_config).
 */
export const userPattern = /^[A-Za-z_][A-Za-z0-9_.@-]{0,63}\$?$/;

/**
 * Why a text that somebody types as the user who logs in can't be meant: none is called so, or it is the name
 * of a host, which useradd(8) would take.
 */
export function loginMistake(text: string): Mistake | undefined {
  if (!userPattern.test(text)) {
    return mistake(
      `'${shown(text)}' is not a user name`,
      "write a name that useradd takes: letters, digits, '_', '-' and '.', beginning with a letter or '_'",
    );
  }
  // `ada.lovelace` is a user's name more often than a host's.
  const isHost = text.split('.').length > 2 && hostnameMistake(text.toLowerCase()) === undefined;
  return isHost
    ? mistake(`'${shown(text)}' looks like the name of a host`, 'write the user alone, such as root')
    : undefined;
}

/** A host key's fingerprint as `ssh-keygen -lf` prints it: SHA-256, base64 without padding. */
export const fingerprintPattern = /^SHA256:[A-Za-z0-9+/]{43}$/;

/** Why a text isn't the name of a time zone, and which one may be meant. */
export function timeZoneMistake(name: string): Mistake | undefined {
  if (isTimeZone(name)) return undefined;
  const meant = nearestName(name, Intl.supportedValuesOf('timeZone'));
  return {
    message: `'${shown(name)}' is not a time zone of the IANA database`,
    next:
      meant === undefined
        ? 'write a name such as Europe/Berlin (timedatectl list-timezones)'
        : `did you mean ${meant}?`,
  };
}

/** How long nobody may have been on a host: not less than a second, not more than a day. */
export function idleTimeMistake(text: string): Mistake | undefined {
  const seconds = secondsOf(text);
  if (seconds !== undefined && seconds >= 1 && seconds <= 86_400) return undefined;
  return mistake(
    `'${shown(text)}' is not a time that somebody can be away`,
    'write a time such as 20m or 1h30m',
  );
}

function mistake(message: string, next: string): Mistake {
  return { message, next };
}

function suggestion(text: string | undefined): string {
  const name = (text ?? '').toLowerCase().replace(/:\d*$/, '');
  return name === '' ? 'write only the name' : `write ${name}`;
}

/**
 * Shortened and cleaned, since control characters must not reach a terminal and nobody reads a thousand
 * characters.
 */
function shown(text: string): string {
  const clean = text.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029]/g, '?');
  return clean.length > 80 ? `${clean.slice(0, 79)}…` : clean;
}
