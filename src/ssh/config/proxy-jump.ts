import { OperatorError } from '../../model/operator-error.ts';

/** One host of ProxyJump as written: what is missing comes from that host's own configuration. */
export interface Hop {
  readonly name: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
}

/**
 * Parses ProxyJump of ssh_config(5): `[user@]host[:port]` or `ssh://[user@]host[:port]`, separated by commas,
 * in order from this machine to the host; `none` means no hop. Throws an OperatorError `proxy-jump-invalid`.
 */
export function parseProxyJump(text: string): readonly Hop[] {
  if (text.trim().toLowerCase() === 'none') return [];
  return text.split(',').map((part) => parseHop(part.trim(), text));
}

/** Whether parseProxyJump accepts it. */
export function isProxyJump(text: string): boolean {
  try {
    parseProxyJump(text);
    return true;
  } catch {
    return false;
  }
}

function parseHop(part: string, whole: string): Hop {
  const match = /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:@[\]/\s]+))(?::(\d{1,5}))?\/?$/.exec(part);
  const name = match?.[2] ?? match?.[3];
  const port = match?.[4] === undefined ? undefined : Number(match[4]);
  if (name === undefined || name.startsWith('-') || port === 0 || (port ?? 0) > 65_535) {
    throw new OperatorError({
      code: 'proxy-jump-invalid',
      message: `'${whole}' is not a valid list of jump hosts`,
      next: 'write them as `user@host:port`, separated by commas, in order from this machine to the host; put IPv6 addresses in brackets',
    });
  }
  return { name, user: match?.[1], port };
}
