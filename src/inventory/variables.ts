import { describeValue, quotesHint } from '../document/found-value.ts';
import { nearestName } from '../document/nearest-name.ts';
import type { Value } from '../formats/keyed-format.ts';
import { secondsOf } from '../model/duration.ts';
import type { Variable } from '../model/playbook.ts';
import { isSecretReference } from '../secrets/reference.ts';
import { hostnameMistake, type Mistake } from './names.ts';

/**
 * Paths that can be written without quotes in nginx, unit and shell files, because no character in them has a
 * special meaning in any of these.
 */
const safePathPattern = /^\/[A-Za-z0-9._/@+:,=~-]*$/;

/**
 * Why a value doesn't match the variable's declaration; undefined if it does. A valid path, URL or host name
 * can be written as it is in the files of nginx, systemd and a shell; other text is quoted where it is
 * written. `plain` is how the value stands in its file, if it has no quotes there.
 */
export function variableMistake(
  variable: Variable,
  value: unknown,
  plain?: string,
): (Mistake & { code: string }) | undefined {
  const wrongType = (wanted: string, next: string) => ({
    code: 'wrong-type',
    message: `expected ${wanted}, found ${describeValue(value, plain)}`,
    next,
  });
  const wrongValue = (mistake: Mistake | undefined) =>
    mistake === undefined ? undefined : { code: 'wrong-value', ...mistake };
  if (value === '' && variable.type === 'url' && variable.default === '') return undefined;
  switch (variable.type) {
    case 'integer':
      return Number.isSafeInteger(value) ? undefined : wrongType('a whole number', 'write it without quotes');
    case 'number':
      return Number.isFinite(value) ? undefined : wrongType('a number', 'write it without quotes');
    case 'port':
      if (typeof value !== 'number') return wrongType('a port number', 'write a number from 1 to 65535');
      return Number.isInteger(value) && value >= 1 && value <= 65535
        ? undefined
        : wrongValue({
            message: `expected a port number, found ${value}`,
            next: 'write a number from 1 to 65535',
          });
    case 'duration':
      if (value === 0) return undefined;
      if (typeof value !== 'string') return wrongType('a time', durationHint);
      return secondsOf(value) === undefined
        ? wrongValue({ message: `expected a time, found ${describeValue(value)}`, next: durationHint })
        : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : wrongType('true or false', booleanHint(value));
    case 'secret':
      return secretMistake(value);
    case 'list':
      if (!Array.isArray(value))
        return wrongType('a list', 'write it as a list: [ … ], or one `- …` per line');
      return wrongValue(textMistake(value) ?? itemMistake(variable, value));
    case 'map':
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        return wrongType('a map', 'write it as `key: value`, one per line');
      }
      return wrongValue(textMistake(value));
    case 'enum': {
      const text = typeof value === 'string' ? value : '';
      if (variable.values.includes(text)) return undefined;
      const enumHint = () => {
        const quoted = variable.values.includes(plain ?? String(value))
          ? quotesHint(value, plain)
          : undefined;
        const nearest = nearestName(text, variable.values);
        return quoted ?? (nearest === undefined ? 'write one of them' : `did you mean ${nearest}?`);
      };
      return {
        code: 'wrong-value',
        message: `expected one of ${variable.values.join(', ')}, found ${describeValue(value, plain)}`,
        next: enumHint(),
      };
    }
    default:
      if (typeof value !== 'string') {
        return wrongType(typeWords[variable.type], quotesHint(value, plain) ?? 'write it as text');
      }
      return wrongValue(stringMistake(variable.type, value));
  }
}

/** Of a list that says which values its items may have. */
function itemMistake({ values }: Variable, items: readonly unknown[]): Mistake | undefined {
  if (values.length === 0) return undefined;
  const other = items.find((item) => typeof item !== 'string' || !values.includes(item));
  if (other !== undefined) {
    const nearest = nearestName(String(other), values);
    return {
      message: `expected items out of ${values.join(', ')}, found ${describeValue(other)}`,
      next: nearest === undefined ? 'write some of them, each once' : `did you mean ${nearest}?`,
    };
  }
  const twice = items.find((item, index) => items.indexOf(item) < index);
  if (twice === undefined) return undefined;
  return { message: `${describeValue(twice)} is there more than once`, next: 'write each item once' };
}

