import type { Value } from '../formats/keyed-format.ts';

/**
 * A map from `vars.NAME`, `facts.NAME`, `recipe.name`, `host.NAME` or `cluster.virtual_address_by` to the
 * values that it may have; all must hold. An empty map always holds.
 */
export type Condition = Readonly<Record<string, readonly Value[]>>;

/** A program in sh beside the playbook. */
export interface OwnProgram {
  readonly file: string;
  readonly text: string;
}
