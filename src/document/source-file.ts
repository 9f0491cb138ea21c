import { readFile } from 'node:fs/promises';
import { OperatorError } from '../model/operator-error.ts';
import { reasonOf } from './reason.ts';

/** One of the operator's text files, without its byte order mark. */
export interface SourceFile {
  /** as the operator named it */
  readonly file: string;
  readonly text: string;
}

/** In bytes; a larger file was not written by hand. */
const maximumSize = 4 * 1024 * 1024;

/**
 * Read one of the operator's YAML files. Throws OperatorError if it doesn't exist, can't be read, or isn't
 * UTF-8, the only encoding of YAML that editors still write (YAML 1.2.2, 5.2, allows UTF-16 and UTF-32 as
 * well).
 */
export async function readSourceFile(file: string, missingHint: string): Promise<SourceFile> {
  const bytes = await readBytes(file, missingHint);
  if (bytes.length > maximumSize) {
    throw new OperatorError({
      code: 'file-too-large',
      message: `${file} has ${bytes.length} bytes; expected a YAML file of at most ${maximumSize}`,
      next: 'check that it is the right file',
    });
  }
  return { file, text: decodeUtf8(file, bytes) };
}

async function readBytes(file: string, missingHint: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new OperatorError({
        code: 'file-missing',
        message: `${file} does not exist`,
        next: missingHint,
      });
    }
    if (code === 'EISDIR') {
      throw new OperatorError({
        code: 'file-is-directory',
        message: `${file} is a directory; expected a YAML file`,
        next: missingHint,
      });
    }
    if (code === 'EACCES' || code === 'EPERM') {
      throw new OperatorError({
        code: 'file-unreadable',
        message: `${file} can't be read: permission denied`,
        next: `check its permissions: ls -l ${file}`,
      });
    }
    throw new OperatorError({
      code: 'file-unreadable',
      message: `${file} can't be read: ${reasonOf(error)}`,
      next: 'check the path, and try to read the file yourself',
    });
  }
}

function decodeUtf8(file: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const offset = firstInvalidByte(bytes);
    const before = bytes
      .subarray(0, offset)
      .toString('utf8')
      .replace(/^\uFEFF/, '');
    const line = before.split('\n').length;
    const lineStart = before.lastIndexOf('\n') + 1;
    const end = bytes.indexOf(0x0a, offset);
    const rest = bytes.subarray(offset, end === -1 ? undefined : end).toString('latin1');
    const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
    throw new OperatorError({
      code: 'file-not-utf8',
      message: utf16
        ? `${file} is UTF-16; expected UTF-8`
        : `${file} has the byte 0x${(bytes[offset] ?? 0).toString(16)}, which is not UTF-8`,
      next: `save it as UTF-8, e.g. iconv -f ${utf16 ? 'UTF-16' : 'ISO-8859-1'} -t UTF-8 ${file}`,
      location: {
        file,
        line,
        column: before.length - lineStart + 1,
        text: printable((before.slice(lineStart) + rest).replace(/\r$/, '')),
      },
    });
  }
}

/**
 * Where the longest valid UTF-8 prefix ends. It is found by bisection, since each prefix of valid (or merely
 * truncated) text is itself valid or truncated.
 */
function firstInvalidByte(bytes: Buffer): number {
  let valid = 0;
  let invalid = bytes.length + 1;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (isUtf8(bytes.subarray(0, middle), { stream: true })) valid = middle;
    else invalid = middle;
  }
  while (!isUtf8(bytes.subarray(0, valid), { stream: false })) valid--;
  return valid;
}

function isUtf8(bytes: Uint8Array, options: { stream: boolean }): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, options);
    return true;
  } catch {
    return false;
  }
}

function printable(text: string): string {
  return text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, '?');
}
