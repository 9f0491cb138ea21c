import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSnapshot, Unstable } from '../../src/host/snapshot-parser.ts';
import { OperatorError } from '../../src/model/operator-error.ts';
import { noReads } from '../../src/model/reads.ts';

const nonce = 'f00df00df00df00df00df00df00df00d';
const us = '\u001f';
const clock = { askedAt: 1_000_000_000_000, answeredAt: 1_000_000_000_100 };

/** What probe.sh prints for regular files with these contents. */
function answer(contents: readonly Buffer[]): Buffer {
  const stat = (mode: string, path: string, size: number) =>
    [mode, '644', size, 'root', 'root', path, `"${path}"`, '1000000000'].join(us);
  const section = (name: string, ...lines: string[]) => [`${nonce} ${name}`, ...lines, ''].join('\n');
  return Buffer.concat([
    Buffer.from(
      section('globs') +
        section('facts', `root${us}`, `machine-id${us}abc`) +
        section(
          'stat',
          stat('416d', '/proc/self/.', 0),
          ...contents.map((content, at) => stat('81a4', `/f${at}`, content.length)),
        ) +
        section('files', ...contents.map((content, at) => `content${us}/f${at}${us}${content.length}`)) +
        `${nonce} contents\n`,
    ),
    ...contents,
    Buffer.from(`\n${section('space')}${section('units')}${nonce} end\n`),
  ]);
}

const reads = (count: number) => ({ ...noReads, paths: Array.from({ length: count }, (_, at) => `/f${at}`) });
/** Bytes in which pieces of the protocol are likely, but for the nonce of this very probe. */
const content = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom('\n', us, ' end\n', ' contents\n', 'f00df00d', `\n${nonce.slice(1)} end\n`)
        .map((text) => Buffer.from(text)),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.concat(parts));

test('contents come out as they went in, whatever they hold and whatever stands before', () => {
  fc.assert(
    fc.property(fc.array(content, { maxLength: 5 }), fc.string(), (contents, noise) => {
      const output = Buffer.concat([Buffer.from(noise), answer(contents)]);
      const snapshot = parseSnapshot(output, { nonce, host: 'h', reads: reads(contents.length), clock });
      contents.forEach((expected, at) => {
        expect(snapshot.paths.get(`/f${at}`)).toEqual({
          kind: 'file',
          content: expected,
          mode: 0o644,
          user: 'root',
          group: 'root',
        });
      });
    }),
  );
});

test('even the nonce itself in a file is no section, as contents are counted', () => {
  const tricky = Buffer.from(`\n${nonce} end\n${nonce} facts\nroot${us}/x\n`);
  const snapshot = parseSnapshot(answer([tricky]), { nonce, host: 'h', reads: reads(1), clock });
  expect(snapshot.paths.get('/f0')).toMatchObject({ content: tricky });
});

test('an answer that is cut, or of which a byte is missing or changed, is never taken for a whole one with other contents', () => {
  const contents = [Buffer.from('one\n'), Buffer.alloc(0), Buffer.from('three')];
  const whole = answer(contents);
  fc.assert(
    fc.property(fc.nat(whole.length - 2), fc.boolean(), (at, cut) => {
      const output = cut
        ? whole.subarray(0, at)
        : Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)]);
      try {
        const snapshot = parseSnapshot(output, { nonce, host: 'h', reads: reads(3), clock });
        // A byte of a name or an owner can be missed; contents can't.
        for (const [index, content] of contents.entries()) {
          const state = snapshot.paths.get(`/f${index}`);
          if (state?.kind === 'file') expect(state.content.length).toBe(content.length);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
  );
});

test('any bytes at all end in an error or a snapshot, never in a hang or a crash of another kind', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
    fc
      .constantFrom(
        'globs',
        'facts',
        'stat',
        'files',
        'contents',
        'answer 0',
        'name x',
        'status 0',
        'end',
        'units',
        'space',
      )
      .map((name) => Buffer.from(`\n${nonce} ${name}\n`)),
    fc
      .constantFrom(`content${us}/f0${us}99999999`, `content${us}/f0${us}-1`, 'Id=x')
      .map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const output = Buffer.concat([Buffer.from(`${nonce} globs\n`), ...pieces]);
      try {
        parseSnapshot(output, {
          nonce,
          host: 'h',
          reads: { ...reads(1), queries: [{ kind: 'command', args: [] }] },
          clock,
        });
      } catch (error) {
        expect(error instanceof OperatorError || error instanceof Unstable || error instanceof Error).toBe(
          true,
        );
        expect(error).not.toBeInstanceOf(TypeError);
        expect(error).not.toBeInstanceOf(RangeError);
      }
    }),
  );
});

test('an account that is not root and may not read something is refused with all of it; root is not', () => {
  const told = (uid: number) => {
    const stat = (mode: string, path: string) =>
      [mode, '600', 1, 'root', 'root', path, `"${path}"`, '1000000000', 0, 0].join(us);
    const self = ['416d', '555', 0, 'ops', 'ops', '/proc/self/.', '"/proc/self/."', '1000000000', uid, uid];
    const section = (name: string, ...lines: string[]) => [`${nonce} ${name}`, ...lines, ''].join('\n');
    const output =
      section('globs') +
      section(
        'facts',
        `root${us}`,
        `machine-id${us}abc`,
        `closed${us}/var/lib/clusterproxy`,
        `look-only${us}yes`,
      ) +
      section(
        'stat',
        self.join(us),
        stat('81a4', '/etc/key'),
        "stat: cannot statx '/root/it'\\''s': Permission denied",
        stat('a1ff', '/etc/link').replace('"/etc/link"', '"/etc/link" -> "/root/x"'),
      ) +
      section('followed', "stat: cannot statx '/etc/link': Permission denied") +
      `${nonce} destinations\n/root/x\0\n` +
      section('files', `denied${us}/etc/key`) +
      `${nonce} contents\n\n${section('space')}${section('units')}${nonce} end\n`;
    return parseSnapshot(Buffer.from(output), { nonce, host: 'h', reads: noReads, clock });
  };
  expect(told(0).lookOnly).toBe(undefined);
  expect(() => told(1000)).toThrow(OperatorError);
  expect(() => told(1000)).toThrow(
    "ops@h is not root, and may not read what the plan depends on: /etc/key, /etc/link, /root/it's and 1 more",
  );
});
