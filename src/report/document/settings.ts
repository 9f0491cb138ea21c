import { clean } from '../../document/clean-text.ts';
import type { PageTold } from '../../model/manual-told.ts';
import type { SchemaTold } from '../../model/schema-told.ts';
import type { Setting } from '../../model/setting.ts';
import { heard, ownLine, showableLine } from '../../secrets/showable.ts';
import { cleanName } from './harmless.ts';
import type { ReportDocument } from './schema.ts';

/** What counts on this machine. Values of variables are anybody's words: what may be a secret is hidden. */
export function settingsDocument(settings: readonly Setting[] | undefined): Pick<ReportDocument, 'settings'> {
  if (settings === undefined) return {};
  return {
    settings: settings.map(({ topic, name, value, why }) => ({
      ...{ topic, name: cleanName(name) },
      ...(value === undefined ? {} : { value: showableLine(value) }),
      why: ownLine(heard(why)),
    })),
  };
}

/** Which JSON Schemas there are, or were written. */
export function schemasDocument(schemas: readonly SchemaTold[] | undefined): Pick<ReportDocument, 'schemas'> {
  if (schemas === undefined) return {};
  return {
    schemas: schemas.map(({ name, describes, file, line }) => ({
      ...{ name: cleanName(name), describes: ownLine(describes) },
      ...(file === undefined ? {} : { file: cleanName(file) }),
      ...(line === undefined ? {} : { line: cleanName(line) }),
    })),
  };
}

/** Pages of the manual. It is ours: what it says of secrets stays. */
export function pagesDocument(pages: readonly PageTold[] | undefined): Pick<ReportDocument, 'pages'> {
  if (pages === undefined) return {};
  return {
    pages: pages.map(({ name, title, about, text }) => ({
      ...{ name: cleanName(name), title: ownLine(title), about: ownLine(about) },
      ...(text === undefined ? {} : { text: clean(text) }),
    })),
  };
}
