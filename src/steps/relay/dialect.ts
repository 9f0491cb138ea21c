import { managedBlocks } from '../../formats/managed-blocks.ts';
import type { Relay } from './relays.ts';

/** How a proxy's software says what it must do for nodes. */
export interface Dialect {
  /** what one node needs, as lines of its file */
  render(relays: readonly Relay[], node: string): string;
  /** the servers (`https://ADDRESS`) to which such lines pass requests on */
  leadsTo(block: string): readonly string[];
  /**
   * what becomes of lines that name a server whose name no longer resolves, as the end of a sentence about
   * them; '' where nothing does
   */
  readonly whenUnresolved: string;
  /** what the names of its blocks begin with, in a file that other clusters may use too; '' if left out */
  readonly prefix?: string | undefined;
  /** how blocks, from name to body, are set in the file; new ones are added at the end if left out */
  readonly setBlocks?: ((text: string, bodies: ReadonlyMap<string, string>) => string) | undefined;
}

/** The blocks of a cluster's nodes in a text, by the nodes' names. */
export function nodeBlocks(text: string, { prefix = '' }: Pick<Dialect, 'prefix'>): Map<string, string> {
  const own = [...managedBlocks(text)].filter(([name]) => name.startsWith(prefix));
  return new Map(own.map(([name, body]) => [name.slice(prefix.length), body]));
}
