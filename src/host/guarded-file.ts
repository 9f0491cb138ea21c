import type { AnswerReader } from './answer-reader.ts';
import { fieldSeparator } from './records.ts';

/**
 * A file in a folder of another account, as `read_inside` of probe.sh reports it: attributes of folder and
 * file, the bytes, and the attributes after reading. Returns a reason instead of the bytes if the owner of
 * the folder may only have made a hard link to another user's file. Throws the result of `exchanged` if the
 * name referred to different files meanwhile.
 */
export function readGuarded(reader: AnswerReader, exchanged: () => Error): Buffer | string {
  const before = reader.lines();
  const [folder, file] = before.map(identity);
  if (folder === undefined || file === undefined || reader.section() !== 'guarded-content') throw exchanged();
  const content = reader.counted(file.size);
  if (content === undefined || reader.section() !== 'guarded-again') throw exchanged();
  const after = reader.lines();
  if (!file.isRegular || before.join() !== after.join()) throw exchanged();
  if (file.links > 1 && (file.owner === '0' || file.owner !== folder.owner)) {
    return "a hard link to another user's file, in a folder in which users other than root can create or rename files";
  }
  // A copy, so that keeping one file does not keep the whole answer in memory.
  return Buffer.from(content);
}

/** Its mode in hexadecimal, size, number of links, and owner. */
function identity(line: string) {
  const [mode = '', size = '', links = '', owner = ''] = line.split(fieldSeparator);
  return { isRegular: /^8...$/.test(mode), size: Number(size), links: Number(links), owner };
}
