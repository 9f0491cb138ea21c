import type { InTurns } from '../../model/in-turns.ts';
import type { FirstTouch, ManagedItem } from '../../model/ledger.ts';
import { stateIn } from '../../model/snapshot.ts';
import { isSystemFolder } from '../../model/system-folders.ts';
import { isUnitState, isWholePath, type Managed } from '../../virtual/managed.ts';
import { StepHost } from '../../virtual/step-host.ts';
import { holdsAnything, type VirtualHost } from '../../virtual/virtual-host.ts';
import {
  accountsFor,
  isFirstTouch,
  isHollow,
  isItemHash,
  itemId,
  itemName,
  itemValue,
  textOf,
} from '../items.ts';
import { textGivenBack } from '../replaced-text.ts';
import { restoredUnit } from '../unit-items.ts';
import { type StepTrace, traceOf } from './run-steps.ts';
import { clusterThat, clusterThatNeeds } from './two-clusters.ts';

export interface RestoreOptions {
  /** the handlers that the item's step notifies */
  readonly notifyOf: (step: string) => readonly string[];
  /** the accounts that it names for its folders, if an older version wrote the ledger */
  readonly folderOf?: ((step: string) => readonly string[]) | undefined;
  /** whether it belongs to a step that can't be planned yet: then it stays */
  readonly isLater: (item: ManagedItem) => boolean;
  /** paths where steps have taken away whatever an earlier run managed */
  readonly released: ReadonlySet<string>;
}

/**
 * Whatever an earlier run managed on the host and this plan does not gets its first-touch value back. A thing
 * that somebody else has changed since is left alone, with a warning.
 */
export function* restoreNoLongerWanted(
  host: VirtualHost,
  wanted: readonly Managed[],
  { notifyOf, folderOf = () => [], isLater, released }: RestoreOptions,
): InTurns<readonly StepTrace[]> {
  const ledger = host.snapshot.ledger;
  if (ledger === undefined) return [];
  const owned = new Set(wanted.map(itemId));
  const left = ledger.items.filter((item) => !owned.has(itemId(item)) && !isLater(item));
  const restored = new Map<ManagedItem, StepTrace>();
  for (const item of lastFirst(left.filter(({ path }) => !released.has(path)))) {
    const accounts = item.folderOf ?? folderOf(item.step);
    restored.set(item, restore(host, { ...item, folderOf: accounts }, notifyOf(item.step)));
    yield;
  }
  // Told in the order of the steps.
  const traces = left.flatMap((item) => restored.get(item) ?? []);
  const kept = wanted.map((item) => item.path);
  const hollow = ledger.created.filter(
    (path) => !kept.includes(path) && left.some((item) => item.path === path),
  );
  const files = hollow.map((path) => removeHollow(host, path, accountsFor(path, ledger.items)));
  const emptied = ledger.created
    .filter((path) => left.some((item) => item.path.startsWith(`${path}/`)))
    .sort()
    .reverse();
  const directories = emptied.map((path) => removeEmpty(host, path, accountsFor(path, ledger.items)));
  return [...traces, ...files, ...directories];
}

/** The files in their order, and what is in each from the last edit to the first. */
function lastFirst(items: readonly ManagedItem[]): readonly ManagedItem[] {
  const paths = [...new Set(items.map(({ path }) => path))];
  return paths.flatMap((path) => items.filter((item) => item.path === path).reverse());
}

function restore(host: VirtualHost, item: ManagedItem, notify: readonly string[]): StepTrace {
  const view = new StepHost(host, item.step);
  const name = itemName(item);
  const { folderOf } = item;
  const other =
    clusterThat(host.snapshot, (one) => itemId(one) === itemId(item)) ??
    clusterThatNeeds(host.snapshot, item.path);
  if (other !== undefined) {
    view.warn(
      `${name} is no longer wanted, but the cluster ${other} also uses it on this host; it stays as it is`,
    );
    return traceOf(view, notify, folderOf);
  }
  if (!isKnown(host, item.path)) {
    view.warn(`${name} is no longer wanted, but it could not be read; it stays as it is`);
    return traceOf(view, notify, folderOf);
  }
  const why =
    isWholePath(item) || isUnitState(item) ? putPathBack(host, view, item) : putKeyBack(host, view, item);
  if (why === 'changed') {
    // A package that was upgraded may have taken its file away; then there's nothing to restore a key in.
    const isGone = host.state(item.path).kind === 'absent';
    if (!isGone)
      view.warn(`${name} is no longer wanted, but somebody else has changed it since; it stays as it is`);
    else if (isWholePath(item))
      view.warn(`${name} was there before the first run, and has been removed since; it isn't restored`);
  }
  if (why === 'secret') {
    view.warn(
      `${name} is no longer wanted; its former value was a secret, which is not stored: set it by hand`,
    );
  }
  return traceOf(view, notify, folderOf);
}

/** Undefined once it is as before, or why it stays as it is. */
type Left = 'changed' | 'secret' | undefined;

function putKeyBack(host: VirtualHost, view: StepHost, item: ManagedItem): Left {
  const all = (host.snapshot.ledger?.items ?? []).filter(({ path }) => path === item.path);
  const text = textOf(host.state(item.path)) ?? '';
  const back = textGivenBack(item, text, all, host.formats);
  if (back.text !== undefined && back.text !== text) view.write(item.path, back.text);
  return back.why;
}

function putPathBack(host: VirtualHost, view: StepHost, item: ManagedItem): Left {
  const { first, path } = item;
  const state = host.state(path);
  const now = itemValue(item, state, host.formats);
  if (isFirstTouch(item, first, now)) return undefined;
  if (!isItemHash(item.activated, item, now)) return 'changed';
  if (first.kind === 'secret') return 'secret';
  if (state.kind === 'unit') view.restore(path, restoredUnit(item, state, first));
  else putWholeBack(view, path, first);
  return undefined;
}

function putWholeBack(view: StepHost, path: string, first: FirstTouch): void {
  switch (first.kind) {
    case 'file':
      view.write(path, Buffer.from(first.content, 'base64'), first);
      break;
    case 'link':
      view.remove(path);
      view.link(path, first.target);
      break;
    case 'directory':
      view.makeDirectory(path, first);
      break;
    default:
      view.remove(path);
  }
}

/** A file that we had made is removed once nothing is left in it. */
function removeHollow(host: VirtualHost, path: string, folderOf: readonly string[]): StepTrace {
  const view = new StepHost(host, 'no-longer-wanted');
  const text = isKnown(host, path) ? textOf(host.state(path)) : undefined;
  const isOthers = clusterThat(host.snapshot, (item) => item.path === path) !== undefined;
  if (text !== undefined && isHollow(text) && !isOthers) view.remove(path);
  return traceOf(view, [], folderOf);
}

/** A directory that we had made is removed, unless it is known to contain something that isn't ours. */
function removeEmpty(host: VirtualHost, path: string, folderOf: readonly string[]): StepTrace {
  const view = new StepHost(host, 'no-longer-wanted');
  const isOthers = clusterThat(host.snapshot, (item) => item.path.startsWith(`${path}/`)) !== undefined;
  const isDirectory = isKnown(host, path) && host.state(path).kind === 'directory';
  if (isDirectory && !isOthers && !isSystemFolder(path) && !holdsAnything(host, path)) {
    view.remove(path);
  }
  return traceOf(view, [], folderOf);
}

function isKnown(host: VirtualHost, path: string): boolean {
  return stateIn(host.snapshot, path) !== undefined;
}
