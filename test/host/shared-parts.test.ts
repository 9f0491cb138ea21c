import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sharedContent, sharedText } from '../../src/host/shared-parts.ts';

it('equal contents are one buffer, which holds nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 6 })), (all) => {
      const shared = all.map((bytes) => sharedContent(Buffer.concat([Buffer.from('x'), bytes]).subarray(1)));
      for (const [index, bytes] of all.entries()) {
        const first = all.findIndex((other) => Buffer.from(other).equals(bytes));
        expect(shared[index]).toBe(shared[first]);
        expect(shared[index]).toEqual(Buffer.from(bytes));
        expect(shared[index]?.buffer.byteLength).toBe(bytes.length);
      }
    }),
  );
});

it('stays right for more contents and words than are kept', () => {
  const numbers = Array.from({ length: 40_000 }, (_, index) => `/etc/${index}/a-name-that-is-long`);
  for (const word of numbers) {
    expect(sharedText(word)).toBe(word);
    if (word.length % 10 === 0) expect(sharedContent(Buffer.from(word)).toString()).toBe(word);
  }
});
