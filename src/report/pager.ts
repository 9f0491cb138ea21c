import { execFileSync, spawn } from 'node:child_process';
import { lessTakesLinks, unlinked } from './terminal/links.ts';
import { widthOf } from './terminal/prose.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** What makes a terminal of escapes again: colours take no room (ECMA-48, 8.3.117). */
const colours = /\u001b\[[0-9;]*m/g;

/**
 * The shell command that shows long texts, as git(1) chooses it: what `CLUSTERPROXY_PAGER` says, else what
 * `PAGER` says, else less(1). Undefined where there shall be none (empty, or `cat`), and on terminals that
 * can do nothing.
 */
export function pagerOf({ CLUSTERPROXY_PAGER, PAGER, TERM }: Variables): string | undefined {
  const chosen = (CLUSTERPROXY_PAGER ?? PAGER ?? 'less').trim();
  return chosen === '' || chosen === 'cat' || TERM === 'dumb' ? undefined : chosen;
}

/** How a text is shown in a pager. */
export interface Reading {
  /** lines that are longer than the screen is wide are cut, and the pager scrolls to their ends */
  readonly cut?: boolean | undefined;
  /** the line at the top of the screen, from 1; only for a pager that can begin there */
  readonly from?: number | undefined;
}

/** Whether a pager can begin at a line: less(1). */
export function beginsAnywhere(pager: string): boolean {
  return /^(?:\S*\/)?less(?:\s|$)/.test(pager);
}

/**
 * A text as a pager takes it: with links, if it is a less(1) that hands them on. To others they would be text
 * that has a width.
 */
export function forPager(pager: string, text: string): string {
  const plain = unlinked(text);
  if (plain === text) return text;
  const [program = ''] = pager.split(/\s/);
  if (!beginsAnywhere(pager)) return plain;
  try {
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    const version = execFileSync(program, ['--version'], {
      encoding: 'utf8',
      timeout: 2000,
      stdio: [...stdio],
    });
    return lessTakesLinks(version) ? text : plain;
  } catch {
    return plain;
  }
}

/** Whether a text has more lines than the terminal, those that it breaks counted as it breaks them. */
export function isTaller(text: string, { rows, columns }: { rows: number; columns: number }): boolean {
  if (rows <= 0 || columns <= 0) return false;
  const lines = text.replace(/\n$/, '').split('\n');
  // The shell's prompt wants one as well.
  let left = rows - 1;
  for (const line of lines) {
    left -= Math.max(1, Math.ceil(widthOf(unlinked(line).replace(colours, '')) / columns));
    if (left < 0) return true;
  }
  return false;
}

/**
 * Shows a text in a pager and waits until somebody has left it. The keys are the pager's: Ctrl-C ends a
 * search in it, but not the program. Returns false if the pager has failed, since nobody may have
 * seen what it was given.
 */
export async function showInPager(
  pager: string,
  text: string,
  { variables, cut = false, from }: Reading & { readonly variables: Variables },
): Promise<boolean> {
  const ignore = () => undefined;
  process.on('SIGINT', ignore);
  try {
    // less(1): -F not if it fits, -R colours, -X what was read stays on the screen, -S long lines are cut,
    // +Ng begins at a line; lv(1): -c colours.
    const { LESS = cut ? 'FRXS' : 'FRX' } = variables;
    const env = { LV: '-c', ...variables, LESS: from === undefined ? LESS : `${LESS} +${from}g` };
    const child = spawn('/bin/sh', ['-c', pager], { stdio: ['pipe', 'inherit', 'inherit'], env });
    // Who has read enough leaves before the end.
    child.stdin.on('error', ignore);
    child.stdin.end(text);
    // Null: it was ended by a signal.
    const code = await new Promise<number | null>((resolve) => {
      child.on('error', () => resolve(127));
      child.on('close', resolve);
    });
    return code === null || code === 0 || code > 128;
  } finally {
    process.removeListener('SIGINT', ignore);
  }
}
