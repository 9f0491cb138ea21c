import type { Problem } from '../model/operator-error.ts';

/** In bytes; passwords and keys on one line are shorter than this. */
export const longestSecret = 8192;

/**
 * Why a value can't be used as a secret; undefined if it can. It must fit on one line of whatever file it
 * goes to, and an empty one is most likely a mistake that would leave a door open.
 */
export function unusable(value: string, source: string): Problem | undefined {
  const wrong = (message: string, next: string): Problem => ({ code: 'secret-unusable', message, next });
  if (value.trim() === '') return wrong(`${source} holds an empty secret`, 'put the secret into it');
  if (Buffer.byteLength(value) > longestSecret)
    return wrong(tooLong(source), 'use a single line of text as the secret');
  if (/[\0-\x1f\x7f-\x9f\u2028\u2029]/.test(value)) {
    const lines = value.includes('\n') ? 'more than one line' : 'a control character';
    return wrong(
      `${source} holds a secret with ${lines} in it`,
      'use a single line of text; to install a secret of several lines, let a step install a file',
    );
  }
  return undefined;
}

export function tooLong(source: string): string {
  return `the secret from ${source} is longer than ${longestSecret} bytes`;
}

/**
 * Bytes as text, without the single line end that editors and programs add; undefined if they aren't UTF-8.
 */
export function textOf(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes).replace(/\r?\n$/, '');
  } catch {
    return undefined;
  }
}

export function notText(source: string): Problem {
  return {
    code: 'secret-unusable',
    message: `the secret from ${source} is not UTF-8 text`,
    next: 'encode it as one line of text, for example as base64',
  };
}
