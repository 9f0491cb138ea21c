import { isUtf8 } from 'node:buffer';
import { FormatError } from './format-error.ts';

/** A file's bytes as text, and how to convert it back. */
export interface Decoded {
  readonly text: string;
  /** the bytes of an edited text in the file's encoding; FormatError if the encoding lacks a character */
  encode(text: string): Buffer;
}

/**
 * Any bytes as text, such that `encode(text)` returns exactly these bytes: as UTF-8 if they are UTF-8 (a byte
 * order mark stays in the text as U+FEFF), otherwise as ISO 8859-1, which has a character for every byte.
 */
export function decode(bytes: Uint8Array): Decoded {
  const text = fromUtf8(bytes);
  return text === undefined
    ? { text: Buffer.from(bytes).toString('latin1'), encode: toLatin1 }
    : { text, encode: toUtf8 };
}

function fromUtf8(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes)) return undefined;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function toUtf8(text: string): Buffer {
  const found = /\p{Surrogate}/u.exec(text);
  if (found !== null) {
    throw new FormatError('half of a surrogate pair cannot be written as UTF-8');
  }
  return Buffer.from(text, 'utf8');
}

function toLatin1(text: string): Buffer {
  const found = /[^\0-\xff]/u.exec(text);
  if (found !== null) {
    throw new FormatError(
      `the file is not UTF-8, so it is kept as ISO 8859-1, which has no character ${JSON.stringify(found[0])}`,
    );
  }
  return Buffer.from(text, 'latin1');
}
