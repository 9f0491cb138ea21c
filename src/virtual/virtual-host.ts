import type { PlannedAction } from '../model/action.ts';
import { sameState } from '../model/change.ts';
import { queryKey } from '../model/reads.ts';
import {
  isGlob,
  type PathState,
  type Pending,
  type Snapshot,
  stateIn,
  type UnitState,
  unitOfPath,
} from '../model/snapshot.ts';
import type { ItemFormats, LeftByEarlierRun } from './managed.ts';

/** What is known in addition to the snapshot. */
export interface HostKnowledge {
  /** whether a text contains one of the inventory's secrets; undefined: no text does */
  readonly holdsSecret?: ((text: string) => boolean) | undefined;
  /** formats of the managed things; undefined: only whole paths and units are managed */
  readonly formats?: ItemFormats | undefined;
  /** what an earlier run has left at a path; undefined: no step asks */
  readonly leftByEarlierRun?: ((path: string, now: PathState) => LeftByEarlierRun | undefined) | undefined;
}

/** A host as the steps so far have left it. Nothing here touches the real host. */
export class VirtualHost {
  readonly snapshot: Snapshot;
  readonly holdsSecret: (text: string) => boolean;
  readonly formats: ItemFormats;
  readonly leftByEarlierRun: NonNullable<HostKnowledge['leftByEarlierRun']>;
  readonly #paths = new Map<string, PathState>();
  readonly #actions: PlannedAction[] = [];

  constructor(snapshot: Snapshot, knowledge: HostKnowledge = {}) {
    const { holdsSecret = () => false, formats = new Map(), leftByEarlierRun = () => undefined } = knowledge;
    this.snapshot = snapshot;
    this.leftByEarlierRun = leftByEarlierRun;
    this.holdsSecret = holdsSecret;
    this.formats = formats;
  }

  /**
   * What is at `path` now. Throws if no step declared that it reads the path, which is a bug in the step
   * module.
   */
  state(path: string): PathState {
    const state = this.#paths.get(path) ?? stateIn(this.snapshot, path);
    if (state === undefined)
      throw new Error(`${path} was not among the paths that the step declared to read`);
    return state;
  }

  set(path: string, state: PathState): void {
    this.#paths.set(path, state);
  }

  /** Have an action carried out before anything that was set. */
  act(action: PlannedAction): void {
    this.#actions.push(action);
  }

  get actions(): readonly PlannedAction[] {
    return this.#actions;
  }

  /** The step with the action that brings or renews the path. */
  providerOf(path: string): string | undefined {
    const unit = unitOfPath(path);
    const provider = this.#actions.find(({ action: { provides } }) =>
      unit === undefined
        ? isBelow(path, provides.renews) || (provides.paths.includes(path) && !this.#isThere(path))
        : provides.units.includes(unit) && !this.#isThere(path),
    );
    return provider?.step;
  }

