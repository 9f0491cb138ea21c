import { decode } from '../formats/decode.ts';
import type { Value } from '../formats/keyed-format.ts';
import type { HostAction, PlannedAction } from '../model/action.ts';
import { sameState } from '../model/change.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { PackageManager } from '../model/package-manager.ts';
import {
  type Answer,
  type Ownership,
  type PathState,
  type Query,
  queryKey,
  type Snapshot,
  type UnitState,
  unitPath,
} from '../model/snapshot.ts';
import type { VirtualHost } from './virtual-host.ts';

/** Mode and owner of something that a step makes; what is left out is taken from what is there, else 0644 and the probe's user. */
export type Attributes = Partial<Ownership>;

/** One thing that a step manages: a key of a file in some format, a named block of a file, or (no key) the whole file. */
export interface Managed {
  readonly path: string;
  readonly format: string;
  readonly key: readonly string[];
}

/** What a step found of a thing when it took it over: what is left once a set-up by hand was taken out. */
export interface Found {
  readonly state: PathState;
  /** the part of the value that is others', on a host that was set up by hand; undefined: none of it */
  readonly theirs: Value | undefined;
  /** a package's own file with nothing of ours in it: as it came, or as an upgrade has brought it anew */
  readonly pristine: boolean;
}

/** A package as a step sees it. */
export interface PackageState {
  /** or will be by the time that this step is carried out */
  readonly installed: boolean;
  /** undefined where it isn't installed, or will be by an action of this very plan */
  readonly version: string | undefined;
}

/** What is wanted of a unit; what is left out stays as it is. */
export interface WantedUnit {
  readonly enabled?: boolean | undefined;
  readonly active?: boolean | undefined;
  /** true: it can't be started by anybody, nor is it enabled */
  readonly masked?: boolean | undefined;
}

/**
 * A step needs to know what an action brings, which can be known only once it was carried out. Not an error: the step is
 * planned as "known after" that.
 */
export class NotYetKnown extends Error {
  override readonly name = 'NotYetKnown';
  readonly path: string;
  readonly after: string;

  constructor(path: string, after: string) {
    super(`what ${path} holds is known after ${after}`);
    this.path = path;
    this.after = after;
  }
}

/** A host as one step sees it. */
export class StepHost {
  readonly step: string;
  readonly #host: VirtualHost;
  readonly managed: Managed[] = [];
  /** for each managed thing how it was found */
  readonly found = new Map<Managed, Found>();
  /** something that was set up by hand was brought over: values that are there are not what the host was without a cluster */
  adopted = false;
  /** paths that this step set, each as it was before */
  readonly edits = new Map<string, PathState>();
  readonly warnings: string[] = [];
  /** what this step wants to have done before any of its edits */
  readonly actions: PlannedAction[] = [];
  /** it saw that something is missing which an action of an earlier stage may bring: what it did may turn out otherwise */
  uncertain = false;

  constructor(host: VirtualHost, step: string) {
    this.#host = host;
    this.step = step;
  }

  get snapshot(): Snapshot {
    return this.#host.snapshot;
  }

  /** What is at a path. `pending`: an action will have brought it, and what it holds is known only then. */
  state(path: string): PathState {
    const state = this.#host.state(path);
    if (state.kind === 'absent' || state.kind === 'pending') this.#noteMissing();
    return state;
  }

  exists(path: string): boolean {
    return this.state(path).kind !== 'absent';
  }

  /**
   * The text of a file, through symbolic links; undefined where there is none. Bytes that aren't UTF-8 survive. Of a file
   * that an action brings it isn't known yet: the step ends here, and is planned as "known after" that.
   */
  text(path: string): string | undefined {
    const state = this.state(path);
    if (state.kind === 'absent') return undefined;
    if (state.kind === 'pending') throw new NotYetKnown(path, state.after);
    if (state.kind === 'file') return decode(state.content).text;
    if (state.kind === 'symlink' && state.resolved !== undefined) {
      const destination = this.#host.snapshot.paths.has(state.resolved.path)
        ? this.state(state.resolved.path)
        : state.resolved;
      if (destination.kind === 'file') return decode(destination.content).text;
    }
    throw this.problem(
      'not-a-file',
      `${path} is ${describe(state)}, not a readable file`,
      'look at it and make it a regular file',
    );
  }

