import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describedProgram } from '../../src/cli/program.ts';
import { readManual } from '../../src/manual/read-manual.ts';
import { fencedBlocks } from '../support/fenced-blocks.ts';
import { mistakeIn, wordsOfLine } from './command-words.ts';

const root = join(import.meta.dirname, '../..');
const pages = [
  ...(await readManual()),
  ...['README.md', 'CONTRIBUTING.md'].map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') })),
];

/** Each `clusterproxy …` of the fenced blocks of a page, with the line in which it begins. */
function commandsOf(text: string): readonly (readonly [line: number, command: string])[] {
  return fencedBlocks(text).flatMap(({ text: block, line }) => {
    let at = line;
    return block.split(/(?<!\\)\n/).flatMap((given) => {
      const began = at;
      at += given.split('\n').length;
      return given
        .replace(/\\\n\s*/g, '')
        .split(/(?:;|&&|\|\|) /)
        .flatMap((one) => /^(?:\$ )?(?:sudo )?(clusterproxy(?: .*)?)$/.exec(one.trim())?.[1] ?? [])
        .map((command) => [began, command] as const);
    });
  });
}

describe('commands in the docs', () => {
  const program = describedProgram();

  it.each(pages.map(({ name, text }) => [name, text] as const))(
    '%s: each is one of the program',
    (name, text) => {
      const mistakes = commandsOf(text).flatMap(([line, command]) => {
        const mistake = mistakeIn(program, wordsOfLine(command).slice(1));
        return mistake === undefined ? [] : [`${name}:${line}: ${command}: ${mistake}`];
      });
      expect(mistakes).toEqual([]);
    },
  );

  it('are found', () => {
    expect(pages.flatMap(({ text }) => commandsOf(text)).length).toBeGreaterThan(100);
    expect(commandsOf('```sh\ntrue\n$ clusterproxy plan \\\n  --json\nclusterproxy\n```\n')).toEqual([
      [3, 'clusterproxy plan --json'],
      [5, 'clusterproxy'],
    ]);
  });

  it.each([
    ['clusterproxy plam', 'unknown command plam'],
    ['clusterproxy plan --prun', 'plan has no option --prun'],
    ['clusterproxy schedule instal', 'unknown command schedule instal'],
    ['clusterproxy plan -i', 'plan -i lacks a value'],
    ['clusterproxy apply --confirm nobody', 'apply --confirm takes none of nobody'],
    ['clusterproxy plan bbb-01', 'plan takes no bbb-01'],
  ])('%s is none', (command, mistake) => {
    expect(mistakeIn(program, wordsOfLine(command).slice(1))).toBe(mistake);
  });
});

describe('links in the docs', () => {
  const anchors = new Map(pages.map(({ name, text }) => [name, anchorsOf(text)]));

  it.each(pages.map(({ name, text }) => [name, text] as const))(
    '%s: each leads to a page and a heading',
    (name, text) => {
      const lost = [
        ...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/\]\((?!https?:)([^)\s]*)\)/g),
      ].flatMap(([, link = '']) => {
        const [path = '', heading] = link.split('#');
        const page = path === '' ? name : path.replace(/^docs\//, '');
        const known = anchors.get(page);
        if (known === undefined)
          return page.endsWith('.md') && !page.includes('/') && page !== 'CHANGELOG.md' ? [link] : [];
        return heading === undefined || known.has(heading) ? [] : [link];
      });
      expect(lost).toEqual([]);
    },
  );
});

/** As GitHub makes them of headings. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.*)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}
