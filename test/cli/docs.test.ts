import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { explainCode, listCodes } from '../../src/manual/explain-code.ts';
import { headingsOf, withOwnName } from '../../src/manual/headings.ts';
import { readManual } from '../../src/manual/read-manual.ts';
import { reportSchema } from '../../src/report/document/schema.ts';
import { renderPage } from '../../src/report/terminal/manual-page.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import { buildProgram, clusterproxy } from './program.ts';

beforeAll(buildProgram);
const folder = join(import.meta.dirname, '../../docs');
const manual = await readManual();

describe('docs', () => {
  it('lists all pages, each with what it is about', async () => {
    const { status, stdout } = await clusterproxy(['docs', '--json']);
    expect(status).toBe(0);
    const { pages = [] } = reportSchema.parse(JSON.parse(stdout));
    expect(pages.map(({ name }) => `${name}.md`)).toEqual(manual.map(({ name }) => name));
    expect(pages.filter(({ title, about }) => title === '' || !/\w/.test(about))).toEqual([]);
  });

  it.each(['transactions', 'docs/transactions.md'])(
    'prints %s as it is where there is no terminal',
    async (name) => {
      const { stdout } = await clusterproxy(['docs', name]);
      expect(stdout).toBe(readFileSync(join(folder, 'transactions.md'), 'utf8'));
    },
  );

  it('leaves out what is for those who write the pages', async () => {
    const { stdout } = await clusterproxy(['docs', 'stuck']);
    expect(readFileSync(join(folder, 'stuck.md'), 'utf8')).toContain('\n<!-- screen: ');
    expect(stdout).not.toContain('<!--');
  });

  it('suggests the nearest page', async () => {
    const { status, stderr } = await clusterproxy(['docs', 'shedule']);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^error page-unknown: .*\n {2}did you mean schedule\?/),
    ]);
  });
});

describe('docs PAGE#HEADING', () => {
  it.each([[['stuck#end-a-run']], [['docs/stuck.md#end-a-run']], [['stuck', 'End a run']]])(
    'prints with %j what stands below that heading',
    async (argv) => {
      const { status, stdout } = await clusterproxy(['docs', ...argv]);
      expect([status, stdout]).toEqual([
        0,
        expect.stringMatching(/^## End a run\n\n```sh\nclusterproxy abort RUN (?:(?!\n#)[\s\S])*$/),
      ]);
    },
  );

  it('opens the one page that has a heading of that name', async () => {
    const { stdout } = await clusterproxy(['docs', 'retire']);
    expect(stdout).toMatch(/^## retire\n/);
  });

  it.each([
    ['stuck#end-a-rum', 'did you mean stuck#end-a-run?'],
    ['commands#while-people-are-there', 'did you mean people#while-people-are-there?'],
    ['commands#apply', 'did you mean apply?'],
    ['drift#xyzzy', 'its headings: what-it-costs-and-what-leaves-a-host'],
  ])('%s is none: %s', async (wanted, next) => {
    const { status, stdout, stderr } = await clusterproxy(['docs', wanted]);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^error heading-unknown: the page '\w+' has no heading\s+'/);
    expect(stderr).toContain(next);
  });

  it('has only that part in the document', async () => {
    const { stdout } = await clusterproxy(['docs', 'stuck#end-a-run', '--json']);
    const { pages = [] } = reportSchema.parse(JSON.parse(stdout));
    expect(pages).toMatchObject([{ name: 'stuck', text: expect.stringMatching(/^## End a run\n/) }]);
  });
});

describe('a page on a terminal', () => {
  const style = makeStyle({ columns: 60, color: false, verbose: false });

  it('is wrapped, with tables as paragraphs and code as it is', () => {
    const text = `# Title

A **long** paragraph with \`code\`, and [a link](schedule.md#x), that is longer than it
may be.

- one
- two, which has a continuation that is so long that it needs a second
  line
- [\`reboot [HOST…]\`](upgrade.md#reboot), an item as long as it is

| key | | meaning |
| --- | --- | --- |
| \`a\\|b\` | required | what it is |

## More

\`\`\`sh
clusterproxy   plan

# not a heading
\`\`\`

\`\`\`text
${'=-'.repeat(29)}
\`\`\`

\`\`\`text
${'=-'.repeat(40)}
\`\`\`

<!-- screen: true -->
![A picture](picture.svg)
`;
    const { lines, headings } = renderPage(text, style);
    expect(lines).toEqual([
      'Title',
      '',
      'A long paragraph with `code`, and a link (docs schedule#x),',
      'that is longer than it may be.',
      '',
      '- one',
      '- two, which has a continuation that is so long that it',
      '  needs a second line',
      '- `reboot [HOST…]` (docs upgrade#reboot), an item as long as',
      '  it is',
      '',
      '  (key / meaning)',
      '  `a|b`',
      '      required',
      '      meaning: what it is',
      '',
      'More',
      '',
      '    clusterproxy   plan',
      '',
      '    # not a heading',
      '',
      `  ${'=-'.repeat(29)}`,
      '',
      `    ${'=-'.repeat(40)}`,
      '',
      '(picture: A picture)',
      '',
      'What stands in parentheses is a page: (docs stuck#end-a-run)',
      'is opened by `clusterproxy docs stuck#end-a-run`.',
    ]);
    expect(headings.map((at) => lines[at])).toEqual(['Title', 'More']);
  });

  it.each(manual.map(({ name, text }) => [name, text] as const))('%s has all its words', (name, text) => {
    const words = (given: string) => new Set(given.match(/[A-Za-z]{5,}/g) ?? []);
    const { lines, headings } = renderPage(withOwnName(text, name.replace('.md', '')), style);
    expect(headings).toHaveLength(headingsOf(text).length);
    const shown = words(lines.join('\n'));
    // Where links lead isn't shown, but for the names of pages.
    const wanted = words(text.replace(/\]\([^)]*\)/g, ']').replace(/^```\w*$|^<!--.*-->$/gm, ''));
    expect([...wanted].filter((word) => !shown.has(word))).toEqual([]);
  });
});

it('explain knows every code that the pages of errors list', () => {
  const listed = manual
    .filter(({ name }) => /^errors(?:-\w+)?\.md$/.test(name))
    .flatMap(({ name, text }) =>
      [...text.matchAll(/^\| ((?:`[a-z0-9-]+`(?:, )?)+) \|/gm)].flatMap(([, cell = '']) =>
        [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => ({ code, page: name })),
      ),
    );
  expect(listed.length).toBeGreaterThan(200);
  for (const { code, page } of listed) expect(explainCode(code, manual)).toMatchObject({ code, page });
  expect(listCodes(manual).length).toBeGreaterThanOrEqual(listed.length);
});
