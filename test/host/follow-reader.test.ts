import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FollowReader } from '../../src/host/follow-reader.ts';
import { RunLog } from '../../src/host/run-log.ts';

const nonce = '0123456789abcdef0123456789abcdef';

function read(chunks: readonly Buffer[]): { lines: string[]; end: string | undefined } {
  const lines: string[] = [];
  const reader = new FollowReader(nonce, (line) => lines.push(line));
  for (const chunk of chunks) reader.take(chunk);
  return { lines, end: reader.end };
}

/** The same bytes in pieces of any size. */
function pieces(bytes: Buffer, sizes: readonly number[]): readonly Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    parts.push(bytes.subarray(at, at + size));
    at += size;
  }
  return parts;
}

describe('what follow.sh prints', () => {
  test('comes to the same however it is cut, also within a character', () => {
    const text = `noise ${nonce} begin\nstate\u001fopen\nhändler\u001fé\nalive\n${nonce} end committed\nlater\n`;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sizes) => {
        expect(read(pieces(Buffer.from(text), sizes))).toEqual({
          lines: ['state\u001fopen', 'händler\u001fé'],
          end: 'committed',
        });
      }),
    );
  });

  test('is none without the nonce, whatever it looks like', () => {
    const other = 'f'.repeat(32);
    const text = `${other} begin\n${other} end committed\nclusterproxy ${other} 1 1\n begin\n end reverted\n`;
    expect(read([Buffer.from(text)])).toEqual({ lines: [], end: undefined });
  });

  test('the first end counts', () => {
    const text = `${nonce} begin\n${nonce} end reverted\n${nonce} end committed\n`;
    expect(read([Buffer.from(text)]).end).toBe('reverted');
  });

  test('a line without end is cut, and what follows it is read', () => {
    const flood = Array.from({ length: 2_000 }, () => Buffer.alloc(32_768, 'x'));
    const { lines, end } = read([
      Buffer.from(`${nonce} begin\nwarning\u001f`),
      ...flood,
      Buffer.from(`\n${nonce} end stuck\n`),
    ]);
    expect(lines.map((line) => line.length)).toEqual([256 * 1024]);
    expect(end).toBe('stuck');
  });
});

test('a log keeps no more than can be read', () => {
  const log = new RunLog();
  for (let line = 0; line < 20_000; line++) log.add(`warning\u001fnumber ${line}`);
  expect(log.warnings).toHaveLength(1_000);
  expect(log.lines).toBe(20_000);
});

test('a time that is none is not counted with', () => {
  const log = new RunLog();
  log.add('state\u001frunning\u001f1795592737');
  log.add(`state\u001fcommitted\u001f${'9'.repeat(400)}`);
  expect([log.begunAt, log.stateSince]).toEqual([1795592737, 1795592737]);
});