  /** Paths that were set, in the order of their first change. */
  get touched(): readonly string[] {
    return [...this.#paths.keys()];
  }

  /** The paths that match the glob now. */
  glob(pattern: string): readonly string[] {
    const known = this.snapshot.globs.get(pattern);
    if (known === undefined)
      throw new Error(`${pattern} was not among the globs that the step declared to read`);
    const matches = new Set(known);
    const expression = globExpression(pattern);
    for (const [path, state] of this.#paths) {
      if (!expression.test(path)) continue;
      if (state.kind === 'absent') matches.delete(path);
      else matches.add(path);
    }
    return [...matches].sort();
  }

  /**
   * The virtual host as a snapshot, so that the steps can run again on their own result. Actions count as
   * carried out: what they bring exists, but its contents can't be known. `stage` is the name of the stage to
   * which they belong. If nothing is changed, it is the snapshot itself.
   */
  asSnapshot(stage = 'its actions'): Snapshot {
    if (this.#actions.length === 0 && this.#isUnchanged()) return this.snapshot;
    const bare = this.#withoutActions();
    if (this.#actions.length === 0) return bare;
    const provided = this.#actions.map(({ action }) => action.provides);
    const pending: Pending = {
      after: stage,
      packages: new Set([...(bare.pending?.packages ?? []), ...provided.flatMap((one) => one.packages)]),
      units: new Set([
        ...(bare.pending?.units ?? []),
        ...provided.flatMap((one) => one.units).filter((unit) => bare.units.get(unit)?.load !== 'loaded'),
      ]),
    };
    const paths = new Map(bare.paths);
    for (const { paths: brought, renews } of provided) {
      const renewed = [...paths.keys()].filter((path) => isBelow(path, renews));
      for (const path of [...brought.filter((one) => !this.#isThere(one)), ...renews, ...renewed])
        paths.set(path, { kind: 'pending', after: stage });
    }
    const answers = new Map(bare.answers);
    for (const { action } of this.#actions) {
      if (action.unless !== undefined) answers.set(queryKey(action.unless), { status: 0, output: '' });
    }
    return { ...bare, paths, answers, pending };
  }

  /** Whether all that was set is what was there. */
  #isUnchanged(): boolean {
    return [...this.#paths].every(([path, state]) => {
      const before = stateIn(this.snapshot, path);
      if (before === state) return true;
      const isPlain = state.kind === 'file' || state.kind === 'directory' || state.kind === 'absent';
      return isPlain && before !== undefined && sameState(before, state);
    });
  }

  #isThere(path: string): boolean {
    const state = this.#paths.get(path) ?? stateIn(this.snapshot, path);
    return state !== undefined && state.kind !== 'absent' && state.kind !== 'pending';
  }

  #withoutActions(): Snapshot {
    const globs = new Map(
      [...this.snapshot.globs.keys()].map((pattern) => [pattern, this.glob(pattern)] as const),
    );
    const paths = new Map(this.snapshot.paths);
    const units = new Map(this.snapshot.units);
    for (const [path, state] of this.#paths) {
      const unit = unitOfPath(path);
      if (unit === undefined) paths.set(path, state);
      else units.set(unit, withState(units.get(unit), state));
    }
    for (const [path, state] of paths) paths.set(path, this.#resolved(state));
    return { ...this.snapshot, paths, globs, units, pending: this.#stillPending() };
  }

  /** A unit whose state was set is no longer unknown. */
  #stillPending(): Pending | undefined {
    const { pending } = this.snapshot;
    if (pending === undefined) return undefined;
    const set = new Set([...this.#paths.keys()].map(unitOfPath));
    return { ...pending, units: new Set([...pending.units].filter((unit) => !set.has(unit))) };
  }

  /** A symbolic link whose target was edited shows the new content. */
  #resolved(state: PathState): PathState {
    if (state.kind !== 'symlink' || state.resolved === undefined) return state;
    const destination = this.#paths.get(state.resolved.path);
    if (destination === undefined) return state;
    return {
      kind: 'symlink',
      target: state.target,
      resolved: destination.kind === 'file' ? { ...destination, path: state.resolved.path } : undefined,
    };
  }
}

/** Whether the path is one of the directories, or below one of them. */
function isBelow(path: string, directories: readonly string[]): boolean {
  return directories.some((directory) => path === directory || path.startsWith(`${directory}/`));
}

/** The unit in the state that was set for it. */
function withState(unit: UnitState | undefined, state: PathState): UnitState {
  const known = unit ?? { load: 'loaded', active: 'inactive', sub: 'dead', enabled: '' };
  if (state.kind !== 'unit') return known;
  return {
    ...known,
    load: state.enabled === 'masked' ? 'masked' : 'loaded',
    enabled: state.enabled,
    ...(state.active === 'active'
      ? { active: 'active', sub: 'running' }
      : { active: 'inactive', sub: 'dead' }),
  };
}

/** Whether anything is known to exist below a directory. Only what was read is known. */
export function holdsAnything(host: VirtualHost, directory: string): boolean {
  const paths = new Set([...host.snapshot.paths.keys(), ...host.touched]);
  return [...paths].some((path) => path.startsWith(`${directory}/`) && host.state(path).kind !== 'absent');
}

/** Whether sh(1) would name the path among the matches of the glob, if it is there. */
export function matchesGlob(pattern: string, path: string): boolean {
  return globExpression(pattern).test(path);
}

/** A sh(1) glob as a regular expression: `*`, `?` and `[…]` match neither a slash nor a leading dot. */
function globExpression(pattern: string): RegExp {
  if (!isGlob(pattern)) return new RegExp(`^${literal(pattern)}$`);
  const source = pattern
    .split('/')
    .map(
      (part) =>
        (/^[*?[]/.test(part) ? '(?!\\.)' : '') + part.replace(/\*|\?|\[[^\]]*\]|[^*?[]+|\[/g, globPart),
    )
    .join('/');
  return new RegExp(`^${source}$`);
}

function globPart(part: string): string {
  if (part === '*') return '[^/]*';
  if (part === '?') return '[^/]';
  if (part.startsWith('[') && part.endsWith(']') && part.length > 2)
    return part.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
  return literal(part);
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
