import { decode } from '../formats/decode.ts';
import { FormatError } from '../formats/format-error.ts';
import { managedBlocks } from '../formats/managed-blocks.ts';
import type { SameFilesQuestion } from '../model/balancer-question.ts';
import type { Verdict } from '../model/outside-check.ts';
import { type Snapshot, stateIn } from '../model/snapshot.ts';
import { listed } from './listed.ts';

/**
 * Whether several hosts of which each may have to do another's work have the same files. A host that has
 * another program in its place has none of these files, and is left out.
 */
export function judgeSameFiles(
  { paths, blocks, hosts }: SameFilesQuestion,
  snapshots: ReadonlyMap<string, Snapshot>,
): Verdict {
  const what = blocks === undefined ? listed(paths) : `this cluster's part of ${listed(paths)}`;
  const expected = `${what} is the same on ${listed(hosts)}`;
  const looked = hosts.filter((name) => snapshots.has(name));
  if (looked.length < 2) {
    return { outcome: 'not-asked', expected, found: 'fewer than two of these hosts were looked at' };
  }
  const different = paths.flatMap((path) => {
    const texts = looked.flatMap((name) => {
      const text = partOf(snapshots.get(name), path, blocks);
      return text === undefined ? [] : [{ name, text }];
    });
    const [first, ...others] = texts;
    const unlike = others.filter(({ text }) => text !== first?.text).map(({ name }) => name);
    return first === undefined || unlike.length === 0
      ? []
      : [`${path} of ${first.name} is not that of ${listed(unlike)}`];
  });
  if (different.length > 0) return { outcome: 'failed', expected, found: different.join('; ') };
  return { outcome: 'passed', expected, found: 'so it is' };
}

function partOf(snapshot: Snapshot | undefined, path: string, blocks: string | undefined) {
  const state = snapshot === undefined ? undefined : stateIn(snapshot, path);
  const content = state?.kind === 'symlink' ? state.resolved : state;
  if (content?.kind !== 'file') return undefined;
  const { text } = decode(content.content);
  return blocks === undefined ? text : ownBlocks(text, blocks);
}

/** Names of blocks in a file that clusters share begin with that of their cluster. */
function ownBlocks(text: string, cluster: string): string | undefined {
  try {
    const own = [...managedBlocks(text)].filter(([name]) => /^[^ /]+/.exec(name)?.[0] === cluster);
    return JSON.stringify(own.toSorted(([one], [other]) => (one < other ? -1 : 1)));
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
