import { afterLineEnd, type Edit, errorAt, lineStart, lineStop } from '../text.ts';
import { type Token, tokensOf } from './tokens.ts';

/** What is between two braces; their tokens are not among the words of the statement. */
export interface Block {
  readonly open: Token;
  readonly close: Token;
  readonly statements: readonly Statement[];
}

/** A directive, or a site with its addresses: the words of a line, and the block that it opens. */
export interface Statement {
  readonly words: readonly Token[];
  readonly block?: Block;
  readonly start: number;
  readonly end: number;
}

/** Nobody nests blocks that deeply, and whoever goes down block by block must not run out of stack. */
const DEEPEST = 500;

interface Open {
  words: Token[];
  readonly brace: Token | undefined;
  readonly statements: Statement[];
}

/**
 * The statements of a Caddyfile, by the rules of Caddy's parser: `{` at the end of a line opens a block, `}`
 * on a line of its own closes one. Addresses of a site may go on in the next line after a comma. FormatError
 * where braces don't match or stand elsewhere.
 */
export function scanCaddyfile(text: string): readonly Statement[] {
  const stack: Open[] = [];
  let current: Open = { words: [], brace: undefined, statements: [] };
  const tokens = tokensOf(text);
  for (const [index, token] of tokens.entries()) {
    const isGoingOn = stack.length === 0 && current.words.at(-1)?.text.endsWith(',') === true;
    if (token.opensLine && !isGoingOn) endLine(current);
    if (token.isQuoted || (token.text !== '{' && token.text !== '}')) {
      current.words.push(token);
      continue;
    }
    const next = tokens[index + 1];
    if (next !== undefined && !next.opensLine) {
      throw errorAt(text, next.start, `unexpected ${JSON.stringify(next.text)} after "${token.text}"`);
    }
    if (token.text === '{') {
      if (stack.length >= DEEPEST) {
        throw errorAt(text, token.start, `more than ${DEEPEST} blocks are nested here`);
      }
      stack.push(current);
      current = { words: [], brace: token, statements: [] };
      continue;
    }
    const outer = stack.pop();
    const { brace: open, statements } = current;
    if (outer === undefined || open === undefined) {
      throw errorAt(text, token.start, 'unexpected "}": no block is open');
    }
    const [first] = current.words;
    if (first !== undefined) {
      throw errorAt(text, token.start, `unexpected "}" behind ${JSON.stringify(first.text)}`);
    }
    const start = outer.words[0]?.start ?? open.start;
    const block = { open, close: token, statements };
    outer.statements.push({ words: outer.words, block, start, end: token.end });
    outer.words = [];
    current = outer;
  }
  if (current.brace !== undefined) {
    throw errorAt(text, current.brace.start, 'the block opened here is never closed by "}"');
  }
  endLine(current);
  return current.statements;
}

function endLine(open: Open): void {
  const [first] = open.words;
  const last = open.words.at(-1);
  if (first === undefined || last === undefined) return;
  open.statements.push({ words: open.words, start: first.start, end: last.end });
  open.words = [];
}

/** The edit that removes a statement; a comment on the same line stays. */
export function removalOf(text: string, { start, end }: Pick<Statement, 'start' | 'end'>): Edit {
  const begin = lineStart(text, start);
  const stop = lineStop(text, end);
  const blank = /^[ \t\uFEFF]*$/;
  if (!blank.test(text.slice(begin, start)) || !blank.test(text.slice(end, stop))) {
    return { start, end, insert: '' };
  }
  return { start: begin + (text[begin] === '\uFEFF' ? 1 : 0), end: afterLineEnd(text, stop), insert: '' };
}
