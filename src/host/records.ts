import { OperatorError } from '../model/operator-error.ts';

/** Separates the fields of a record. It isn't white space in a shell's IFS, so empty fields survive. */
export const fieldSeparator = '\u001f';

/**
 * One line of fields for a remote program. Throws an OperatorError `control-character` if a field contains
 * one, as it would end the line or the field; file contents are sent separately.
 */
export function record(...fields: readonly (string | number)[]): string {
  for (const field of fields) {
    if (typeof field === 'string' && /[\u0000-\u001f\u007f]/.test(field)) {
      throw new OperatorError({
        code: 'control-character',
        message: `${JSON.stringify(field)} contains a control character`,
        next: 'use only printable characters in paths, names, addresses and arguments',
      });
    }
  }
  return fields.join(fieldSeparator);
}

/** Arguments of a program or query, preceded by their count: otherwise an empty last field would be lost. */
export function counted(fields: readonly string[]): readonly (string | number)[] {
  return [fields.length, ...fields];
}

/** A host's text, safe for a terminal: control characters except line ends and tabs are removed. */
export function printable(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}

/** The fields of a record. */
export function fields(line: string): string[] {
  return line.split(fieldSeparator);
}

/** The text before and after a separator; the second part is empty if there is no separator. */
export function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}
