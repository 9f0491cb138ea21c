import { z } from 'zod';

const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** What a fact or a variable must be: a value, or one of several. */
export const wantedValue = z.union([scalar, z.array(scalar).min(1)]);

/** When something applies to a host. */
export const conditionSchema = z.record(z.string(), wantedValue).meta({
  description:
    'vars.NAME, facts.NAME, recipe.name, host.NAME or cluster.virtual_address_by to a value or a list; all must hold',
});
