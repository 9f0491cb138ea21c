import { decode } from '../../formats/decode.ts';
import { FormatError } from '../../formats/format-error.ts';
import type { Change, ConcealedTexts } from '../../model/change.ts';
import type { FirstTouch } from '../../model/ledger.ts';
import type { PathState } from '../../model/snapshot.ts';
import { SecretRegister } from '../../secrets/register.ts';
import type { Managed } from '../../virtual/step-host.ts';
import { itemValue } from '../items.ts';

/** A managed thing of a host, and whether an earlier run wrote a secret of the inventory into it. */
export interface KnownItem extends Managed {
  readonly wasSecret: boolean;
}

/**
 * The changes with those marked that touch a secret of the inventory: nothing is shown of a file that is ours as a whole
 * or new, and of other files the lines without the secrets. What a secret's key held before is hidden as well: most likely
 * it is the former secret.
 */
export function concealChanges(
  changes: readonly Change[],
  items: readonly KnownItem[],
  secrets: SecretRegister,
): readonly Change[] {
  return changes.map((change) => {
    const secret = concealedTexts(
      change,
      items.filter((item) => item.path === change.path),
      secrets,
    );
    return secret === undefined ? change : { ...change, secret };
  });
}

function concealedTexts(
  { before, after }: Change,
  items: readonly KnownItem[],
  secrets: SecretRegister,
): ConcealedTexts | undefined {
  const [old, young] = [textOf(before), textOf(after)];
  const holds = [old, young].some((text) => text !== undefined && secrets.isIn(text));
  if (!holds && !items.some(({ wasSecret }) => wasSecret)) return undefined;
  const writingsOf = (register: SecretRegister) => register.writingsIn([old ?? '', young ?? '']);
  const isOurs = items.some(({ format }) => format === 'file');
  if (isOurs || old === undefined || young === undefined)
    return { shown: 'nothing', writings: writingsOf(secrets) };
  const former = new SecretRegister();
  for (const item of items) {
    const values = [valueIn(item, before), valueIn(item, after)];
    if (!item.wasSecret && !values.some((value) => secrets.isIn(JSON.stringify(value)))) continue;
    const held = values.flatMap((value) => (value.kind === 'value' ? textsWithin(value.value) : []));
    for (const text of held) former.add(text);
  }
  const mask = (text: string) =>
    text
      .split('\n')
      .map((line) => former.mask(secrets.mask(line)))
      .join('\n');
  return {
    shown: 'masked',
    before: mask(old),
    after: mask(young),
    writings: [...writingsOf(secrets), ...writingsOf(former)],
  };
}

/** What a file with a secret in it lets others on the host read. */
export function exposureWarnings(changes: readonly Change[], secrets: SecretRegister): readonly string[] {
  return changes.flatMap(({ path, after }) => {
    if (after.kind !== 'file' || (after.mode & 0o004) === 0 || !secrets.isIn(textOf(after) ?? '')) return [];
    const mode = after.mode.toString(8).padStart(4, '0');
    return [
      `${path} gets a secret, and its mode ${mode} lets every user of the host read it: give the file a mode such as '0640' and the group of the service`,
    ];
  });
}

function textOf(state: PathState): string | undefined {
  return state.kind === 'file' ? decode(state.content).text : undefined;
}

function valueIn(item: Managed, state: PathState): FirstTouch {
  try {
    return itemValue(item, state);
  } catch (error) {
    if (error instanceof FormatError) return { kind: 'absent' };
    throw error;
  }
}

/** Texts that could be a former secret: not what could as well be a setting. */
function textsWithin(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.length < 4 ? [] : [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsWithin) : [];
}
