import type { PlacedDirective } from './configuration.ts';

/** How far whoever sends a request chooses the machine that it is passed on to. */
export type Freedom =
  /** not at all */
  | 'fixed'
  /** among the names that a regular expression allows */
  | 'some'
  /** by any name or address */
  | 'any'
  /** it depends on a program, such as a variable of njs */
  | 'unknown';

/** What variables may hold: the server block's own directives, and those of the context around it. */
export interface Scope {
  readonly server: readonly PlacedDirective[];
  readonly shared: readonly PlacedDirective[];
  /** of the server block, as written */
  readonly names: readonly string[];
  /** it answers for names that it doesn't have */
  readonly isDefault: boolean;
}

/**
 * How freely a client chooses the machine of a `proxy_pass` and its like, by the variables in the part of its
 * address that names a machine. `around` is what encloses the directive, the outermost first. Sources: the
 * variables of ngx_http_core_module, ngx_http_map_module and ngx_http_rewrite_module.
 */
export function freedomOf(target: string, around: readonly PlacedDirective[], scope: Scope): Freedom {
  const address = target.replace(/^[a-z]+:\/\//i, '').replace(/^\$\{?scheme\}?:\/\//, '');
  return freedomOfText(machineOf(address, around, scope), { around, scope, seen: new Set() });
}

interface Search {
  readonly around: readonly PlacedDirective[];
  readonly scope: Scope;
  /** variables that are being looked up, since they may be set from each other */
  readonly seen: ReadonlySet<string>;
}

const variable = /\$(?:\{(\w+)\}|(\w+))/g;

/** Up to the path, which may begin by a variable that always begins with a slash. */
function machineOf(address: string, around: readonly PlacedDirective[], scope: Scope): string {
  const slash = address.search(/[/?]/);
  const machine = slash < 0 ? address : address.slice(0, slash);
  for (const match of machine.matchAll(variable)) {
    const name = match[1] ?? match[2] ?? '';
    // A target that is nothing but a variable holds the machine as well.
    if (match.index > 0 && beginsWithSlash(name, around, scope)) return machine.slice(0, match.index);
  }
  return machine;
}

function beginsWithSlash(name: string, around: readonly PlacedDirective[], scope: Scope): boolean {
  if (['uri', 'document_uri', 'request_uri'].includes(name)) return true;
  const groups = groupsOf(name, { around, scope, seen: new Set() });
  return groups.length > 0 && groups.every((group) => /^\\?\//.test(group));
}

function freedomOfText(text: string, search: Search): Freedom {
  const found = [...text.matchAll(variable)].map((match) =>
    freedomOfVariable(match[1] ?? match[2] ?? '', search),
  );
  return most(found);
}

const order: readonly Freedom[] = ['fixed', 'some', 'unknown', 'any'];

function most(all: readonly Freedom[]): Freedom {
  return all.reduce<Freedom>((sum, one) => (order.indexOf(one) > order.indexOf(sum) ? one : sum), 'fixed');
}

/** Sent by the client, byte for byte or nearly so. */
const sent =
  /^(?:(?:http|arg|cookie)_.*|args|query_string|uri|document_uri|request_uri|request|request_body|request_filename|remote_user|http_host|ssl_server_name|ssl_preread_.*|proxy_protocol_tlv_.*)$/;
/** Made by nginx itself, or by how the client has connected. */
const made =
  /^(?:scheme|server_(?:addr|name|port|protocol)|hostname|remote_(?:addr|port)|proxy_(?:host|port)|nginx_version|pid|https|binary_remote_addr|is_args|request_method|connection|msec|time_.*|request_id|realip_.*|ssl_(?:protocol|cipher|preread_protocol)|limit_.*|geoip.*|uid_.*)$/;

function freedomOfVariable(name: string, search: Search): Freedom {
  const { scope, seen } = search;
  if (seen.has(name)) return 'fixed';
  const inner: Search = { ...search, seen: new Set([...seen, name]) };
  const groups = groupsOf(name, search);
  if (groups.length > 0) return most(groups.map((group) => (allowsAnyName(group) ? 'any' : 'some')));
  if (/^\d+$/.test(name)) return 'any';
  const set = [...walk(scope.server)].filter(({ directive }) => isAbout(directive, 'set', name, 0));
  if (set.length > 0) {
    return most(set.map((one) => freedomOfText(one.directive.args[1]?.text ?? '', inner)));
  }
  const tables = scope.shared.filter(
    ({ directive }) =>
      isAbout(directive, 'map', name, 1) ||
      isAbout(directive, 'split_clients', name, 1) ||
      isGeo(directive, name),
  );
  if (tables.length > 0) return most(tables.map((table) => freedomOfTable(table, inner)));
  if (name === 'host') return hasOtherNames(scope) ? 'any' : 'fixed';
  if (made.test(name)) return 'fixed';
  return sent.test(name) ? 'any' : 'unknown';
}

type Named = PlacedDirective['directive'];

function isAbout({ name, args }: Named, kind: string, wanted: string, place: number): boolean {
  return name === kind && (args[place]?.text ?? '').replace(/[${}]/g, '') === wanted;
}

/** `geo [$address] $variable` */
function isGeo({ name, args }: Named, wanted: string): boolean {
  return name === 'geo' && args.at(-1)?.text === `$${wanted}`;
}

/** The values of a map; a key that is a regular expression may hand on what it has captured. */
function freedomOfTable({ within }: PlacedDirective, search: Search): Freedom {
  return most(
    within.map(({ directive }) => {
      const value = directive.args[0]?.text ?? '';
      const key = directive.name;
      if (!value.includes('$')) return 'fixed';
      const captured = [...value.matchAll(variable)].map((match) =>
        groupIn(key.replace(/^~\*?/, ''), match[1] ?? match[2] ?? ''),
      );
      if (key.startsWith('~') && captured.every((group) => group !== undefined)) {
        return most(captured.map((group) => (allowsAnyName(group ?? '') ? 'any' : 'some')));
      }
      return freedomOfText(value, search);
    }),
  );
}

/** nginx chooses the server block by the same header, so without other names it holds one of its names. */
function hasOtherNames({ names, isDefault }: Scope): boolean {
  return isDefault || names.length === 0 || names.some((name) => /[*~]|^\./.test(name));
}

/** The parts of regular expressions that a variable may have captured. */
function groupsOf(name: string, { around, scope }: Search): readonly string[] {
  const isNumber = /^\d+$/.test(name);
  const blocks = around.flatMap((one) => [
    one,
    ...one.within.filter(({ directive }) => directive.name === 'rewrite'),
  ]);
  const atServer = scope.server.filter(({ directive }) => directive.name === 'rewrite');
  const nearby = isNumber ? [...blocks, ...atServer] : [...walk(scope.server)];
  const patterns = [
    ...nearby.flatMap(({ directive }) => patternsIn(directive)),
    ...scope.names.filter((one) => one.startsWith('~')).map((one) => one.slice(1)),
    ...(isNumber
      ? []
      : scope.shared.flatMap(({ within }) =>
          within.map(({ directive }) => directive.name.replace(/^~\*?/, '')),
        )),
  ];
  return patterns.flatMap((pattern) => groupIn(pattern, name) ?? []);
}

function patternsIn({ name, args }: Named): readonly string[] {
  const [first = '', second] = args.map(({ text }) => text);
  if (name === 'rewrite') return [first];
  if (name === 'location') {
    if (second !== undefined) return first.startsWith('~') ? [second] : [];
    return first.startsWith('~') ? [first.replace(/^~\*?/, '')] : [];
  }
  if (name !== 'if') return [];
  const words = args.map(({ text }) => text);
  const at = words.findIndex((word) => /^!?~\*?$/.test(word));
  return at < 0
    ? []
    : [
        words
          .slice(at + 1)
          .join(' ')
          .replace(/\)$/, ''),
      ];
}

/** The group of that number or name; undefined where the pattern has none. */
function groupIn(pattern: string, wanted: string): string | undefined {
  const open: { readonly start: number; readonly keys: readonly string[] }[] = [];
  let number = 0;
  let isClass = false;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === '\\') at++;
    else if (isClass) isClass = character !== ']';
    else if (character === '[') isClass = true;
    else if (character === '(') {
      const special = /^\(\?(?:P?<(\w+)>|'(\w+)'|[^<P']|<[=!])/.exec(pattern.slice(at));
      const name = special?.[1] ?? special?.[2];
      const captures = special === null || name !== undefined;
      if (captures) number++;
      const start = at + (name === undefined ? 1 : (special?.[0].length ?? 1));
      open.push({ start, keys: captures ? [String(number), ...(name === undefined ? [] : [name])] : [] });
    } else if (character === ')') {
      const group = open.pop();
      if (group?.keys.includes(wanted)) return pattern.slice(group.start, at);
    }
  }
  return undefined;
}

/**
 * Whether names of any form match: with a dot, a negated class, or letters and digits in any number. What
 * allows a few letters at a fixed place, or digits, chooses among the names of a series.
 */
function allowsAnyName(group: string): boolean {
  const plain = group.replace(/\\[.\-/_]/g, 'x').replace(/\\d/g, '0');
  if (/\\[wWSDhHNRX]|\\p/.test(plain)) return true;
  if (/\[\^/.test(plain)) return true;
  if (/\[[^\]]*[a-z]-[a-z][^\]]*\](?:[*+]|\{\d*,)/i.test(plain)) return true;
  return /\./.test(plain.replace(/\[[^\]]*\]/g, ''));
}

/** A directive and everything within it. */
export function* walk(all: readonly PlacedDirective[]): Generator<PlacedDirective> {
  for (const one of all) {
    yield one;
    yield* walk(one.within);
  }
}
