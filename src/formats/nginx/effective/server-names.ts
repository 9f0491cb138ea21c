/** How a name was found among the names of server blocks. */
export type MatchedBy = 'name' | 'wildcard' | 'regular expression';

export interface NamedServer<Server> {
  readonly server: Server;
  /** as written; without any, nginx takes `""` */
  readonly names: readonly string[];
}

export interface Match<Server> {
  readonly server: Server;
  readonly by: MatchedBy;
  /** the name, as written in that server block */
  readonly name: string;
}

/** Two server blocks on one address have a name; nginx warns of that and ignores the later one. */
export interface Conflict<Server> {
  /** as written in the later one */
  readonly name: string;
  /** the server block that nginx goes by; undefined if it goes by none */
  readonly kept: Server | undefined;
  readonly ignored: Server;
}

/**
 * The names of the server blocks that share an address, as nginx compares them: an exact name first, then the
 * longest wildcard at the beginning (`*.example.com`, `.example.com`), the longest wildcard at the end
 * (`www.example.*`), and the first regular expression. Sources: ngx_http_server_names in ngx_http.c,
 * ngx_hash_add_key and ngx_hash_find_combined in ngx_hash.c, ngx_http_find_virtual_server.
 */
export class ServerNames<Server> {
  readonly conflicts: readonly Conflict<Server>[];
  /** undefined: the name of a wildcard that begins with a dot, kept away from others */
  readonly #exact = new Map<string, Match<Server> | undefined>();
  /** by what follows the first dot; `.example.com` stands for `example.com` as well */
  readonly #heads = new Map<string, { readonly match: Match<Server>; readonly itself: boolean }>();
  readonly #tails = new Map<string, Match<Server>>();
  readonly #patterns: { readonly expression: RegExp | undefined; readonly match: Match<Server> }[] = [];

  /** `hostname` is what the host calls itself, for the name `$hostname`. */
  constructor(servers: readonly NamedServer<Server>[], hostname = '') {
    const conflicts: Conflict<Server>[] = [];
    for (const { server, names } of servers) {
      for (const written of names.length === 0 ? [''] : names) {
        const name = (/^\$hostname$/i.test(written) ? hostname : written).toLowerCase();
        const other = this.#add({ server, by: 'name', name: written }, name);
        if (other !== undefined) conflicts.push({ name: written, kept: other.kept, ignored: server });
      }
    }
    this.conflicts = conflicts;
  }

  /**
   * The server block that has the name; undefined if none has, so that the default of the address answers. A
   * regular expression that can't be tried here counts as one that matches.
   */
  find(host: string): Match<Server> | undefined {
    const name = host.toLowerCase().replace(/\.$/, '');
    const exact = this.#exact.get(name);
    if (exact !== undefined) return exact;
    const labels = name.split('.');
    for (const [start] of labels.entries()) {
      const head = this.#heads.get(labels.slice(start).join('.'));
      if (head !== undefined && (start > 0 || head.itself)) return head.match;
    }
    for (let count = labels.length - 1; count > 0; count--) {
      const tail = this.#tails.get(labels.slice(0, count).join('.'));
      if (tail !== undefined) return tail;
    }
    return this.#patterns.find(({ expression }) => expression?.test(name) ?? true)?.match;
  }

  /** Undefined unless another server block has the name. */
  #add(match: Match<Server>, name: string): { readonly kept: Server | undefined } | undefined {
    if (name.startsWith('~')) {
      const expression = expressionOf(match.name.slice(1));
      this.#patterns.push({ expression, match: { ...match, by: 'regular expression' } });
      return undefined;
    }
    const wildcard: Match<Server> = { ...match, by: 'wildcard' };
    if (name.length > 1 && name.startsWith('.')) return this.#addDotted(wildcard, name.slice(1));
    if (name.length > 2 && name.startsWith('*.')) return this.#addHead(wildcard, name.slice(2), false);
    if (name.length > 2 && name.endsWith('.*')) return addTo(this.#tails, name.slice(0, -2), wildcard);
    if (this.#exact.has(name)) return { kept: this.#holderOf(name) };
    this.#exact.set(name, match);
    return undefined;
  }

  #addDotted(match: Match<Server>, rest: string): { readonly kept: Server | undefined } | undefined {
    if (this.#exact.has(rest)) return { kept: this.#holderOf(rest) };
    // nginx does so even where it ignores the wildcard next.
    this.#exact.set(rest, undefined);
    return this.#addHead(match, rest, true);
  }

  #addHead(match: Match<Server>, rest: string, itself: boolean) {
    const other = this.#heads.get(rest);
    if (other !== undefined) return { kept: other.match.server };
    this.#heads.set(rest, { match, itself });
    return undefined;
  }

  #holderOf(name: string): Server | undefined {
    const head = this.#heads.get(name);
    return this.#exact.get(name)?.server ?? (head?.itself === true ? head.match.server : undefined);
  }
}

function addTo<Server>(map: Map<string, Match<Server>>, key: string, match: Match<Server>) {
  const other = map.get(key);
  if (other !== undefined) return { kept: other.server };
  map.set(key, match);
  return undefined;
}

/**
 * A regular expression of PCRE's, as far as it means the same here; undefined if it can't be tried. nginx
 * compares regardless of case if it has a capital letter. Source: ngx_http_core_server_name.
 */
function expressionOf(pattern: string): RegExp | undefined {
  const caseless = /[A-Z]/.test(pattern) || pattern.startsWith('(?i)');
  const source = pattern.replace(/^\(\?i\)/, '').replaceAll('(?P<', '(?<');
  try {
    return new RegExp(source, caseless ? 'i' : '');
  } catch {
    return undefined;
  }
}
