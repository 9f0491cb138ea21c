import { FormatError } from '../format-error.ts';
import type { KeyedFormat } from '../keyed-format.ts';
import { applyEdits, lineEndOf, scalarText } from '../text.ts';
import { type HaproxyLine, readSections } from './sections.ts';

/**
 * A line of the section `global` with one word behind its name, such as `maxconn 2000`; of several, the last
 * one counts. Key: its name. A new one goes to the end of the section. FormatError without a `global`.
 */
export const haproxyGlobal: KeyedFormat = {
  name: 'haproxy-global',
  get: (text, [name = '']) => lineOf(text, name)?.args[0],
  set: (text, [name = ''], value) => {
    const word = lineOf(text, name)?.words[1];
    const written = scalarText(value);
    if (!/^[A-Za-z0-9_.-]+$/.test(written)) {
      throw new FormatError(`expected a word without special characters, found ${JSON.stringify(written)}`);
    }
    if (word === undefined) return added(text, `${name} ${written}`);
    if (word.text === written) return text;
    return applyEdits(text, [{ start: word.start, end: word.end, insert: written }]);
  },
  remove: (text, [name = '']) =>
    applyEdits(
      text,
      linesOf(text, name).map(({ start, next }) => ({ start, end: next, insert: '' })),
    ),
};

function linesOf(text: string, name: string): readonly HaproxyLine[] {
  return readSections(text)
    .filter(({ keyword }) => keyword === 'global')
    .flatMap(({ lines }) => lines.filter((line) => line.name === name && line.args.length === 1));
}

function lineOf(text: string, name: string): HaproxyLine | undefined {
  return linesOf(text, name).at(-1);
}

function added(text: string, written: string): string {
  const section = readSections(text).find(({ keyword }) => keyword === 'global');
  if (section === undefined) throw new FormatError('there is no section global');
  const last = section.lines.at(-1) ?? section.head;
  const lineEnd = lineEndOf(text);
  const open = /[\r\n]$/.test(text.slice(last.start, last.next)) ? '' : lineEnd;
  const insert = `${open}    ${written}${lineEnd}`;
  return applyEdits(text, [{ start: last.next, end: last.next, insert }]);
}