const durationHint = 'write a time such as 90s, 30m or 1h30m, or 0';

/** Doesn't mention the value, which may be the secret. */
function secretMistake(value: unknown): (Mistake & { code: string }) | undefined {
  if (isSecretReference(value)) return undefined;
  const next = 'write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}';
  if (typeof value === 'string') {
    if (value.trim() === '') return { code: 'wrong-value', message: 'the secret is empty', next };
    const mistake = textMistake(value);
    return mistake === undefined ? undefined : { code: 'wrong-value', ...mistake };
  }
  const found = typeof value === 'number' ? 'a number' : describeValue(value);
  const message = `expected a secret reference: {env}, {file} or {command}, found ${found}${typeof value === 'object' && value !== null && !Array.isArray(value) ? ' of another form' : ''}`;
  return { code: 'wrong-type', message, next };
}

const typeWords = { string: 'text', hostname: 'a DNS name', path: 'a path', url: 'a URL' };

function stringMistake(type: 'string' | 'hostname' | 'path' | 'url', text: string): Mistake | undefined {
  if (type === 'hostname') return hostnameMistake(text);
  if (type === 'path') return pathMistake(text);
  if (type === 'url') return urlMistake(text);
  return textMistake(text);
}

/** Why a text isn't an absolute path without `..`, made of characters that are safe everywhere. */
function pathMistake(text: string): Mistake | undefined {
  const found = `found ${describeValue(text)}`;
  if (!text.startsWith('/')) {
    return { message: `expected an absolute path, ${found}`, next: 'start it with /' };
  }
  if (text.split('/').includes('..')) {
    return { message: `expected a path without '..', ${found}`, next: 'write the path that it leads to' };
  }
  if (safePathPattern.test(text)) return undefined;
  return {
    message: `the path has characters that nginx, systemd or a shell would read as something else: ${found}`,
    next: 'use letters, digits and . _ - / @ + : , = ~',
  };
}

/**
 * `$`, quotes, `;`, braces and blanks would end or change an nginx directive; in a URL each can be written as
 * %XX.
 */
const safeUrl = /^(https?|wss?):\/\/[A-Za-z0-9._~:/?#[\]@!&()*+,=%-]+$/;

function urlMistake(text: string): Mistake | undefined {
  const found = `found ${describeValue(text)}`;
  if (!/^(https?|wss?):\/\//.test(text)) {
    return { message: `expected a URL, ${found}`, next: 'start it with https://, http://, wss:// or ws://' };
  }
  if (!safeUrl.test(text) || !URL.canParse(text)) {
    return { message: `expected a URL, ${found}`, next: 'write special characters as %XX (RFC 3986, 2.1)' };
  }
  const { username, password } = new URL(text);
  if (username === '' && password === '') return undefined;
  return { message: 'the URL contains a user or a password', next: 'remove them, since plans show URLs' };
}

/** Rejects text that would start a new line in any file to which it is written. */
function textMistake(value: unknown): Mistake | undefined {
  if (typeof value === 'string') {
    return /[\0-\x1f\x7f]/.test(value)
      ? { message: 'the text contains a control character or a line break', next: 'write it on one line' }
      : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  return [...Object.keys(value), ...Object.values(value)]
    .map(textMistake)
    .find((found) => found !== undefined);
}

function booleanHint(value: unknown): string {
  return typeof value === 'string' && /^(yes|no|on|off)$/i.test(value)
    ? `YAML 1.2 has only true and false: write ${/^(yes|on)$/i.test(value)}`
    : 'write true or false, without quotes';
}

/** Plain data from a YAML file as a value; anything that YAML can hold, a value can. */
export function toValue(data: unknown): Value {
  return data as Value;
}
