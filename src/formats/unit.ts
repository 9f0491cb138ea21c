import { FormatError } from './format-error.ts';
import type { KeyedFormat, Value } from './keyed-format.ts';
import {
  applyEdits,
  type Edit,
  isEscaped,
  isList,
  lineEndOf,
  lineStart,
  sameValue,
  scalarText,
} from './text.ts';
import { replaceVariable, variablesOf, withoutVariables } from './unit/environment.ts';
import { type Assignment, sectionsOf } from './unit/lines.ts';
import { environmentWord } from './unit/words.ts';

/**
 * systemd unit files and drop-ins (systemd.syntax(7)). A key is [Section, Key]; if a key occurs several
 * times, the value is a list of all its values in order, including empty ones (which reset those before
 * them). These values are as in the file: `%` and quotes mean what they mean to systemd.
 *
 * [Section, 'Environment', NAME] is one variable within the section's `Environment=` lines, as the service
 * gets it: quotes, escapes and `%%` are decoded and encoded. A new one gets its own line.
 *
 * A missing section is created after a blank line; `remove` also removes that blank line and the header if
 * the section is then empty. So `remove` after `set` of an absent key restores the same bytes, except for a
 * missing line end.
 */
export const unit: KeyedFormat = {
  name: 'unit',

  get(text, key) {
    const { section, name, variable } = parts(key);
    if (variable !== undefined) {
      const last = variablesOf(text, section, variable).at(-1);
      if (last !== undefined && last.value === undefined) {
        throw new FormatError(`${variable} contains a specifier (%) or bytes that only systemd can resolve`);
      }
      return last?.value;
    }
    const values = assignmentsOf(text, section, name).map(({ value }) => value);
    return values.length > 1 ? values : values[0];
  },

  set(text, key, value) {
    const { section, name, variable } = parts(key);
    if (!/^[^\p{Cc}[\]]+$/u.test(section) || !/^[A-Za-z0-9-]+$/.test(name)) {
      throw new FormatError(`${JSON.stringify(key)} is not a section and key of a unit file`);
    }
    if (variable !== undefined) {
      return setVariable(text, section, variable, scalarText(value));
    }
    const wanted = (isList(value) ? value : [value]).map(lineValue);
    const now = assignmentsOf(text, section, name);
    if (wanted.length === 0) {
      throw new FormatError(
        'an empty list has no effect: remove the key, or set it to "" to reset what other files set',
      );
    }
    if (
      sameValue(
        now.map((one) => one.value),
        wanted,
      )
    ) {
      return text;
    }
    const edits = now.slice(wanted.length).map(({ start, next }): Edit => ({ start, end: next, insert: '' }));
    for (const [i, { start, end, value: old, commented }] of now.slice(0, wanted.length).entries()) {
      if (old !== wanted[i]) {
        refuseCommented(commented);
        edits.push({ start, end, insert: `${name}=${wanted[i]}` });
      }
    }
    const added = wanted.slice(now.length).map((one) => `${name}=${one}`);
    return applyEdits(text, [
      ...edits,
      ...(added.length === 0 ? [] : [addition(text, section, now.at(-1), added)]),
    ]);
  },

  remove(text, key) {
    const { section, name, variable } = parts(key);
    if (variable === undefined) {
      const gone = assignmentsOf(text, section, name);
      return withoutEmptySection(
        text,
        section,
        gone.map(({ start, next, commented }) => {
          refuseCommented(commented);
          return { start, end: next, insert: '' };
        }),
      );
    }
    const edits = withoutVariables(variablesOf(text, section, variable));
    return withoutEmptySection(text, section, edits);
  },

  rest(text, key) {
    const values: Record<string, Value[]> = {};
    for (const { name, assignments } of sectionsOf(unit.remove(text, key))) {
      for (const one of assignments) {
        const path = `[${name}] ${one.key}`;
        values[path] = [...(values[path] ?? []), one.value];
      }
    }
    return values;
  },
};

