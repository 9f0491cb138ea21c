import { applyPatch } from 'diff';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Change, changeBetween } from '../../src/model/change.ts';
import type { PathState, RegularFile } from '../../src/model/snapshot.ts';
import { diffOf, diffText } from '../../src/report/document/diff.ts';

const absent: PathState = { kind: 'absent' };

function file(content: string | Buffer, rest: Partial<RegularFile> = {}): PathState {
  return { kind: 'file', content: Buffer.from(content), mode: 0o644, user: 'root', group: 'root', ...rest };
}

function change(before: PathState, after: PathState, path = '/etc/a.conf'): Change {
  const made = changeBetween(path, before, after, ['one']);
  if (made === undefined) throw new Error('the states are the same');
  return made;
}

describe('diffOf', () => {
  it('is a unified diff with three lines of context', () => {
    const before = 'a\nb\nc\nd\ne\nf\ng\nh\n';
    expect(diffText(change(file(before), file(before.replace('e', 'E'))))).toBe(
      '--- a/etc/a.conf\n+++ b/etc/a.conf\n@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n',
    );
  });

  it('hides secrets on both sides and in context, and still shows that one changes', () => {
    const before = 'securitySalt=old\nurl=postgres://a:b@c/d\nx=1\n';
    const one = diffOf(change(file(before), file(before.replace('x=1', 'x=2'))));
    expect(one.lines.slice(2)).toEqual([
      ...['@@ -1,3 +1,3 @@', ' securitySalt=********', ' url=postgres://a:********@c/d', '-x=1', '+x=2'],
    ]);
    expect(one.notes).toEqual([]);
    const two = diffOf(change(file(before), file(before.replace('old', 'new'))));
    expect(two.lines).toContain('-securitySalt=********');
    expect(two.lines).toContain('+securitySalt=********');
    expect(two.notes).toEqual(['a value that is hidden here changes']);
  });

  it('hides a secret whose key is outside the shown lines', () => {
    const yaml = `passwords:\n${[1, 2, 3, 4, 5, 6].map((n) => `  user${n}: abc${n}\n`).join('')}port: 1\n`;
    const { lines } = diffOf(change(file(yaml), file(yaml.replace('port: 1', 'port: 2'))));
    expect(lines.join('\n')).not.toContain('abc');
  });

  it('says what a new file is like', () => {
    expect(diffOf(change(absent, file('a\n', { mode: 0o600, user: 'etherpad' })))).toEqual({
      notes: ['new file, mode 0600, owner etherpad:root'],
      lines: ['--- /dev/null', '+++ b/etc/a.conf', '@@ -0,0 +1 @@', '+a'],
    });
    expect(diffOf(change(absent, file('')))).toEqual({
      notes: ['new file, mode 0644, owner root:root', 'the file is empty'],
      lines: [],
    });
  });

  it('shows what a deleted file held', () => {
    expect(diffOf(change(file('a\nb'), absent))).toEqual({
      notes: ['the file is deleted'],
      lines: [
        ...[
          '--- a/etc/a.conf',
          '+++ /dev/null',
          '@@ -1,2 +0,0 @@',
          '-a',
          '-b',
          '\\ No newline at end of file',
        ],
      ],
    });
  });

  it('tells of mode and owner in words', () => {
    expect(diffOf(change(file('a'), file('a', { mode: 0o4755, group: 'adm' })))).toEqual({
      notes: ['mode 0644 becomes 4755', 'owner root:root becomes root:adm'],
      lines: [],
    });
  });

  it('tells of links and directories in words', () => {
    const link = (target: string): PathState => ({ kind: 'symlink', target });
    const directory: PathState = { kind: 'directory', mode: 0o755, user: 'root', group: 'root' };
    expect(diffOf(change(absent, link('/a'))).notes).toEqual(['symbolic link to /a']);
    expect(diffOf(change(link('/a'), link('/b'))).notes).toEqual(['symbolic link to /a becomes one to /b']);
    expect(diffOf(change(link('/a'), absent)).notes).toEqual([
      'the symbolic link is deleted',
      'it pointed to /a',
    ]);
    expect(diffOf(change(absent, directory)).notes).toEqual(['new directory, mode 0755, owner root:root']);
    expect(diffOf(change(directory, { ...directory, mode: 0o700 })).notes).toEqual([
      'mode 0755 becomes 0700',
    ]);
    const replaced = diffOf(change(file('a\n'), link('/b')));
    expect(replaced.notes).toEqual(['the file is replaced by a symbolic link', 'symbolic link to /b']);
    expect(replaced.lines).toContain('-a');
  });

  it('does not print binary files', () => {
    expect(diffOf(change(file(Buffer.from([1, 0, 2])), file('abcd')))).toEqual({
      notes: ['binary file: content differs (3 bytes before, 4 after)'],
      lines: [],
    });
  });

  it('leaves CR LF out where all lines have it, and shows it where it changes', () => {
    const same = diffOf(change(file('a\r\nb\r\n'), file('a\r\nc\r\n')));
    expect(same.notes).toEqual(['lines end in CR LF, before and after']);
    expect(same.lines.slice(3)).toEqual([' a', '-b', '+c']);
    const other = diffOf(change(file('a\r\nb\r\n'), file('a\nb\n')));
    expect(other.notes).toEqual(['line endings: CR LF becomes LF']);
    expect(other.lines.slice(3)).toEqual(['-a^M', '-b^M', '+a', '+b']);
  });

  it('makes control characters visible, and keeps tabs and long lines', () => {
    const long = 'x'.repeat(5000);
    const { lines } = diffOf(change(file('a\n'), file(`\u001b[31m\u009b\u202e\t${long}\n`)));
    expect(lines.at(-1)).toBe(`+^[[31m<U+009B><U+202E>\t${long}`);
  });

  it('shows bytes that are not UTF-8', () => {
    const { lines } = diffOf(change(file(Buffer.from([0xe4, 10])), file(Buffer.from([0xf6, 10]))));
    expect(lines.slice(3)).toEqual(['-ä', '+ö']);
  });

  it('still says all where two long texts have nothing in common', () => {
    const text = (word: string) => Array.from({ length: 4000 }, (_, n) => `${word}${n}\n`).join('');
    const { lines } = diffOf(change(file(text('a')), file(text('b'))));
    expect(lines[2]).toBe('@@ -1,4000 +1,4000 @@');
    expect(lines).toHaveLength(8003);
  });

  it('turns the text before into the text after', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd=1', '', ' ')).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, text, (before, after) => {
        fc.pre(before !== after);
        const { lines } = diffOf(change(file(before), file(after)));
        expect(applyPatch(before, `${lines.join('\n')}\n`)).toBe(after);
      }),
    );
  });
});
