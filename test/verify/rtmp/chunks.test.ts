import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkReader, chunksOf, RtmpError, type RtmpMessage } from '../../../src/verify/rtmp/chunks.ts';

const bytes = (hex: string) => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');
const read = (all: Buffer) => new ChunkReader().push(all);

/** A chunk of format 0 without an extended timestamp. */
const first = (
  id: number,
  { type, stream = 0, length }: { type: number; stream?: number; length: number },
) => {
  const header = Buffer.alloc(12);
  header.writeUInt8(id, 0);
  header.writeUIntBE(length, 4, 3);
  header.writeUInt8(type, 7);
  header.writeUInt32LE(stream, 8);
  return header;
};

describe('the chunks of RTMP', () => {
  it('are those of the specification: 5.3.2.1, audio in the shortest form', () => {
    const payload = Buffer.alloc(32, 7);
    const chunks = [
      ...[bytes('03 0003e8 000020 08 39300000'), payload],
      ...[bytes('83 000014'), payload],
      ...[bytes('c3'), payload],
      ...[bytes('c3'), payload],
    ];
    expect(read(Buffer.concat(chunks))).toEqual(
      Array.from({ length: 4 }, () => ({ type: 8, stream: 12345, payload })),
    );
  });

  it('are those of the specification: 5.3.2.2, a message in three chunks', () => {
    const payload = Buffer.from(Array.from({ length: 307 }, (_, index) => index % 256));
    const chunks = [
      ...[bytes('04 0003e8 000133 09 3a300000'), payload.subarray(0, 128)],
      ...[bytes('c4'), payload.subarray(128, 256)],
      ...[bytes('c4'), payload.subarray(256)],
    ];
    expect(read(Buffer.concat(chunks))).toEqual([{ type: 9, stream: 12346, payload }]);
  });

  it('have longer numbers for more streams (5.3.1.1), and longer times (5.3.1.3)', () => {
    const message = { type: 20, stream: 1, payload: Buffer.of(5) };
    const rest = '000000 000001 14 01000000 05';
    expect(read(bytes(`00 00 ${rest}`))).toEqual([message]);
    expect(read(bytes(`01 ff ff ${rest}`))).toEqual([message]);
    expect(read(bytes('03 ffffff 000001 14 01000000 01000000 05 c3 01000000 05'))).toEqual([
      message,
      message,
    ]);
  });

  it('get longer when the server says so, and a message may be given up', () => {
    const size = Buffer.concat([first(2, { type: 1, length: 4 }), bytes('00001000')]);
    const half = Buffer.concat([first(5, { type: 20, length: 300 }), Buffer.alloc(128, 1)]);
    const abort = Buffer.concat([first(2, { type: 2, length: 4 }), bytes('00000005')]);
    const long = Buffer.concat([first(5, { type: 20, length: 300 }), Buffer.alloc(300, 2)]);
    expect(read(Buffer.concat([half, abort, size, long]))).toEqual([
      { type: 20, stream: 0, payload: Buffer.alloc(300, 2) },
    ]);
  });

  it.each([
    ['one that refers to a chunk that was never sent', bytes('c3')],
    ['a message of 16 MB', first(3, { type: 20, length: 0xffffff })],
    ['chunks of no bytes', Buffer.concat([first(2, { type: 1, length: 4 }), bytes('00000000')])],
    ['a size in two bytes', Buffer.concat([first(2, { type: 1, length: 2 }), bytes('0001')])],
    [
      'more streams than anybody uses',
      Buffer.concat(
        Array.from({ length: 65 }, (_, id) =>
          Buffer.concat([Buffer.of(0, id), first(0, { type: 20, length: 1 }).subarray(1), Buffer.of(5)]),
        ),
      ),
    ],
    ['more than anybody asked for', Buffer.alloc(1024 * 1024 + 1)],
  ])('are refused: %s', (_, some) => {
    expect(() => read(some)).toThrow(RtmpError);
  });

  const message: fc.Arbitrary<RtmpMessage> = fc.record({
    type: fc.integer({ min: 3, max: 22 }),
    stream: fc.nat(0xffffffff),
    payload: fc.uint8Array({ minLength: 1, maxLength: 600 }).map((some) => Buffer.from(some)),
  });

  it('give the messages that were written, in whatever parts they arrive', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 300 })),
        (messages, cuts) => {
          const all = Buffer.concat(messages.map(chunksOf));
          const reader = new ChunkReader();
          const found: RtmpMessage[] = [];
          let start = 0;
          for (const cut of [...cuts, all.length]) {
            found.push(...reader.push(all.subarray(start, start + cut)));
            start += cut;
          }
          expect(found).toEqual(messages);
        },
      ),
    );
  });

  it('may be any bytes: they are refused by an error of their own, or wait for more', () => {
    const likely = fc.array(fc.oneof(fc.constantFrom(0, 1, 2, 3, 0x43, 0x83, 0xc3, 20), fc.nat(255)), {
      maxLength: 2000,
    });
    fc.assert(
      fc.property(likely, (some) => {
        try {
          read(Buffer.from(some));
        } catch (error) {
          expect(error).toBeInstanceOf(RtmpError);
        }
      }),
    );
  });
});