function parts(key: readonly string[]): { section: string; name: string; variable: string | undefined } {
  const [section, name, variable, ...more] = key;
  if (
    section === undefined ||
    name === undefined ||
    more.length > 0 ||
    (variable !== undefined && name !== 'Environment')
  ) {
    throw new FormatError(
      `expected [Section, Key] or [Section, 'Environment', NAME], found ${JSON.stringify(key)}`,
    );
  }
  return { section, name, variable };
}

function assignmentsOf(text: string, section: string, name: string): Assignment[] {
  return sectionsOf(text)
    .filter((one) => one.name === section)
    .flatMap(({ assignments }) => assignments.filter(({ key }) => key === name));
}

function lineValue(value: Value): string {
  const line = scalarText(value);
  if (/[^\P{Cc}\t]|\p{Surrogate}/u.test(line) || /^\s|\s$/.test(line)) {
    throw new FormatError(`expected one line without blanks at its ends, found ${JSON.stringify(line)}`);
  }
  if (isEscaped(line, line.length)) {
    throw new FormatError(`${JSON.stringify(line)} ends in a backslash, which would join the next line`);
  }
  return line;
}

function setVariable(text: string, section: string, name: string, value: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new FormatError(`${JSON.stringify(name)} cannot be a variable's name`);
  }
  const word = environmentWord(name, value);
  const all = variablesOf(text, section, name);
  const last = all.at(-1);
  if (last === undefined) {
    const line = assignmentsOf(text, section, 'Environment').at(-1);
    return applyEdits(text, [addition(text, section, line, [`Environment=${word}`])]);
  }
  const edits = withoutVariables(all.slice(0, -1));
  return applyEdits(text, last.value === value ? edits : [...edits, replaceVariable(last, word)]);
}

/** New lines in a section: after `after`, or else at the end of the section, or else in a new section. */
function addition(
  text: string,
  section: string,
  after: Assignment | undefined,
  lines: readonly string[],
): Edit {
  const lineEnd = lineEndOf(text);
  const last = sectionsOf(text).findLast(({ name }) => name === section);
  const place = after ?? last?.assignments.at(-1) ?? last;
  if (place === undefined) {
    const lead = text === '' || text === '\uFEFF' ? '' : /[\r\n]$/.test(text) ? lineEnd : lineEnd + lineEnd;
    const insert = lead + [`[${section}]`, ...lines].map((line) => line + lineEnd).join('');
    return { start: text.length, end: text.length, insert };
  }
  if (/\\(?:\r\n|\n|\r)?$/.test(text.slice(place.start, place.next))) {
    throw new FormatError('the file ends in a backslash, which would join whatever is added');
  }
  const ended = place.next > place.end;
  return {
    start: place.next,
    end: place.next,
    insert: (ended ? '' : lineEnd) + lines.map((line) => line + lineEnd).join(''),
  };
}

/**
 * The edited text; a section that lost its last line in the edits is removed with its header and the blank
 * line above it.
 */
function withoutEmptySection(text: string, section: string, edits: readonly Edit[]): string {
  const edited = applyEdits(text, edits);
  if (edited === text) {
    return text;
  }
  const before = sectionsOf(text).filter(({ name }) => name === section);
  const empty = sectionsOf(edited)
    .filter(({ name }) => name === section)
    .filter(
      (one, i) => one.assignments.length === 0 && !one.hasOther && (before[i]?.assignments.length ?? 0) > 0,
    );
  return applyEdits(
    edited,
    empty.map(({ start, next }) => {
      const bom = edited[start] === '\uFEFF' ? 1 : 0;
      return { start: start - blankLineBefore(edited, start) + bom, end: next, insert: '' };
    }),
  );
}

/** The length of the blank line before an offset, with its line end; 0 if the line before it has text. */
function blankLineBefore(text: string, offset: number): number {
  const lineEnd = /\r?\n$|\r$/.exec(text.slice(Math.max(0, offset - 2), offset))?.[0].length ?? 0;
  return lineStart(text, offset - lineEnd) === offset - lineEnd ? lineEnd : 0;
}

function refuseCommented(commented: boolean): void {
  if (commented) {
    throw new FormatError('an assignment with comments between its lines: edit it by hand');
  }
}
