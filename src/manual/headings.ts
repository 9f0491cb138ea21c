/** A heading of a page of the manual. */
export interface Heading {
  /** as links name it behind `#` */
  readonly anchor: string;
  readonly title: string;
  /** 1 for the page's title */
  readonly level: number;
  /** which of the page's headings it is, from 0 */
  readonly index: number;
  /** where it stands among the lines of the page, from 0 */
  readonly line: number;
}

/** The headings of a page, in its order; what looks like one in a code block is none. */
export function headingsOf(text: string): readonly Heading[] {
  const found: Heading[] = [];
  let fenced = false;
  for (const [line, words] of text.split('\n').entries()) {
    if (words.trim().startsWith('```')) fenced = !fenced;
    const [, marks, title] = fenced ? [] : (/^(#+) (.*)/.exec(words) ?? []);
    if (marks !== undefined && title !== undefined)
      found.push({
        ...{ anchor: anchorOf(title), title: title.replaceAll('`', '') },
        ...{ level: marks.length, index: found.length, line },
      });
  }
  return found;
}

/** The anchor that GitHub makes of a heading. */
export function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

/** A page's text from a heading on, up to the next one that isn't below it. */
export function sectionOf(text: string, { line, level }: Heading): string {
  const next = headingsOf(text).find((one) => one.line > line && one.level <= level);
  return `${text.split('\n').slice(line, next?.line).join('\n').trimEnd()}\n`;
}

/**
 * Links within a page as links to this page by its name, so that a reader of one section can follow them;
 * those that have the very words of the heading stay, as in a list of contents.
 */
export function withOwnName(text: string, name: string): string {
  return text.replace(/\[((?:`[^`]*`|[^\]`])+)\]\(#([\w-]+)\)/g, (link, words: string, anchor: string) =>
    anchorOf(words.replace(/\s+/g, ' ')) === anchor ? link : `[${words}](${name}.md#${anchor})`,
  );
}

/** A page without the comments that are for those who write it, each of which has a line of its own. */
export function withoutComments(text: string): string {
  return text.replace(/^<!--.*-->\n/gm, '');
}
