/** A fenced block of a page in Markdown. */
export interface FencedBlock {
  /** behind the fence, such as `sh`; empty where nothing stands there */
  readonly language: string;
  /** with the last line's end */
  readonly text: string;
  /** of its first line within the page, from 1 */
  readonly line: number;
}

/** The fenced blocks of a page, in its order; those within a list lose the list's indentation. */
export function fencedBlocks(page: string): readonly FencedBlock[] {
  return [...page.matchAll(/^( *)```(\w*)\n([\s\S]*?)^\1```$/gm)].map((match) => {
    const [, indent = '', language = '', text = ''] = match;
    const line = page.slice(0, match.index).split('\n').length + 1;
    return { language, text: text.replace(new RegExp(`^${indent}`, 'gm'), ''), line };
  });
}
