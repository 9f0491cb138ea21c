import { OperatorError } from '../model/operator-error.ts';

/** Between the fields of a record; not white space to a shell's IFS, so empty fields survive. */
export const fieldSeparator = '\u001f';

/**
 * One line of fields for a remote program. Throws an OperatorError `control-character` where a field holds
 * one, as it would end the line or the field; file contents travel another way.
 */
export function record(...fields: readonly (string | number)[]): string {
  for (const field of fields) {
    if (typeof field === 'string' && /[\u0000-\u001f\u007f]/.test(field)) {
      throw new OperatorError({
        code: 'control-character',
        message: `${JSON.stringify(field)} holds a control character`,
        next: 'paths, names, addresses and arguments may hold printable characters only',
      });
    }
  }
  return fields.join(fieldSeparator);
}

/**
 * Arguments of a program or query with their count before them: a last empty field would get lost otherwise.
 */
export function counted(fields: readonly string[]): readonly (string | number)[] {
  return [fields.length, ...fields];
}

/** Text of a host as it may reach a terminal: control characters but line ends and tabs are taken out. */
export function printable(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}

/** The fields of a record. */
export function fields(line: string): string[] {
  return line.split(fieldSeparator);
}

/** A text before the separator and behind it; nothing behind it where there is none. */
export function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}
