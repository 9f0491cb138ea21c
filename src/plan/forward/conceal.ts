import { FormatError } from '../../formats/format-error.ts';
import type { Change } from '../../model/change.ts';
import type { FirstTouch } from '../../model/ledger.ts';
import type { PathState } from '../../model/snapshot.ts';
import { concealedTexts } from '../../secrets/concealed-texts.ts';
import type { SecretRegister } from '../../secrets/register.ts';
import { type ItemFormats, isWholePath, type Managed } from '../../virtual/managed.ts';
import { itemValue } from '../items.ts';

/** A managed thing on a host, and whether an earlier run wrote a secret from the inventory into it. */
export interface KnownItem extends Managed {
  readonly wasSecret: boolean;
}

/** The changes; each that touches a secret of the inventory gets what may be shown of it. */
export function concealChanges(
  changes: readonly Change[],
  items: readonly KnownItem[],
  { secrets, formats }: { readonly secrets: SecretRegister; readonly formats: ItemFormats },
): readonly Change[] {
  return changes.map((change) => {
    const managed = items
      .filter((item) => item.path === change.path)
      .map((item) => ({
        whole: isWholePath(item),
        wasSecret: item.wasSecret,
        values: () => [valueIn(item, change.before, formats), valueIn(item, change.after, formats)],
      }));
    const secret = concealedTexts(change, managed, secrets);
    return secret === undefined ? change : { ...change, secret };
  });
}

function valueIn(item: Managed, state: PathState, formats: ItemFormats): FirstTouch {
  try {
    return itemValue(item, state, formats);
  } catch (error) {
    if (error instanceof FormatError) return { kind: 'absent' };
    throw error;
  }
}
