import { decode } from '../formats/decode.ts';
import type { Change, ConcealedTexts } from '../model/change.ts';
import type { FirstTouch } from '../model/ledger.ts';
import type { PathState } from '../model/snapshot.ts';
import { SecretRegister } from './register.ts';

/** One of the managed things at a change's path. */
export interface ManagedValue {
  /** it is the whole file */
  readonly whole: boolean;
  /** an earlier run wrote a secret from the inventory into it */
  readonly wasSecret: boolean;
  /** its value before and after the change; called only if there is a secret */
  values(): readonly FirstTouch[];
}

/**
 * What may be shown of a change that touches a secret of the inventory: nothing of a file that is new or
 * managed as a whole, and the lines without the secrets of any other file. The previous value of a secret's
 * key is hidden as well, since it is most likely the former secret. Undefined if the change touches no
 * secret.
 */
export function concealedTexts(
  { before, after }: Change,
  managed: readonly ManagedValue[],
  secrets: SecretRegister,
): ConcealedTexts | undefined {
  const [old, young] = [textOf(before), textOf(after)];
  const holds = [old, young].some((text) => text !== undefined && secrets.isIn(text));
  if (!holds && !managed.some(({ wasSecret }) => wasSecret)) return undefined;
  const writingsOf = (register: SecretRegister) => register.writingsIn([old ?? '', young ?? '']);
  const isOurs = managed.some(({ whole }) => whole);
  if (isOurs || old === undefined || young === undefined)
    return { shown: 'nothing', writings: writingsOf(secrets) };
  const former = formerSecrets(managed, secrets);
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

/** What is, or was, in the place of a secret. */
function formerSecrets(managed: readonly ManagedValue[], secrets: SecretRegister): SecretRegister {
  const former = new SecretRegister();
  for (const { wasSecret, values: read } of managed) {
    const values = read();
    if (!wasSecret && !values.some((value) => secrets.isIn(JSON.stringify(value)))) continue;
    const held = values.flatMap((value) => (value.kind === 'value' ? likelySecrets(value.value) : []));
    for (const text of held) former.add(text);
  }
  return former;
}

/** Texts within a value that could be a secret; anything shorter could just as well be a setting. */
function likelySecrets(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.length < 4 ? [] : [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(likelySecrets) : [];
}

function textOf(state: PathState): string | undefined {
  return state.kind === 'file' ? decode(state.content).text : undefined;
}
