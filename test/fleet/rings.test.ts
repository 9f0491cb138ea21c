import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inRings, parseRings, type Ring } from '../../src/fleet/rings.ts';

describe('rings', () => {
  it.each([
    ['rest', ['rest']],
    ['1,5,rest', [1, 5, 'rest']],
    [' 1, 2 ,rest', [1, 2, 'rest']],
  ] as const)('%s is understood', (text, found) => {
    expect(parseRings(text)).toEqual(found);
  });

  it.each(['', '1', '1,5', '0,rest', 'rest,1', '1,rest,rest', '1,,rest', '-1,rest', '1.5,rest', '1 5,rest'])(
    '%s is refused, since it does not say what becomes of all',
    (text) => {
      expect(parseRings(text)).toBeUndefined();
    },
  );

  it('hold each cluster once, in the given order, and as many as they may', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(), { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 5 }),
        (clusters, sizes) => {
          const rings = inRings(clusters, [...sizes, 'rest'] satisfies readonly Ring[]);
          expect(rings.flat()).toEqual(clusters);
          for (const [index, ring] of rings.entries()) {
            expect(ring.length).toBeGreaterThan(0);
            const size = sizes[index];
            if (size !== undefined) expect(ring.length).toBeLessThanOrEqual(size);
          }
        },
      ),
    );
  });
});
