import { createHash } from 'node:crypto';
import type { ConffileAnswer, ConffileDecision } from '../../model/forecast.ts';
import type { PathState, RegularFile } from '../../model/snapshot.ts';

/** A conffile before an upgrade. */
export interface ConffileBefore {
  /** what is there */
  readonly now: PathState;
  /** MD5 of the text that the installed version brought; undefined if it brought none as a conffile */
  readonly known: string | undefined;
  /** what the new version brings */
  readonly brought: RegularFile;
}

/** What becomes of it; `decision` where that isn't simply the text of the version that is installed. */
export interface ConffileAfter {
  readonly state: PathState;
  readonly decision: ConffileDecision | undefined;
  /** what is left beside it, by the ending of its name, where dpkg asked */
  readonly beside?: ReadonlyMap<'.dpkg-dist' | '.dpkg-old', PathState>;
}

/**
 * What dpkg makes of a conffile: deferred_configure_conffile in its configure.c. `answer` is what it is told
 * where it asks; without an answer it keeps what is there.
 */
export function conffileAfter(
  { now, known, brought }: ConffileBefore,
  answer: ConffileAnswer,
): ConffileAfter {
  const current = textOf(now);
  // A folder, a device or a file that couldn't be read: dpkg warns, and leaves it.
  if (current === undefined && now.kind !== 'absent') return { state: now, decision: undefined };
  const hashes = { current: current && md5(current), brought: md5(brought.content) };
  if (hashes.current === hashes.brought) return { state: now, decision: undefined };
  if (known === undefined && current === undefined) return { state: brought, decision: undefined };
  const installed = { state: withText(now, brought), decision: undefined };
  const isEdited = known === undefined || hashes.current !== known;
  const isRenewed = known === undefined || hashes.brought !== known;
  if (!isEdited) return installed;
  if (!isRenewed) return { state: now, decision: now.kind === 'absent' ? 'stays-removed' : 'kept' };
  const decision = known === undefined ? 'left' : 'asked';
  if (answer === 'keep') return { state: now, decision, beside: besides(fileOf(installed.state), absent) };
  return { state: installed.state, decision, beside: besides(absent, fileOf(now)) };
}

const absent: PathState = { kind: 'absent' };

function besides(dist: PathState, old: PathState): NonNullable<ConffileAfter['beside']> {
  return new Map([
    ['.dpkg-dist', dist],
    ['.dpkg-old', old],
  ] as const);
}

function fileOf(state: PathState): PathState {
  if (state.kind !== 'symlink' || state.resolved === undefined) return state;
  const { path: _, ...file } = state.resolved;
  return file;
}

function textOf(state: PathState): Buffer | undefined {
  if (state.kind === 'file') return state.content;
  return state.kind === 'symlink' ? state.resolved?.content : undefined;
}

/** The package's text, where dpkg would write it: owner and mode stay, and a link is followed. */
function withText(now: PathState, { content, ...own }: RegularFile): PathState {
  if (now.kind === 'file') return { ...now, content };
  if (now.kind === 'symlink' && now.resolved !== undefined)
    return { ...now, resolved: { ...now.resolved, content } };
  return { ...own, content };
}

/** The hash in which dpkg keeps them. */
export function md5(content: Buffer): string {
  return createHash('md5').update(content).digest('hex');
}
