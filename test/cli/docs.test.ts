import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { explainCode, listCodes } from '../../src/manual/explain-code.ts';
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

  it('suggests the nearest page', async () => {
    const { status, stderr } = await clusterproxy(['docs', 'shedule']);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^error page-unknown: .*\n {2}did you mean schedule\?/),
    ]);
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

| key | | meaning |
| --- | --- | --- |
| \`a\\|b\` | required | what it is |

\`\`\`sh
clusterproxy   plan

# not a heading
\`\`\`

<!-- screen: true -->
![A picture](picture.svg)
`;
    expect(renderPage(text, style)).toEqual([
      'Title',
      '',
      'A long paragraph with `code`, and a link (docs schedule),',
      'that is longer than it may be.',
      '',
      '- one',
      '',
      '- two, which has a continuation that is so long that it',
      '  needs a second line',
      '',
      '  (key / meaning)',
      '  `a|b`',
      '      required',
      '      meaning: what it is',
      '',
      '    clusterproxy   plan',
      '',
      '    # not a heading',
      '',
      '(picture: A picture)',
    ]);
  });

  it.each(manual.map(({ name, text }) => [name, text] as const))('%s has all its words', (_name, text) => {
    const words = (given: string) => new Set(given.match(/[A-Za-z]{5,}/g) ?? []);
    const shown = words(renderPage(text, style).join('\n'));
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