  /**
   * Make `path` a file with this text, or these bytes. What isn't named in `attributes` stays as it is there; a new file is
   * for everybody to read, but one with a secret in it for its owner alone.
   */
  write(path: string, text: string | Buffer, attributes: Attributes = {}): void {
    const before = this.state(path);
    if (before.kind !== 'file' && before.kind !== 'absent' && before.kind !== 'pending') {
      throw this.problem(
        'not-a-file',
        `${path} is ${describe(before)}; writing through it isn't done`,
        'point the step at the real file, or replace the link by a file',
      );
    }
    this.#makeParents(path);
    const content = Buffer.isBuffer(text) ? text : encodeAs(before, text);
    const usual = this.#host.holdsSecret(content.toString('utf8')) ? 0o600 : 0o644;
    const inherited = before.kind === 'file' ? before : { mode: usual, ...this.#self };
    this.#set(path, {
      kind: 'file',
      content,
      mode: attributes.mode ?? inherited.mode,
      user: attributes.user ?? inherited.user,
      group: attributes.group ?? inherited.group,
    });
  }

  /** Make `path` what it was at another time, whatever that is. */
  restore(path: string, original: PathState): void {
    if (original.kind !== 'absent') this.#makeParents(path);
    this.#set(path, original);
  }

  remove(path: string): void {
    if (this.exists(path)) this.#set(path, { kind: 'absent' });
  }

  /** Make `path` a symbolic link to `target`. */
  link(path: string, target: string): void {
    const before = this.state(path);
    if (before.kind === 'symlink' && before.target === target) return;
    if (before.kind === 'directory')
      throw this.problem('not-a-link', `${path} is a directory`, 'move it away');
    this.#makeParents(path);
    this.#set(path, { kind: 'symlink', target });
  }

  makeDirectory(path: string, attributes: Attributes = {}): void {
    const before = this.state(path);
    if (before.kind === 'pending') return;
    if (before.kind !== 'absent' && before.kind !== 'directory') {
      throw this.problem('not-a-directory', `${path} is ${describe(before)}`, 'move it away');
    }
    const inherited = before.kind === 'directory' ? before : { mode: 0o755, ...this.#self };
    this.#makeParents(path);
    this.#set(path, {
      kind: 'directory',
      mode: attributes.mode ?? inherited.mode,
      user: attributes.user ?? inherited.user,
      group: attributes.group ?? inherited.group,
    });
  }

  glob(pattern: string): readonly string[] {
    return this.#host.glob(pattern);
  }

  /** What the probe found of a unit; the step has to declare in its reads that it asks. */
  unit(name: string): UnitState | undefined {
    const unit = this.snapshot.units.get(name);
    if (unit?.load !== 'loaded') this.#noteMissing();
    return unit;
  }

  /**
   * Have a unit enabled or not, running or not. The step has to declare in its reads that it asks for it, and to `manage`
   * what it sets: `{path: unitPath(name), format: 'unit-state', key: ['enabled']}`, or `['active']`.
   */
  setUnit(name: string, wanted: WantedUnit): void {
    const path = unitPath(name);
    const before = this.state(path);
    const known = before.kind === 'unit' ? before : undefined;
    if (known === undefined && before.kind !== 'pending') {
      throw this.problem(
        'unit-missing',
        `there is no unit ${name} on this host`,
        'install the software that brings it, in an earlier stage of the playbook, or correct its name',
      );
    }
    const enabled = wanted.masked
      ? 'masked'
      : wanted.enabled === undefined
        ? (known?.enabled ?? 'enabled')
        : wanted.enabled
          ? 'enabled'
          : 'disabled';
    const active =
      wanted.active === undefined ? (known?.active ?? 'active') : wanted.active ? 'active' : 'inactive';
    this.#set(path, { kind: 'unit', enabled, active });
  }

  /** A package that the step has declared to read. */
  package(name: string): PackageState {
    const version = this.snapshot.packages.get(name);
    const pending = this.snapshot.pending?.packages.has(name) ?? false;
    if (version === undefined) this.#noteMissing();
    return { installed: version !== undefined || pending, version };
  }

  /** The host's package manager; undefined where it has none of those that we know. */
  get packageManager(): PackageManager | undefined {
    return this.snapshot.packageManager;
  }

  /**
   * Have something done on the host before any file of this stage is changed, unless the host said to `unless` (which the
   * step has to declare in its reads) that there's nothing to do. It's not undone by a revert. True where it will be done.
   */
  action(action: HostAction): boolean {
    if (action.unless !== undefined && this.answer(action.unless)?.status === 0) return false;
    this.actions.push({ action, step: this.step });
    return true;
  }

  addresses(name: string): readonly string[] {
    return this.snapshot.names.get(name) ?? [];
  }

  answer(query: Query): Answer | undefined {
    const answer = this.snapshot.answers.get(queryKey(query));
    if (answer?.status !== 0) this.#noteMissing();
    return answer;
  }

  /**
   * Declare that this step owns the thing, changed or not, before it changes it. Two steps that own one thing are
   * refused. `theirs` is the part of its value that is others', for a host that was set up by hand; `pristine` says of a
   * package's file that nothing of ours is in it.
   */
  manage(item: Managed, { theirs, pristine = false }: Partial<Omit<Found, 'state'>> = {}): void {
    this.managed.push(item);
    this.found.set(item, { state: this.#known(item.path) ?? { kind: 'absent' }, theirs, pristine });
  }

  /** Say that something that was set up by hand is brought over. */
  adopt(): void {
    this.adopted = true;
  }

  warn(message: string): void {
    this.warnings.push(message);
  }

  problem(code: string, message: string, next: string): OperatorError {
    return new OperatorError({ code, message, next, host: this.snapshot.host, step: this.step });
  }

  /** Take back all that the step did. */
  undo(): void {
    for (const [path, before] of this.edits) this.#host.set(path, before);
    this.edits.clear();
    this.actions.length = 0;
    this.managed.length = 0;
    this.found.clear();
    this.adopted = false;
  }

  /** Whether anything is different from what the step found. */
  get changed(): boolean {
    if (this.actions.length > 0) return true;
    return [...this.edits].some(([path, before]) => !sameState(before, this.state(path)));
  }

  get #self(): { user: string; group: string } {
    return { user: this.snapshot.user, group: this.snapshot.group };
  }

  /** Directories above `path` that the probe found missing. */
  #makeParents(path: string): void {
    const parent = path.slice(0, path.lastIndexOf('/'));
    if (parent === '' || this.#known(parent)?.kind !== 'absent') return;
    this.makeDirectory(parent);
  }

  #noteMissing(): void {
    if (this.snapshot.pending !== undefined) this.uncertain = true;
  }

  #set(path: string, state: PathState): void {
    const provider = this.#host.providerOf(path);
    if (provider !== undefined) {
      throw this.problem(
        'needs-later-stage',
        `${path} is brought by the action of step ${provider}, which runs in the same stage: what it holds isn't known yet`,
        `put this step into a later stage of the playbook than ${provider}`,
      );
    }
    if (!this.edits.has(path)) this.edits.set(path, this.state(path));
    this.#host.set(path, state);
  }

  #known(path: string): PathState | undefined {
    try {
      return this.state(path);
    } catch {
      return undefined;
    }
  }
}

/** Text in the encoding of the file that it replaces. */
function encodeAs(before: PathState, text: string): Buffer {
  return before.kind === 'file' ? decode(before.content).encode(text) : Buffer.from(text, 'utf8');
}

function describe(state: PathState): string {
  switch (state.kind) {
    case 'absent':
      return 'not there';
    case 'symlink':
      return `a symbolic link to ${state.target}`;
    case 'directory':
      return 'a directory';
    case 'file':
      return 'a file';
    case 'unreadable':
      return state.reason;
    case 'pending':
      return `known after ${state.after}`;
    case 'unit':
      return 'a unit';
  }
}
