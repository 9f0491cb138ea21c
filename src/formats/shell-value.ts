import { FormatError } from './format-error.ts';
import { isEscaped } from './text.ts';

/** What a shell reads from the text after `NAME=`, if that is the same on every run. */
export interface ShellReading {
  readonly value: string;
  /** the comment after the value; '' if there is none */
  readonly comment: string;
}

/**
 * What sh reads from `raw`, the text after `NAME=` (POSIX.1-2017, Shell Command Language, 2.2 Quoting);
 * undefined if it would expand something or run a command.
 */
export function readAsShell(raw: string): ShellReading | undefined {
  const token =
    /\\\r?\n|\\(?<escaped>[\s\S])|'(?<single>[^']*)'|"(?<double>(?:\\[\s\S]|[^"\\$`])*)"|(?<blank>[ \t]+)|(?<plain>[^\\'"\s$`;&|<>()~]|(?<!:)(?!^)~)/y;
  let value = '';
  while (token.lastIndex < raw.length) {
    const groups = token.exec(raw)?.groups;
    if (groups === undefined) {
      return undefined;
    }
    const { escaped, single, double, blank, plain } = groups;
    if (blank !== undefined) {
      const rest = raw.slice(token.lastIndex);
      return rest === '' || rest.startsWith('#') ? { value, comment: rest } : undefined;
    }
    value +=
      escaped ?? single ?? double?.replace(/\\(\r?\n|["\\$`])/g, (_, c: string) => c.trim()) ?? plain ?? '';
  }
  return { value, comment: '' };
}

/**
 * What systemd's EnvironmentFile= reads from `raw`, the text after `NAME=`: the states of
 * `parse_env_file_internal` in systemd's env-file.c. Quotes count only at the start of the value, or right
 * after a quotation.
 */
export function readAsSystemd(raw: string): string {
  const quoted = /[ \t]*(?:'([^']*)'|"((?:\\[\s\S]|[^"\\])*)"|\\\r?\n)/y;
  let value = '';
  let at = 0;
  for (let found = quoted.exec(raw); found !== null; found = quoted.exec(raw)) {
    at = quoted.lastIndex;
    if (found[0].endsWith('\n') && found[1] === undefined && found[2] === undefined) {
      break;
    }
    value +=
      found[1] ?? (found[2] ?? '').replace(/\\(\r?\n|["\\$`])/g, (_, c: string) => (/\n/.test(c) ? '' : c));
  }
  const rest = raw.slice(at).replace(/^[ \t]+/, '');
  let end = rest.length;
  while (rest[end - 1] === ' ' || rest[end - 1] === '\t') end--;
  // An escaped blank stays, even at the end; a backslash at the end is dropped.
  const kept = !isEscaped(rest, end)
    ? rest.slice(0, end)
    : rest.slice(0, end < rest.length ? end + 1 : end - 1);
  return value + kept.replace(/\\(\r?\n|[\s\S])/g, (_, c: string) => (/\n/.test(c) ? '' : c));
}

/**
 * A value in a form that sh and every version of systemd read alike: bare if no character has a special
 * meaning, in single quotes if the old text has them and they can hold it, otherwise in double quotes with
 * `"`, `\`, `$` and the backtick escaped. (In single quotes, systemd before 242 took the backslash as an
 * escape.) FormatError for control characters other than the tab.
 */
export function writeShellValue(value: string, old: string): string {
  const found = /[^\P{Cc}\t]|\p{Surrogate}/u.exec(value);
  if (found !== null) {
    throw new FormatError(
      `${JSON.stringify(found[0])} cannot be written in a value that both sh and systemd read`,
    );
  }
  const quote = /^['"]/.exec(old)?.[0];
  if (value === '' || (quote === undefined && /^[A-Za-z0-9_./:@%+,=-]+$/.test(value))) {
    return value;
  }
  return quote === "'" && !/['\\]/.test(value) ? `'${value}'` : `"${value.replace(/["\\$`]/g, '\\$&')}"`;
}
