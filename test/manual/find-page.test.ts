import { describe, expect, it } from 'vitest';
import { findPage } from '../../src/manual/find-page.ts';
import { withoutComments } from '../../src/manual/headings.ts';
import { OperatorError } from '../../src/model/operator-error.ts';

const pages = [
  { name: 'nginx.md', text: '# nginx\n\n## Options\n\n## Reload\n' },
  { name: 'haproxy.md', text: '# HAProxy\n\n## Options\n' },
  { name: 'titled.md', text: '# Options\n' },
];

function refusal(wanted: string) {
  try {
    findPage(wanted, undefined, pages);
  } catch (error) {
    if (error instanceof OperatorError) return error.problem;
  }
  return undefined;
}

describe('a name that no page has', () => {
  it('opens the one page that has a heading of that name', () => {
    expect(findPage('reload', undefined, pages)).toMatchObject({
      page: { name: 'nginx' },
      heading: { anchor: 'reload' },
    });
  });

  it('names the pages, where several have it', () => {
    expect(refusal('Options')).toEqual({
      code: 'page-unknown',
      message: "the manual has no page 'Options', but 2 pages have a heading of that name",
      next: 'choose one of them: nginx#options, haproxy#options',
    });
  });
});

it('a page without comments has all its other lines', () => {
  expect(withoutComments('one\n\n<!-- screen: clusterproxy plan -->\n```text\n<!-- two\n```\n')).toBe(
    'one\n\n```text\n<!-- two\n```\n',
  );
});
