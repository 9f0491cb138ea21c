/** Lossless reading and editing of HAProxy configuration files; see the comments of each function. */
export {
  removeHaproxyLines,
  setRulesBlock,
  setSectionsBlock,
  setSectionsBlocks,
} from './haproxy/edits.ts';
export { haproxyGlobal } from './haproxy/globals.ts';
export { type HaproxyLine, readSections, type Section, strayLines } from './haproxy/sections.ts';
export { quoteWord, type Word, wordsOf } from './haproxy/words.ts';
export { managedBlockRanges, managedBlocks, removeManagedBlock } from './managed-blocks.ts';
