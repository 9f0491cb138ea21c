import type { KeyedFormat } from '../../formats/keyed-format.ts';
import { applyEdits, lineEndOf, linesOf } from '../../formats/text.ts';

/**
 * An `include` line of keepalived's configuration. Key: the path that it names. Comments begin with `#` or
 * `!`; source: keepalived.conf(5), "comments" and "include".
 */
export const keepalivedInclude: KeyedFormat = {
  name: 'keepalived-include',
  get: (text, [path = '']) => (linesFor(text, path).length > 0 ? path : undefined),
  set: (text, key) => {
    const [path = ''] = key;
    if (linesFor(text, path).length > 0) return text;
    const lineEnd = lineEndOf(text);
    const ended = text === '' || /[\r\n]$/.test(text) ? '' : lineEnd;
    return `${text}${ended}include ${path}${lineEnd}`;
  },
  remove: (text, [path = '']) =>
    applyEdits(
      text,
      linesFor(text, path).map(({ start, next }) => ({ start, end: next, insert: '' })),
    ),
};

function linesFor(text: string, path: string) {
  return linesOf(text).filter(({ start, end }) => includedBy(text.slice(start, end)) === path);
}

function includedBy(line: string): string | undefined {
  return /^[ \t\uFEFF]*include[ \t]+(\S+)[ \t]*(?:[#!].*)?$/.exec(line)?.[1];
}

/** Whether somebody else has configured something in this file, beside includes of clusters' own files. */
export function hasOthers(text: string, folder: string): boolean {
  return linesOf(text).some(({ start, end }) => {
    const line = text.slice(start, end).replace(/^\uFEFF/, '');
    const isComment = /^\s*(?:[#!].*)?$/.test(line);
    return !isComment && includedBy(line)?.startsWith(`${folder}/`) !== true;
  });
}
