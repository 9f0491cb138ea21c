import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describedProgram } from '../../src/cli/program.ts';
import { headingsOf } from '../../src/manual/headings.ts';
import { readManual } from '../../src/manual/read-manual.ts';
import { fencedBlocks } from '../support/fenced-blocks.ts';

/** Words that somebody reads through before the page has to be split by who reads it. */
const limit = 4000;

const pages = await readManual();
const textOf = (name: string) => pages.find((page) => page.name === name)?.text ?? '';
const wordsIn = (text: string) => text.split(/\s+/).filter((word) => word !== '').length;
const linksIn = (text: string) =>
  [...text.matchAll(/\]\(([\w-]+\.md)(?:#[\w-]+)?\)/g)].map(([, name = '']) => name);

describe('pages of the manual', () => {
  it.each(pages.map(({ name, text }) => [name, text] as const))('%s can be read at a time', (_name, text) => {
    expect(wordsIn(text)).toBeLessThanOrEqual(limit);
  });

  it.each(pages.map(({ name, text }) => [name, text] as const))(
    '%s begins with who needs it',
    (_name, text) => {
      expect(text).toMatch(/^# .+\n\nFor /);
    },
  );
});

/** Blocks that show no output of the program, by their first line. */
const drawn = [
  '        sound, video, slides, WebSockets: straight to the node',
  '# /etc/sudoers.d/zz-clusterproxy',
  'turn.yaml  ',
];

it('what the program prints is never written by hand into a page', () => {
  const byHand = pages.flatMap(({ name, text }) =>
    fencedBlocks(text)
      .filter(({ language, text: block }) => ['', 'text', 'console'].includes(language) && !isTyped(block))
      .filter(({ text: block }) => !drawn.some((first) => block.startsWith(first)))
      // A test writes what stands below such a comment.
      .filter(({ line }) => !/^<!-- (?:screen|table of a run): /.test(text.split('\n')[line - 3] ?? ''))
      .map(({ line, text: block }) => `${name}:${line}: ${block.split('\n')[0]}`),
  );
  expect(byHand).toEqual([]);
});

/** Lines of a shell, and nothing that came back. */
function isTyped(block: string): boolean {
  const lines = block
    .replace(/\\\n\s*/g, '')
    .trim()
    .split('\n');
  return lines.every((line) => /^(?:#|(?:sudo )?(?:clusterproxy|npm|sh) |$)/.test(line));
}

describe('docs/index.md', () => {
  const index = textOf('index.md');

  it('names every page', () => {
    const named = new Set(linksIn(index));
    expect(pages.map(({ name }) => name).filter((name) => name !== 'index.md' && !named.has(name))).toEqual(
      [],
    );
  });

  const rows = [...index.matchAll(/^\| ([^|]+) \| ([^|]+) \| ([\d,]+) \| [^|]+ \|$/gm)].map(
    ([, who = '', read = '', told = '']) => [who, Number(told.replace(',', '')), linksIn(read)] as const,
  );

  it('says for whom which pages are', () => {
    expect(rows.map(([who]) => who)).toEqual(expect.arrayContaining(['BigBlueButton', 'Averox']));
  });

  it.each(rows)('says for %s that it is about %d words, to the next five hundred', (_who, told, names) => {
    const words = names.reduce((sum, name) => sum + wordsIn(textOf(name)), 0);
    expect(told % 500).toBe(0);
    expect(Math.abs(words - told)).toBeLessThanOrEqual(350);
  });
});

it('whatever names a page names one that there is', () => {
  const root = join(import.meta.dirname, '../..');
  const files = ['src', 'playbooks', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:ts|sh|ya?ml|conf|md)$/.test(name) && !name.startsWith('samples'))
      .map((name) => join(folder, name)),
  );
  const named = [...files, 'inventory.example.yaml', 'README.md', 'CONTRIBUTING.md', 'SECURITY.md'].flatMap(
    (file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/\bdocs\/([a-z-]+\.md)(?:#([\w-]+))?/g)].map(
        ([, page = '', anchor]) => [file, page, anchor] as const,
      ),
  );
  expect(named.length).toBeGreaterThan(50);
  const lost = named.filter(([, page, anchor]) => {
    const text = pages.find(({ name }) => name === page)?.text;
    return (
      text === undefined || (anchor !== undefined && !headingsOf(text).some((one) => one.anchor === anchor))
    );
  });
  expect(lost).toEqual([]);
});

it('docs/commands.md has every command', () => {
  const table = textOf('commands.md');
  const missing = describedProgram()
    .commands.map((command) => command.name())
    .filter((name) => name !== 'help' && !new RegExp(`^\\| \\[?\`${name}(?: [^\`]*)?\``, 'm').test(table));
  expect(missing).toEqual([]);
});
