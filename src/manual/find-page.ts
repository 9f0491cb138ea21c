import { nearestName } from '../document/nearest-name.ts';
import type { PageTold } from '../model/manual-told.ts';
import { OperatorError } from '../model/operator-error.ts';
import { anchorOf, type Heading, headingsOf } from './headings.ts';
import type { ManualPage } from './manual-page.ts';

/** A page with its text, and the heading at which it is to be opened. */
export interface FoundPage {
  readonly page: PageTold & { readonly text: string };
  readonly heading?: Heading | undefined;
}

/** All pages, each with its title and what it is about. */
export function listPages(pages: readonly ManualPage[]): readonly PageTold[] {
  return pages.map(toldOf);
}

/**
 * The page of a name, also as `docs/NAME.md`, and a heading of it, given behind `#` or by itself. A name that
 * no page has may be the heading of one. Throws OperatorError `page-unknown` or `heading-unknown`, with the
 * nearest one.
 */
export function findPage(wanted: string, given: string | undefined, pages: readonly ManualPage[]): FoundPage {
  const [name = '', behind] = wanted
    .trim()
    .toLowerCase()
    .replace(/^(?:\.\/)?docs\//, '')
    .split('#')
    .map((part) => part.replace(/\.md$/, ''));
  const anchor = anchorOf(given ?? behind ?? '');
  const page = pages.find((one) => nameOf(one) === name);
  if (page === undefined) return pageWithHeading(anchorOf(name), pages) ?? noPage(wanted, pages);
  const found = { page: { ...toldOf(page), text: page.text } };
  if (anchor === '') return found;
  const heading = headingsOf(page.text).find((one) => one.anchor === anchor);
  return heading === undefined ? noHeading(page, anchor, pages) : { ...found, heading };
}

/** The one page that has this heading. */
function pageWithHeading(anchor: string, pages: readonly ManualPage[]): FoundPage | undefined {
  const [only, ...others] = withHeading(anchor, pages);
  return others.length === 0 ? only : undefined;
}

/** All that have it, the page's title aside. */
function withHeading(anchor: string, pages: readonly ManualPage[]) {
  return pages.flatMap((page) =>
    headingsOf(page.text)
      .filter((heading) => heading.anchor === anchor && heading.level > 1)
      .map((heading) => ({ page: { ...toldOf(page), text: page.text }, heading })),
  );
}

function noPage(wanted: string, pages: readonly ManualPage[]): never {
  const name = wanted.trim().toLowerCase();
  const anchor = anchorOf(name);
  const several = [...new Set(withHeading(anchor, pages).map(({ page }) => `${page.name}#${anchor}`))];
  if (several.length > 0) {
    throw new OperatorError({
      code: 'page-unknown',
      message: `the manual has no page '${wanted}', but ${several.length} pages have a heading of that name`,
      next: `choose one of them: ${several.join(', ')}`,
    });
  }
  const near = nearestName(name, pages.map(nameOf));
  throw new OperatorError({
    code: 'page-unknown',
    message: `the manual has no page '${wanted}'`,
    next:
      near === undefined
        ? 'clusterproxy docs, without a name, lists all of them'
        : `did you mean ${near}? Without a name, clusterproxy docs lists all of them`,
  });
}

function noHeading(page: ManualPage, anchor: string, pages: readonly ManualPage[]): never {
  const name = nameOf(page);
  const own = headingsOf(page.text)
    .filter(({ level }) => level > 1)
    .map((heading) => heading.anchor);
  const near = nearestName(anchor, own);
  // It may have moved to another page.
  const elsewhere = pages.find((one) => nameOf(one) === anchor) ?? pageWithHeading(anchor, pages)?.page;
  const other = elsewhere === undefined ? undefined : elsewhere.name.replace(/\.md$/, '');
  throw new OperatorError({
    code: 'heading-unknown',
    message: `the page '${name}' has no heading '${anchor}'`,
    next:
      near !== undefined
        ? `did you mean ${name}#${near}?`
        : other !== undefined
          ? `did you mean ${other === anchor ? other : `${other}#${anchor}`}?`
          : own.length === 0
            ? `it has none: clusterproxy docs ${name}`
            : `its headings: ${own.join(', ')}`,
  });
}

function nameOf({ name }: ManualPage): string {
  return name.replace(/\.md$/, '');
}

function toldOf(page: ManualPage): PageTold {
  const [, title = ''] = /^# (.*)/m.exec(page.text) ?? [];
  const [, rest = ''] = /^# .*\n+([\s\S]*)/m.exec(page.text) ?? [];
  const paragraph = rest.split(/\n\s*\n/)[0] ?? '';
  const words = paragraph
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .replace(/[`*]/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  return { name: nameOf(page), title, about: /^.*?\.(?= |$)/.exec(words)?.[0] ?? words };
}
