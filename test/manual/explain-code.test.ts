import { describe, expect, it } from 'vitest';
import { explainCode, listCodes } from '../../src/manual/explain-code.ts';
import type { ManualPage } from '../../src/manual/manual-page.ts';
import { readManual } from '../../src/manual/read-manual.ts';
import { statusWords } from '../../src/model/status-words.ts';
import { statuses } from '../../src/report/document/host-schema.ts';

const pages = await readManual();

const made: readonly ManualPage[] = [
  {
    name: 'status.md',
    text: '# Status\n\n## Statuses of a host\n\n| status of a host | meaning |\n| --- | --- |\n| `open` | a run is active |\n',
  },
  {
    name: 'errors-files.md',
    text: [
      '## One',
      '',
      '| code | what happened | what to do |',
      '| --- | --- | --- |',
      '| `a-b`, `a-c` | it says `x\\|y` | see [sudo](connections.md#sudo) and [below](#two) |',
      '',
      '| code | not the one that is asked for |',
      '| --- | --- |',
    ].join('\n'),
  },
  {
    name: 'more.md',
    text: [
      '## Of **guards**',
      '',
      'A paragraph that speaks',
      'of `a-b` over two lines.',
      '- an item with `a-b`',
      '  that goes on',
      '- another with `a-bc`',
      '',
      '```',
      '`a-b` in a listing',
      '```',
      '',
      '| file | what |',
      '| --- | --- |',
      '| `a-b` | a file of that name |',
    ].join('\n'),
  },
];

describe('explainCode', () => {
  it('gives the row of a code, and everything that other pages say of it', () => {
    expect(explainCode('a-b', made)).toEqual({
      code: 'a-b',
      page: 'errors-files.md',
      section: 'One',
      what: 'it says x|y',
      next: 'see sudo (docs connections#sudo) and below',
      mentions: [
        { page: 'more.md', section: 'Of guards', text: 'A paragraph that speaks of a-b over two lines.' },
        { page: 'more.md', section: 'Of guards', text: 'an item with a-b that goes on' },
        { page: 'more.md', section: 'Of guards', text: 'a-b: a file of that name' },
      ],
    });
  });

  it('takes a code as it stands in a message, and a status of a host', () => {
    expect(explainCode('A-C:', made)).toMatchObject({ code: 'a-c', section: 'One', mentions: [] });
    expect(explainCode('open', made)).toMatchObject({
      page: 'status.md',
      what: 'a run is active',
      next: undefined,
    });
  });

  it('refuses a code that nobody has, with the nearest one', () => {
    expect(() => explainCode('opne', made)).toThrowError(
      expect.objectContaining({
        code: 'code-unknown',
        problem: expect.objectContaining({ next: expect.stringContaining('did you mean open?') }),
      }),
    );
    expect(() => explainCode('something-else', made)).toThrowError(
      expect.objectContaining({
        message: "no error, status, trouble or check has the code 'something-else'",
      }),
    );
  });
});

describe('the manual of this program', () => {
  it('explains every code in the tables of errors, with something to do about it', () => {
    const rows = pages
      .filter(({ name }) => /^errors(?:-\w+)?\.md$/.test(name))
      .flatMap(({ name, text }) => text.split('\n').map((line) => [name, line] as const))
      .filter(([, line]) => line.startsWith('| `'))
      .flatMap(([name, line]) =>
        [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => ({ name, code })),
      );
    expect(rows.length).toBeGreaterThan(150);
    const explained = rows.map(({ code }) => explainCode(code, pages));
    expect(explained.filter(({ what, next = '' }) => what === '' || next === '')).toEqual([]);
    expect(explained.map(({ page }) => page)).toEqual(rows.map(({ name }) => name));
  });

  it('explains every status that a host can have', () => {
    const pagesOf = statuses.map((status) => {
      const { page, mentions } = explainCode(status, pages);
      return [page, ...mentions.map((mention) => mention.page)];
    });
    expect(pagesOf.filter((names) => !names.includes('status.md'))).toEqual([]);
    expect(explainCode('stuck', pages)).toMatchObject({
      page: 'errors-changing.md',
      mentions: expect.arrayContaining([
        expect.objectContaining({ page: 'status.md', section: 'Statuses of a host' }),
      ]),
    });
  });

  it('lists all of them, each once on its page', () => {
    const listed = listCodes(pages);
    expect(listed.map(({ code }) => code)).toEqual(expect.arrayContaining([...statuses, 'busy', 'usage']));
    expect(new Set(listed.map(({ code, page, section }) => `${page} ${section} ${code}`)).size).toBe(
      listed.length,
    );
  });

  it.each([
    ['meeting', 'verify --with-meeting'],
    ['rtmp-play', 'verify --with-stream'],
    ['browser-origin', 'verify --browser'],
    ['browser-media', 'verify --with-meeting --browser'],
    ['client-page', 'verify'],
    ['nginx-passes', 'verify'],
  ])('says for the check %s the command that asks it: %s', (code, command) => {
    expect(explainCode(code, pages).next).toMatch(new RegExp(`^run clusterproxy ${command}: `));
  });
});

describe('the words of a screen', () => {
  it.each(Object.entries(statusWords))('lead to the status %s: %s', (status, words) => {
    for (const said of [words, words.toUpperCase(), ` ${words}: `])
      expect(explainCode(said, pages).code).toBe(status);
  });

  it.each([
    ['not  started', 'not-started'],
    ['put off', 'deferred'],
    ['error busy:', 'busy'],
    ['drifted', 'drifted'],
    ['outcome unknown', 'unknown'],
    ['outcome-unknown', 'outcome-unknown'],
    ['too many out', 'too-many-out'],
  ])('%j is %s', (said, code) => {
    expect(explainCode(said, pages).code).toBe(code);
  });
});
