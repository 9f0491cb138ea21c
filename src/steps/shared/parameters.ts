import { isIP } from 'node:net';
import { z } from 'zod';
import type { Value } from '../../formats/keyed-format.ts';
import type { Attributes } from '../../virtual/step-host.ts';

/** Parts of parameters that several step modules share. */

export const absolutePath = z
  .string()
  .regex(/^\/(?:[^\0-\x1f\x7f]*[^\0-\x1f\x7f/])?$/, 'expected an absolute path without a slash at its end')
  .describe('an absolute path on the host');

/** Permission bits as in chmod(1). YAML 1.2 reads a bare 0644 as the decimal number 644, hence the string. */
export const mode = z
  .string("expected permission bits in quotes, such as '0644': without quotes YAML reads a decimal number")
  .regex(/^0?[0-7]{3,4}$/, "expected permission bits in octal, such as '0644'")
  .transform((bits) => Number.parseInt(bits, 8))
  .describe("permission bits in octal and in quotes, such as '0644'");

/**
 * A unit with its type, as in systemd.unit(5); an instance of a template is allowed, a template itself isn't.
 */
export const unitName = z
  .string()
  .regex(
    /^[A-Za-z0-9:_.\\-]+(?:@[A-Za-z0-9:_.\\-]+)?\.(?:service|socket|timer|target|mount|path)$/,
    'expected the name of a unit with its type, such as haproxy.service',
  );

export const accountName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_.-]*\$?$/, 'expected the name of an account');

export const ownership = {
  mode: mode.optional(),
  user: accountName.optional().describe('owner, by name'),
  group: accountName.optional().describe('group, by name'),
};

/** A host name as in DNS; RFC 1123 section 2.1. */
export const hostname = z
  .string()
  .max(253)
  .regex(
    /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i,
    'expected a host name',
  );

/**
 * A word that xinetd, HAProxy and systemd files take literally: no blanks, quotes, backslashes, dollar signs,
 * `#` or `%`.
 */
export const plainWord = z
  .string()
  .regex(/^[^\s"'\\$#%\p{Cc}]+$/u, 'expected a word without blanks, quotes, backslashes and the signs $ # %');

/** An IP address without a zone: programs on another host know no interface of this one (RFC 4007). */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%');
}

/** An IP address, or a network such as 192.0.2.0/24. */
export const addressOrNetwork = z.string().refine((text) => {
  const [address = '', length, ...rest] = text.split('/');
  const family = isIP(address);
  if (!isAddress(address) || rest.length > 0) return false;
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128));
}, 'expected an IP address, or a network such as 192.0.2.0/24');

/** What a text format can hold; anything else can't be written unambiguously. */
export const scalar = z
  .union([z.string(), z.number(), z.boolean()], 'expected a text, a number, true or false')
  .transform(String);

/** Anything that YAML or JSON can hold. */
export const value: z.ZodType<Value> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(value), z.record(z.string(), value)]),
);

/** Only what was given, so that the rest is taken from what is there. */
export function attributesOf(parameters: {
  readonly mode?: number | undefined;
  readonly user?: string | undefined;
  readonly group?: string | undefined;
}): Attributes {
  const { mode: bits, user, group } = parameters;
  return {
    ...(bits === undefined ? {} : { mode: bits }),
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group }),
  };
}

/** A path's directory: a step that may have to create a file has to read it. */
export function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

/** All directories above a path, for a step that may have to create them. */
export function directoriesOf(path: string): readonly string[] {
  const directory = directoryOf(path);
  return directory === '/' ? [] : [...directoriesOf(directory), directory];
}
