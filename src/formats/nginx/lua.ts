import { errorAt } from '../text.ts';

/** What may contain braces without opening a block: long strings and comments, comments, strings. */
const LUA =
  /--\[(?<commentLevel>=*)\[[\s\S]*?\]\k<commentLevel>\]|--[^\n]*|\[(?<level>=*)\[[\s\S]*?\]\k<level>\]|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'|[{}]/g;

/**
 * The offset of the brace that closes the Lua block opened at `open` (lua-nginx-module's `*_by_lua_block`).
 */
export function luaBlockEnd(text: string, open: number): number {
  let depth = 0;
  LUA.lastIndex = open;
  for (let found = LUA.exec(text); found !== null; found = LUA.exec(text)) {
    depth += found[0] === '{' ? 1 : found[0] === '}' ? -1 : 0;
    if (depth === 0) {
      return found.index;
    }
  }
  throw errorAt(text, open, 'the Lua block that is opened here is never closed by "}"');
}
