import { nearestName } from '../document/nearest-name.ts';
import type { PageTold } from '../model/manual-told.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { ManualPage } from './manual-page.ts';

/** All pages, each with its title and what it is about. */
export function listPages(pages: readonly ManualPage[]): readonly PageTold[] {
  return pages.map(toldOf);
}

/** The page of a name, also as `docs/NAME.md`. Throws OperatorError `page-unknown`, with the nearest one. */
export function findPage(wanted: string, pages: readonly ManualPage[]): PageTold {
  const name = wanted
    .trim()
    .toLowerCase()
    .replace(/^(?:\.\/)?docs\//, '')
    .replace(/\.md$/, '');
  const found = pages.find((page) => nameOf(page) === name);
  if (found !== undefined) return { ...toldOf(found), text: found.text };
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
