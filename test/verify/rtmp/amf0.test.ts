import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Amf0Error, type Amf0Value, decodeAmf0, encodeAmf0 } from '../../../src/verify/rtmp/amf0.ts';

const bytes = (hex: string) => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');

describe('AMF 0', () => {
  it.each<[what: string, hex: string, value: Amf0Value]>([
    ['a number', '00 3ff0000000000000', 1],
    ['a boolean', '01 01', true],
    ['a text', '02 0003 666f6f', 'foo'],
    ['an object', '03 0001 61 02 0001 62 0000 09', new Map([['a', 'b']])],
    ['null', '05', null],
    ['nothing', '06', undefined],
    ['an array', '0a 00000002 05 01 00', [null, false]],
  ])('has %s in these bytes', (_, hex, value) => {
    expect(decodeAmf0(bytes(hex))).toEqual([value]);
    expect(encodeAmf0([value])).toEqual(bytes(hex));
  });

  it.each<[what: string, hex: string, value: Amf0Value]>([
    [
      'an array with names, of which the count is a hint',
      '08 000000ff 0001 61 05 0000 09',
      new Map([['a', null]]),
    ],
    ['a date with a time zone that is 0', '0b 4270000000000000 0000', 2 ** 40],
    ['a long text', '0c 00000003 666f6f', 'foo'],
    [
      'a name that every object of JavaScript has',
      '03 0009 5f5f70726f746f5f5f 05 0000 09',
      new Map([['__proto__', null]]),
    ],
  ])('is read only: %s', (_, hex, value) => {
    expect(decodeAmf0(bytes(hex))).toEqual([value]);
  });

  it.each([
    ['a type that nobody has', '0d'],
    ['a text that is longer than its message', '02 0009 61'],
    ['an object without an end', '03 0001 61 05'],
    ['an array that says that it has 4 billion values', '0a ffffffff 05'],
    ['objects in objects', '03 0001 61'.repeat(200)],
  ])('refuses %s', (_, hex) => {
    expect(() => decodeAmf0(bytes(hex))).toThrow(Amf0Error);
  });

  const { value } = fc.letrec<{ value: Amf0Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom(null, undefined, true, false),
      fc.double({ noNaN: true }),
      fc.string({ unit: 'grapheme' }),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
    ),
  }));

  it('reads what it has written', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 4 }), (values) => {
        expect(decodeAmf0(encodeAmf0(values))).toEqual(values);
      }),
    );
  });

  it('takes any bytes, or refuses them by its own error', () => {
    const likely = fc.array(fc.oneof(fc.constantFrom(0, 1, 2, 3, 5, 8, 9, 10, 11, 12), fc.nat(255)));
    fc.assert(
      fc.property(likely, (some) => {
        try {
          decodeAmf0(Buffer.from(some));
        } catch (error) {
          expect(error).toBeInstanceOf(Amf0Error);
        }
      }),
    );
  });
});
