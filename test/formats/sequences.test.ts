import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeyedFormat, Value } from '../../src/formats/keyed-format.ts';
import { runs } from '../support/random.ts';
import { fileOf, soundFiles } from './sound-files.ts';

type Operation = { readonly key: readonly string[]; readonly value: Value | undefined };

function perform(format: KeyedFormat, text: string, { key, value }: Operation): string {
  return value === undefined ? format.remove(text, key) : format.set(text, key, value);
}

describe.each(soundFiles.map((one, i) => [`${i + 1}. ${one.format.name}`, one] as const))(
  '%s',
  (_, sequences) => {
    const { format, keys, values } = sequences;
    const key = fc.constantFrom(...keys);
    const operation = fc.record<Operation>({
      key,
      value: fc.oneof(fc.constant(undefined), fc.constantFrom(...values)),
    });

    it('does what is asked of a sound file in any order, whatever its end, and nothing else', () => {
      fc.assert(
        fc.property(
          fileOf(sequences),
          fc.array(operation, { minLength: 1, maxLength: 6 }),
          (text, operations) => {
            const expected = new Map(keys.map((one) => [one, format.get(text, one)]));
            let now = text;
            for (const one of operations) {
              now = perform(format, now, one);
              expected.set(one.key, one.value);
              for (const [path, value] of expected) {
                const wanted = typeof value === 'number' && !typed.has(format.name) ? String(value) : value;
                expect([now, path, format.get(now, path)]).toEqual([now, path, wanted]);
              }
            }
          },
        ),
        runs(2000, 200),
      );
    });

    it('gives the same bytes back for what it was given, in any order', () => {
      fc.assert(
        fc.property(
          fileOf(sequences),
          fc.shuffledSubarray([...keys], { minLength: 1 }),
          fc.constantFrom(...values),
          fc.infiniteStream(fc.nat()),
          (text, chosen, value, random) => {
            const absent = chosen.filter((one) => format.get(text, one) === undefined);
            const order = [...absent].sort(() => (random.next().value % 2 === 0 ? 1 : -1));
            const set = absent.reduce((now, one) => format.set(now, one, value), text);
            const back = order.reduce((now, one) => format.remove(now, one), set);
            expect([text, set, plainEnd(back)]).toEqual([text, set, plainEnd(text)]);
          },
        ),
        runs(2000, 200),
      );
    });
  },
);

/** Formats that tell 7 from '7'. */
const typed = new Set(['yaml', 'json']);

/** The text but for the line end that it may have got where it had none. */
function plainEnd(text: string): string {
  return text.replace(/(?:\r\n|\n)$/, '');
}
