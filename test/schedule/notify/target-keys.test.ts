import { expect, it } from 'vitest';
import { type KnownTarget, keysFor } from '../../../src/schedule/notify/target-keys.ts';

type Unkeyed = Omit<KnownTarget, 'key'>;
const hook = (print: string, name?: string): Unkeyed => ({ kind: 'webhook', print, name });
const mail = (print: string): Unkeyed => ({ kind: 'mail', print });
const before = [hook('a'), mail('m'), hook('b'), hook('c', 'chat')];
const former = before.map((one, index) => ({ ...one, key: keysFor([], before)[index] as string }));

it('each has a key of its own, also where two are alike', () => {
  expect(keysFor([], [hook('a'), hook('a'), mail('m')])).toEqual(['webhook-1', 'webhook-2', 'mail-1']);
  expect(former.map(({ key }) => key)).toEqual(['webhook-1', 'mail-1', 'webhook-2', 'webhook-3']);
});

it.each<[string, readonly Unkeyed[], readonly string[]]>([
  ['as it was', before, ['webhook-1', 'mail-1', 'webhook-2', 'webhook-3']],
  [
    'in another order',
    [hook('b'), hook('c', 'chat'), hook('a'), mail('m')],
    ['webhook-2', 'webhook-3', 'webhook-1', 'mail-1'],
  ],
  [
    'one was corrected',
    [hook('x'), mail('m'), hook('b'), hook('c', 'chat')],
    ['webhook-1', 'mail-1', 'webhook-2', 'webhook-3'],
  ],
  [
    'a named one was corrected and moved',
    [hook('y', 'chat'), hook('a'), hook('b')],
    ['webhook-3', 'webhook-1', 'webhook-2'],
  ],
  ['one was taken out', [hook('b'), hook('c', 'chat')], ['webhook-2', 'webhook-3']],
  ['one was given a name', [hook('a', 'pager')], ['webhook-1']],
  ['a name of somebody else', [hook('z', 'other')], ['webhook-1']],
  ['of another kind', [{ kind: 'command', print: 'a' }], ['webhook-1']],
  [
    'one was added before',
    [hook('n'), ...before],
    ['webhook-4', 'webhook-1', 'mail-1', 'webhook-2', 'webhook-3'],
  ],
])('%s', (_, now, keys) => {
  expect(keysFor(former, now)).toEqual(keys);
});
