import { FormatError } from './format-error.ts';
import type { KeyedFormat, Value } from './keyed-format.ts';
import { leavesAlone } from './shell-code.ts';
import { type Statement, statementsOf } from './shell-statements.ts';
import { readAsShell, readAsSystemd, writeShellValue } from './shell-value.ts';
import { applyEdits, type Edit, errorAt, lineEndOf, scalarText, singleName } from './text.ts';

/**
 * Files of shell assignments, such as `/etc/default/*`, which are read by `sh -c '. FILE'` *and* by systemd's
 * `EnvironmentFile=` (systemd.exec(5)). The two differ in how they treat quotes within words, comments after
 * values, `$` and `export`; whatever is written here reads the same to both.
 *
 * - `get` returns what systemd, and thus the services, read; for `export NAME=…`, which systemd ignores, it
 *   returns what sh reads.
 * - `set` leaves a single definition alone if both read the value. Of several, the last one stays and gets
 *   the value. `export NAME=…` becomes `NAME=…` and `export NAME`, which systemd silently ignores. A comment
 *   after the value, which systemd takes as part of it, moves to its own line.
 * - Files with shell code by which a definition may not be reached or not be the one that counts (`if`, a
 *   line that ends in `&&`, functions, here-documents, `exit`, `unset`, `. FILE`, …) are refused.
 * - In files with CR LF, systemd drops the CR and sh keeps it; nothing written here can change that.
 * - `remove` after `set` of an absent name restores the same bytes, except for a line end that was missing at
 *   the end of the text.
 */
export const shellEnv: KeyedFormat = {
  name: 'shell-env',

  get(text, key) {
    const last = definitionsOf(text, singleName(key)).at(-1);
    if (last === undefined) {
      return undefined;
    }
    if (last.exported) {
      refuseCode(text, last.name);
    }
    const value = last.exported ? readAsShell(last.raw)?.value : readAsSystemd(last.raw);
    if (value === undefined) {
      throw errorAt(text, last.start, `the value of ${key[0]} is computed by the shell: ${last.raw}`);
    }
    return value;
  },

  set(text, key, value) {
    const name = singleName(key);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new FormatError(`${JSON.stringify(name)} cannot be a variable's name`);
    }
    const wanted = scalarText(value);
    const written = writeShellValue(wanted, '');
    refuseCode(text, name);
    const all = definitionsOf(text, name);
    const last = all.pop();
    if (last === undefined) {
      return checked(append(text, `${name}=${written}`), name, wanted);
    }
    const edits: Edit[] = all.map(({ start, next }) => ({ start, end: next, insert: '' }));
    if (!readsAs(last, wanted)) {
      edits.push(rewrite(text, last, wanted));
    }
    return checked(applyEdits(text, edits), name, wanted);
  },

  remove(text, key) {
    const name = singleName(key);
    const all = definitionsOf(text, name);
    if (all.length === 0) {
      return text;
    }
    refuseCode(text, name);
    const exports = statementsOf(text).filter((statement) => isExportOf(statement, name));
    return applyEdits(
      text,
      [...all, ...exports].map(({ start, next }) => ({ start, end: next, insert: '' })),
    );
  },

  rest(text, key) {
    const name = singleName(key);
    const values: Record<string, Value> = {};
    const code: Value[] = [];
    for (const one of statementsOf(text)) {
      if (one.kind === 'other' && !isExportOf(one, name)) code.push(one.raw.trim());
      if (one.kind !== 'assignment' || one.name === name) continue;
      const read = one.exported ? readAsShell(one.raw)?.value : readAsSystemd(one.raw);
      values[one.name] = [read ?? one.raw, one.exported];
    }
    return { values, code };
  },
};

function isExportOf(statement: Statement, name: string): boolean {
  return statement.kind === 'other' && statement.raw.trim() === `export ${name}`;
}

type Definition = Extract<Statement, { kind: 'assignment' }>;

function definitionsOf(text: string, name: string): Definition[] {
  const statements = statementsOf(text);
  for (const { kind, raw, start } of statements) {
    // systemd reads each line of such a statement separately, whereas sh reads them together.
    if (kind === 'other' && raw.includes('\n') && raw.includes(`${name}=`)) {
      throw errorAt(text, start, `shell code over several lines that names ${name}`);
    }
  }
  const found = statements.filter(
    (statement): statement is Definition => statement.kind === 'assignment' && statement.name === name,
  );
  for (const definition of found) {
    if (definition.behindOpenComment) {
      throw errorAt(
        text,
        definition.start,
        `the comment above ${name} ends in a backslash, so systemd before 254 takes ${name} as part of it`,
      );
    }
  }
  return found;
}

function readsAs(definition: Definition, value: string): boolean {
  return (
    !definition.exported &&
    readAsSystemd(definition.raw) === value &&
    readAsShell(definition.raw)?.value === value
  );
}

/** The edited text, if it reads back as written; the surrounding text can prevent that. */
function checked(text: string, name: string, value: string): string {
  refuseCode(text, name);
  const [definition, ...others] = definitionsOf(text, name);
  if (definition === undefined || others.length > 0 || !readsAs(definition, value)) {
    throw new FormatError(`${name} would not read back as written, because of the surrounding text`);
  }
  return text;
}

function rewrite(text: string, definition: Definition, value: string): Edit {
  const { start, valueStart, end, name, raw, exported } = definition;
  const indent = /^[ \t]*/.exec(text.slice(start, end))?.[0] ?? '';
  const lineEnd = lineEndOf(text);
  const comment = readAsShell(raw)?.comment ?? '';
  const line = `${name}=${writeShellValue(value, raw)}`;
  if (comment === '' && !exported) {
    return { start: valueStart, end, insert: line.slice(name.length + 1) };
  }
  const lines = [...(comment === '' ? [] : [comment]), line, ...(exported ? [`export ${name}`] : [])];
  return { start, end, insert: lines.map((one) => indent + one).join(lineEnd) };
}

function append(text: string, line: string): string {
  const lineEnd = lineEndOf(text);
  const ended = text === '' || /[\r\n]$/.test(text);
  // A backslash at the end would join the new line to the last one; an empty line between them prevents that.
  const open = /\\(?:\r\n|\n|\r)?$/.test(text);
  return text + (ended ? '' : lineEnd) + (open ? lineEnd : '') + line + lineEnd;
}

/** Throws if the file contains code that may decide whether `name` is set, or to what value. */
function refuseCode(text: string, name: string): void {
  if (!/^\w+$/.test(name)) {
    return;
  }
  const mention = new RegExp(`(?<![\\w$\\{])${name}(?!\\w)`);
  const assigns = new RegExp(`(?<!\\w)${name}\\+?=`);
  for (const statement of statementsOf(text)) {
    if (statement.kind === 'assignment' && readAsShell(statement.raw) !== undefined) {
      continue;
    }
    const { start } = statement;
    if (statement.kind === 'assignment' && statement.name !== name && assigns.test(statement.raw)) {
      throw errorAt(text, start, `a line that may set ${name} in addition to ${statement.name}`);
    }
    const code = text.slice(start, statement.end).trim();
    if (!leavesAlone(code, name)) {
      throw errorAt(text, start, `expected only assignments, found the shell code ${JSON.stringify(code)}`);
    }
    if (statement.kind === 'other' && mention.test(code) && !/^export(?:[ \t]+\w+)+$/.test(code)) {
      throw errorAt(
        text,
        start,
        `expected ${name}=value, found ${name} in the shell code ${JSON.stringify(code)}`,
      );
    }
  }
}
