/** A cookie as a server sets it (RFC 6265, 5.2): attributes by their names in lower case. */
export interface SetCookie {
  readonly value: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The cookies in headers Set-Cookie that were joined by `, `, each with its attributes. */
export function cookiesIn(header: string | undefined): readonly string[] {
  // A date in `Expires` has a comma as well, but no `=` after it before the next semicolon.
  return (header ?? '').split(/, (?=[^;,=\s]+=)/).filter((cookie) => cookie !== '');
}

/** The last cookie of that name in such headers; undefined if it isn't set. */
export function cookieSet(header: string | undefined, wanted: string): SetCookie | undefined {
  return cookiesIn(header)
    .flatMap((cookie): readonly SetCookie[] => {
      const [pair = '', ...rest] = cookie.split(';').map((part) => part.trim());
      const [name, value] = halves(pair);
      if (name !== wanted) return [];
      const attributes = rest.map(halves).map(([key, said]) => [key.toLowerCase(), said] as const);
      return [{ value, attributes: Object.fromEntries(attributes) }];
    })
    .at(-1);
}

/** Why a browser that asked this host drops the cookie, or won't send it; undefined if it keeps it. */
export function droppedBecause({ attributes }: SetCookie, hostname: string): string | undefined {
  const domain = attributes.domain?.replace(/^\./, '').toLowerCase() ?? '';
  const host = hostname.toLowerCase();
  if (domain !== '' && host !== domain && !host.endsWith(`.${domain}`)) return `it is for ${domain}`;
  const isSecure = Object.hasOwn(attributes, 'secure');
  if (attributes.samesite?.toLowerCase() === 'none' && !isSecure)
    return 'it has SameSite=None without Secure';
  return undefined;
}

function halves(pair: string): readonly [string, string] {
  const at = pair.indexOf('=');
  return at < 0 ? [pair, ''] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
}
