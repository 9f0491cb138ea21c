import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, knownNamesHint, nearestName } from '../../src/document/nearest-name.ts';

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['restart', 'restart', 0],
    ['restrat', 'restart', 1],
    ['restar', 'restart', 1],
    ['restartt', 'restart', 1],
    ['restert', 'restart', 1],
    ['kitten', 'sitting', 3],
  ])('%s to %s is %i', (one, other, distance) => {
    expect(editDistance(one, other)).toBe(distance);
  });

  it('is the same both ways, and nothing only between equals', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (one, other) => {
        expect(editDistance(one, other)).toBe(editDistance(other, one));
        expect(editDistance(one, other) === 0).toBe(one === other);
      }),
    );
  });
});

describe('nearestName', () => {
  it('takes the nearest, whatever the case', () => {
    expect(nearestName('Hostnam', ['host', 'hostname', 'hosts'])).toBe('hostname');
  });

  it('takes none that is too far away', () => {
    expect(nearestName('colour', ['name', 'address'])).toBeUndefined();
    expect(nearestName('x', ['ab'])).toBeUndefined();
  });
});

it('knownNamesHint lists what there is where nothing is near', () => {
  expect(knownNamesHint('colour', ['name', 'address'])).toBe('use one of: name, address');
  expect(knownNamesHint('colour', [])).toBe('remove it: no names are defined here');
});
