import type { CheckResult } from '../../model/outside-check.ts';
import type { TroubleResult } from '../../model/trouble.ts';
import { ownLine, ownWords, showableLine } from '../../secrets/showable.ts';
import { cleanName } from './harmless.ts';
import type { ReportCheck, ReportDocument, ReportTrouble } from './schema.ts';

// What was asked and found from outside, for the document.

export function checkDocument(check: CheckResult): ReportCheck {
  const { host, role, id, title, outcome, expected, found, note, fix } = check;
  return {
    ...{
      host: cleanName(host),
      role: cleanName(role),
      id: cleanName(id),
      title: showableLine(title),
      outcome,
    },
    ...(expected === undefined ? {} : { expected: showableLine(expected) }),
    ...(found === undefined ? {} : { found: showableLine(found) }),
    ...(note === undefined ? {} : { note: showableLine(note) }),
    ...(fix === undefined ? {} : { fix: showableLine(fix) }),
  };
}

/** What there is to tell of a browser, beside what it answered. */
export interface BrowserTold {
  readonly browser: { readonly program: string; readonly version: string } | undefined;
  readonly screenshots: readonly { readonly host: string; readonly file: string }[];
}

export function browserDocument(told: BrowserTold | undefined): Pick<ReportDocument, 'browser'> {
  if (told?.browser === undefined) return {};
  const { program, version } = told.browser;
  const screenshots = told.screenshots.map(({ host, file }) => ({
    host: cleanName(host),
    file: showableLine(file),
  }));
  return { browser: { program: showableLine(program), version: showableLine(version), screenshots } };
}

export function troubleDocument(trouble: TroubleResult): ReportTrouble {
  const { host, role, id, title, outcome, found, means, note, fix } = trouble;
  return {
    ...{ host: cleanName(host), role: cleanName(role), id: cleanName(id), title: ownLine(title), outcome },
    ...(found === undefined ? {} : { found: ownLine(found) }),
    ...(means === undefined ? {} : { means: ownLine(means) }),
    ...(note === undefined ? {} : { note: ownLine(note) }),
    ...(fix === undefined ? {} : { fix: ownWords(fix) }),
  };
}
