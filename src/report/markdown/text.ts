import { visible } from '../visible.ts';

// Whatever stands in a summary comes through here, so that neither a host's file nor its name can become
// markup, a link or a mention of somebody. Forms: CommonMark 0.31.2, GitHub Flavored Markdown 0.29.

/** What GitHub, GitLab and chats make something of that is no Markdown: nothing is seen of it. */
const nothing = '\u200b';

/** A text in a line of its own or a cell: no markup, no HTML, no mention; addresses become code. */
export function text(words: string): string {
  return visible(words)
    .replace(/\s+/g, ' ')
    .trim()
    .split(/(\b(?:https?|ftp):\/\/[^\s<>`]+|\bwww\.[^\s<>`]+)/i)
    .map((part, index) => (index % 2 === 1 ? code(part) : plain(part)))
    .join('');
}

function plain(words: string): string {
  return (
    words
      .replace(/[\\`*_[\]|~$]/g, '\\$&')
      // What begins a list or a heading, or draws a line, if the text begins a line.
      .replace(/^([-+=])/, '\\$1')
      .replace(/^(\d+)([.)])/, '$1\\$2')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replace(/:(?=[\w+-]+:)/g, '\\:')
      .replace(/@/g, `@${nothing}`)
      .replace(/#/g, `\\#${nothing}`)
      .replace(/\b(GH)-(?=\d)/gi, `$1-${nothing}`)
  );
}

/** A name, a path or a value, letter by letter (CommonMark, 6.1): its fence is longer than any in it. */
export function code(words: string): string {
  // A table's cells end at a bar, in code as well (GFM, 4.10).
  const shown = visible(words).replace(/\s+/g, ' ').trim().replaceAll('|', '\\|');
  if (shown === '') return '';
  const fence = '`'.repeat(longestRun(shown, '`') + 1);
  const padding = shown.startsWith('`') || shown.endsWith('`') ? ' ' : '';
  return `${fence}${padding}${shown}${padding}${fence}`;
}

/** Lines as they are (CommonMark, 4.5), in a fence that is longer than any in them. */
export function block(lines: string, language = ''): string {
  const shown = visible(lines).replace(/\n+$/, '');
  const fence = '`'.repeat(Math.max(3, longestRun(shown, '`') + 1));
  return `${fence}${language}\n${shown}\n${fence}`;
}

/** What is folded until somebody opens it. Markdown in it needs empty lines around. */
export function folded(summary: string, body: string): string {
  return `<details>\n<summary>${inHtml(summary)}</summary>\n\n${body}\n\n</details>`;
}

function inHtml(words: string): string {
  return visible(words)
    .replace(/\s+/g, ' ')
    .trim()
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_[\]~$|]|:(?=[\w+-]+:)/g, (mark) => `&#${mark.charCodeAt(0)};`)
    .replace(/[@#](?!\d+;)/g, (mark) => `${mark}${nothing}`);
}

function longestRun(within: string, character: string): number {
  let longest = 0;
  let run = 0;
  for (const one of within) {
    run = one === character ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}
