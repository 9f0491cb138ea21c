import { z } from 'zod';
import type { Value } from '../../formats/keyed-format.ts';
import { value } from '../shared/parameters.ts';
import { fileOfKeys, type KeyedParameters, nestedLeaves } from './keyed.ts';

const map = z.record(z.string().min(1, 'a key needs a name'), value);

const key = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
  .transform((name) => (typeof name === 'string' ? name.split('.') : name))
  .describe('a.b.c, or a list of names if a name itself contains a dot');

/** Parameters of a step for a file of nested maps, such as YAML and JSON. */
export const nestedParameters: z.ZodType<KeyedParameters> = z
  .strictObject({
    ...fileOfKeys,
    set: map
      .default({})
      .describe('a map of values; each is set separately, so that everything beside it stays'),
    default: map.default({}).describe('the same, only for keys that are absent'),
    add: map.default({}).describe('lists: items to add to those that are already in the list'),
    remove: z.array(key).default([]).describe('keys to remove'),
  })
  .transform((wanted, context) => ({
    ...wanted,
    set: nestedLeaves(wanted.set),
    default: nestedLeaves(wanted.default),
    add: nestedLeaves(wanted.add).map((leaf) => ({
      key: leaf.key,
      items: listOf(leaf.key, leaf.value, context),
    })),
  }));

function listOf(name: readonly string[], items: Value, context: z.RefinementCtx): readonly Value[] {
  if (Array.isArray(items)) return items;
  context.addIssue({ code: 'custom', path: ['add', ...name], message: 'expected a list of items to add' });
  return [];
}
