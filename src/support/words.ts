import { isIP } from 'node:net';
import type { Inventory } from '../inventory/inventory.ts';
import { unitOfPath } from '../model/snapshot.ts';
import { type PlaceholderKind, Placeholders } from './placeholders.ts';
import type { Vocabulary } from './vocabulary.ts';

/**
 * The only source of texts for a bundle besides src/support/closed-lists.ts: a text is either a word of the
 * vocabulary, or a placeholder takes its place.
 */
export class Words {
  readonly vocabulary: Vocabulary;
  readonly #placeholders = new Placeholders();

  constructor(vocabulary: Vocabulary, inventory: Inventory | undefined) {
    this.vocabulary = vocabulary;
    if (inventory !== undefined) this.#learn(inventory);
  }

  /** A host of the inventory, by its name. */
  host(name: string): string {
    return this.#placeholders.of('host', name);
  }

  /** An id or a name, such as that of a step. */
  name(text: string, kind: PlaceholderKind = 'word'): string {
    return this.vocabulary.names.has(text) ? text : this.#placeholders.of(kind, text);
  }

  /** Somebody or something that no playbook knows: it always gets a placeholder. */
  unknown(kind: PlaceholderKind, text: string): string {
    return this.#placeholders.of(kind, text);
  }

  /** The name of a host anywhere, or an address. Addresses of the machine itself stay. */
  server(text: string): string {
    const bare = text.replace(/^\[(.*)\]$/, '$1');
    if (['127.0.0.1', '::1', 'localhost', '0.0.0.0', '::', '*', '_'].includes(bare)) return bare;
    return this.#placeholders.of(isIP(bare) === 0 ? 'name' : 'address', bare);
  }

  /** A path, part by part; `unit:NAME` is a unit. */
  path(text: string): string {
    const unit = unitOfPath(text);
    if (unit !== undefined) return this.name(unit);
    return text
      .split('/')
      .map((segment) => this.#segment(segment))
      .join('/');
  }

  /** A key in a file, part by part. */
  key(parts: readonly string[]): readonly string[] {
    return parts.map((part) => {
      const known = this.#placeholders.find(part);
      if (known !== undefined) return known;
      if (this.vocabulary.keys.has(part)) return part;
      return part.includes('/') ? this.path(part) : this.#placeholders.of('key', part);
    });
  }

  #segment(segment: string): string {
    if (segment === '' || segment === '*') return segment;
    const known = this.#placeholders.find(segment);
    if (known !== undefined) return known;
    if (this.vocabulary.segments.has(segment)) return segment;
    const [, name = '', ending = ''] = /^(.+?)(\.[a-z]+(?:\.[a-z]+)?)$/.exec(segment) ?? [];
    const isEnding = fileEndings.has(ending);
    return isEnding
      ? `${this.#placeholders.of('name', name)}${ending}`
      : this.#placeholders.of('name', segment);
  }

  #learn({ cluster, hosts }: Inventory): void {
    const placeholders = this.#placeholders;
    for (const { name } of hosts) placeholders.of('host', name);
    placeholders.of('cluster', cluster.name);
    placeholders.set(cluster.hostname, 'cluster-1.example');
    if (cluster.virtualAddress !== undefined) this.server(cluster.virtualAddress.address);
    for (const { name, hostname, address, ssh } of hosts) {
      if (hostname !== undefined) placeholders.set(hostname, `${placeholders.of('host', name)}.example`);
      for (const one of [address, ssh.host]) this.server(one);
      if (ssh.user !== undefined) placeholders.of('user', ssh.user);
    }
  }
}

const fileEndings: ReadonlySet<string> = new Set([
  ...['.conf', '.nginx', '.yml', '.yaml', '.json', '.properties', '.cfg', '.env', '.service', '.socket'],
  ...['.timer', '.service.d', '.pem', '.key', '.crt', '.sh', '.site', '.example'],
]);
