import { writeSync } from 'node:fs';

/** Writes all of a text: a file takes but a part of it when a disk gets full, and says so the next time. */
export function writeWhole(file: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) rest = rest.subarray(writeSync(file, rest));
}
