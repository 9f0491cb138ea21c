import { removeManagedBlock } from '../../formats/managed-blocks.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { type Dialect, nodeBlocks } from './dialect.ts';
import type { RelayParameters } from './parameters.ts';

/**
 * What becomes of the blocks of nodes that aren't in the list: they stay, unless they are pruned. Says so of
 * each, and where it is likely to be a node of the list under a former name.
 */
export function pruneOthers(
  host: StepHost,
  { nodes, prune }: Pick<RelayParameters, 'nodes' | 'prune'>,
  text: string,
  dialect: Pick<Dialect, 'leadsTo' | 'prefix'>,
): string {
  const blocks = nodeBlocks(text, dialect);
  const listed = new Set(nodes.map(({ name }) => name));
  const others = [...blocks.keys()].filter((name) => !listed.has(name));
  const serversOf = (name: string) => dialect.leadsTo(blocks.get(name) ?? '');
  let after = text;
  for (const name of others) {
    const now = nodes.find((one) => serversOf(one.name).some((to) => serversOf(name).includes(to)));
    const renamed =
      now === undefined
        ? ''
        : `; they lead where those of ${now.name} do, so it may be ${now.name}'s former name`;
    if (typeof prune === 'boolean' ? prune : prune.includes(name)) {
      after = removeManagedBlock(after, `${dialect.prefix ?? ''}${name}`);
      host.drop(`the locations of ${name}`);
      host.warn(
        `the locations of ${name} are removed, as it isn't in the inventory: people whose page was loaded through them are cut off${renamed}`,
      );
    } else {
      host.warn(
        `${name} isn't in the inventory; its locations stay until it is retired or --prune is given${renamed}`,
      );
    }
  }
  return after;
}
