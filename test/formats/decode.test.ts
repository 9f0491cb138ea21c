import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decode } from '../../src/formats/decode.ts';
import { FormatError } from '../../src/formats/format-error.ts';
import { anyText, runs } from '../support/random.ts';

it('any bytes survive', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        anyText().map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        const { text, encode } = decode(bytes);
        expect(encode(text).equals(bytes)).toBe(true);
      },
    ),
    runs(1000),
  );
});

it('a byte order mark stays in the text', () => {
  expect(decode(Buffer.from('\uFEFFa')).text).toBe('\uFEFFa');
});

it('what the encoding has no character for is refused', () => {
  expect(
    decode(Buffer.from([0xff]))
      .encode('ÿü')
      .toString('latin1'),
  ).toBe('ÿü');
  expect(() => decode(Buffer.from([0xff])).encode('€')).toThrow(FormatError);
  expect(() => decode(Buffer.from('a')).encode('\ud800')).toThrow(FormatError);
});
