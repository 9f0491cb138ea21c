import { z } from 'zod';
import { scalar } from '../shared/parameters.ts';
import { fileOfKeys, flatLeaves, type KeyedParameters } from './keyed.ts';

/** Parameters of a step for a file that maps `name` to text, without nesting and lists. */
export function flatParameters(name: z.ZodType<string>): z.ZodType<KeyedParameters> {
  const map = z.record(name, scalar);
  return z
    .strictObject({
      ...fileOfKeys,
      set: map.default({}).describe('keys and the values that they get'),
      default: map.default({}).describe('keys that get this value only if they are absent'),
      remove: z.array(name).default([]).describe('keys to remove'),
    })
    .transform((wanted) => ({
      ...wanted,
      set: flatLeaves(wanted.set),
      default: flatLeaves(wanted.default),
      add: [],
      remove: wanted.remove.map((key) => [key]),
    }));
}
