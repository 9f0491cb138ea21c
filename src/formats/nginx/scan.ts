import { errorAt } from '../text.ts';
import { luaBlockEnd } from './lua.ts';
import { type Token, tokensOf } from './tokens.ts';

/** One argument; `text` is what nginx sees, `raw` is `source.slice(start, end)` with quotes and escapes. */
export interface Argument {
  readonly text: string;
  readonly raw: string;
  readonly start: number;
  readonly end: number;
}

/** `open` and `close` are the offsets of the braces. The inside of a Lua block isn't parsed. */
export interface Block {
  readonly open: number;
  readonly close: number;
  readonly directives: readonly Directive[];
}

/** A directive with its range, from its name to the end of its `;` or `}`. */
export interface Directive {
  readonly name: string;
  readonly args: readonly Argument[];
  readonly start: number;
  readonly end: number;
  readonly block?: Block;
}

/**
 * The directives of an nginx configuration file or fragment, by nginx's own rules for tokens
 * (ngx_conf_read_token in ngx_conf_file.c), each with its exact place. Directives aren't interpreted. Throws
 * FormatError with line and column if braces, quotes or a `;` are missing, or if more than `deepest` blocks
 * are nested.
 */
export function scanNginx(text: string, { deepest = Number.POSITIVE_INFINITY } = {}): Directive[] {
  const lua = (open: number) => luaBlockEnd(text, open);
  const directives = scanBlock({ text, tokens: tokensOf(text), lua, deepest }, undefined).directives;
  return [...directives];
}

/**
 * The same for whoever goes down block by block, and must not run out of stack: nobody nests hundreds of
 * blocks, and nginx itself goes down in the same way.
 */
export function scanWalkable(text: string): Directive[] {
  return scanNginx(text, { deepest: 500 });
}

interface Scanner {
  readonly text: string;
  readonly tokens: Generator<Token, undefined, number | undefined>;
  readonly lua: (open: number) => number;
  readonly deepest: number;
}

interface Open {
  readonly args: Argument[];
  readonly directives: Directive[];
  /** the offset of the brace that opened the block; undefined for the text itself */
  readonly brace: number | undefined;
}

/**
 * Reads up to the brace that closes the block. Nested blocks are kept on a stack, since their depth isn't
 * bounded.
 */
function scanBlock(scanner: Scanner, brace: undefined): Open {
  const { text, tokens } = scanner;
  const stack: Open[] = [];
  let current: Open = { args: [], directives: [], brace };
  let resumeAt: number | undefined;
  for (;;) {
    const { value: token, done } = tokens.next(resumeAt);
    resumeAt = undefined;
    if (done || token === undefined) {
      break;
    }
    const [name] = current.args;
    if (token.kind === 'word') {
      current.args.push(token);
    } else if (token.kind === '}') {
      const outer = stack.pop();
      if (name !== undefined) {
        throw errorAt(text, name.start, `the directive ${name.raw} is not ended by ";", found "}"`);
      }
      if (outer === undefined || current.brace === undefined) {
        throw errorAt(text, token.start, 'unexpected "}": no block is open');
      }
      outer.directives.push(
        directive(outer.args, token.end, {
          open: current.brace,
          close: token.start,
          directives: current.directives,
        }),
      );
      outer.args.length = 0;
      current = outer;
    } else if (name === undefined) {
      throw errorAt(text, token.start, `unexpected "${token.kind}": expected a directive`);
    } else if (token.kind === ';') {
      current.directives.push(directive(current.args, token.end));
      current.args.length = 0;
    } else if (name.text.endsWith('_by_lua_block')) {
      const close = scanner.lua(token.start);
      current.directives.push(
        directive(current.args, close + 1, { open: token.start, close, directives: [] }),
      );
      current.args.length = 0;
      resumeAt = close + 1;
    } else {
      if (stack.length >= scanner.deepest) {
        throw errorAt(text, token.start, `more than ${scanner.deepest} blocks are nested here`);
      }
      stack.push(current);
      current = { args: [], directives: [], brace: token.start };
    }
  }
  const [unfinished] = current.args;
  if (unfinished !== undefined) {
    throw errorAt(
      text,
      unfinished.start,
      `the directive ${unfinished.raw} is not ended by ";" or a block, found the end of the text`,
    );
  }
  if (current.brace !== undefined) {
    throw errorAt(text, current.brace, 'the block opened here is never closed by "}"');
  }
  return current;
}

function directive(words: readonly Argument[], end: number, block?: Block): Directive {
  const [name, ...args] = words;
  return {
    name: name?.text ?? '',
    args,
    start: name?.start ?? end,
    end,
    ...(block === undefined ? {} : { block }),
  };
}
