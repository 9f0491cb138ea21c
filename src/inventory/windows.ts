import { dirname, join } from 'node:path';
import type { CalendarFile, InventoryWindow } from '../calendar/windows.ts';
import { weekdays } from '../calendar/windows.ts';
import { parseClock, parseDays } from '../calendar/written.ts';
import { valueAt } from '../document/found-value.ts';
import { readSourceFile } from '../document/source-file.ts';
import type { YamlDocument } from '../document/yaml-document.ts';
import { type Problem, problemsOf } from '../model/operator-error.ts';
import { mapOf } from './host-entries.ts';
import type { InventoryData } from './schema.ts';

/** The calendar files of an inventory, by the names that it gives them, and what is wrong with them. */
export interface CalendarFiles {
  readonly files: ReadonlyMap<string, CalendarFile>;
  readonly problems: readonly Problem[];
}

/** Reads and checks them: a mistake in one would open a window on a day that is excepted. */
export async function readCalendarFiles(document: YamlDocument): Promise<CalendarFiles> {
  const files = new Map<string, CalendarFile>();
  const problems: Problem[] = [];
  for (const { path, name } of namedIn(document)) {
    if (files.has(name)) continue;
    try {
      const file = await readSourceFile(
        name.startsWith('/') ? name : join(dirname(document.file), name),
        'correct the path, which is relative to the inventory',
      );
      files.set(name, file);
      const { calendarProblems } = await import('../calendar/holidays.ts');
      problems.push(...calendarProblems(file));
    } catch (error) {
      for (const problem of problemsOf(error))
        problems.push({ ...problem, location: document.location(path) });
    }
  }
  return { files, problems };
}

function namedIn({ value }: YamlDocument) {
  const windows = valueAt(value, ['windows']);
  if (!Array.isArray(windows)) return [];
  return windows.flatMap((window, index) => {
    const { except } = mapOf(window);
    if (!Array.isArray(except)) return [];
    return except.flatMap((one, position) => {
      const { ics } = mapOf(one);
      const path = ['windows', index, 'except', position, 'ics'];
      return typeof ics === 'string' && ics !== '' ? [{ path, name: ics }] : [];
    });
  });
}

/** The windows of an inventory whose form is right. */
export function windowsOf(
  data: InventoryData['windows'],
  files: CalendarFiles['files'],
): readonly InventoryWindow[] | 'anytime' | undefined {
  if (data === undefined || data === 'anytime') return data;
  return data.map(({ days = weekdays, from, to, except = [] }) => ({
    days,
    from: parseClock(from) ?? 0,
    to: parseClock(to) ?? 0,
    except: except.flatMap((one) => (typeof one === 'string' ? (parseDays(one) ?? []) : [])),
    files: except.flatMap((one) => (typeof one === 'string' ? [] : (files.get(one.ics) ?? []))),
  }));
}
