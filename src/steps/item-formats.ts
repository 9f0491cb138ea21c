import { formats } from '../formats/registry.ts';
import type { ItemFormats } from '../virtual/managed.ts';
import type { LoadedPlaybook } from './loaded-playbook.ts';
import { stepModules } from './registry.ts';

/** The formats of files, and those that a playbook's step modules provide. */
export function itemFormatsOf({ modules }: Pick<LoadedPlaybook, 'modules'>): ItemFormats {
  const brought = [...modules.values()].flatMap(({ itemFormats = [] }) => itemFormats);
  return new Map([...Object.values(formats), ...brought].map((format) => [format.name, format] as const));
}

/** Those of the step modules that come with clusterproxy. */
export const builtInItemFormats: ItemFormats = itemFormatsOf({ modules: stepModules });
