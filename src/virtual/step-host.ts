import { decode } from '../formats/decode.ts';
import type { HostAction, PlannedAction } from '../model/action.ts';
import { sameState } from '../model/change.ts';
import { type Ownership, type PathState, unitPath } from '../model/snapshot.ts';
import { isEveryHosts } from '../model/system-folders.ts';
import type { EditedText, Found, LeftByEarlierRun, Managed } from './managed.ts';
import { SeenHost } from './seen-host.ts';
import { stateWords } from './state-words.ts';
import { unitWith, type WantedUnit } from './wanted-unit.ts';

/**
 * Mode and owner of something that a step creates. What is left out is taken from what exists there, or else
 * is 0644 and the probe's user.
 */
export type Attributes = Partial<Ownership>;

/** A host as seen and edited by one step. */
export class StepHost extends SeenHost {
  readonly managed: Managed[] = [];
  /** how each managed thing was found */
  readonly found = new Map<Managed, Found>();
  /** the edit of its file that each managed thing needed, where the step told */
  readonly editedTexts = new Map<Managed, EditedText>();
  /**
   * an earlier set-up was taken over: the existing values are not those that the host had without a cluster
   */
  adopted = false;
  /** paths where nothing of ours is left, whatever an earlier run managed there */
  readonly released = new Set<string>();
  /** paths that this step set, each with its previous state */
  readonly edits = new Map<string, PathState>();
  readonly warnings: string[] = [];
  /** what is worth knowing, although nothing is wrong */
  readonly notes: string[] = [];
  /** what people still have of others here, and lose by this step; in words */
  readonly drops: string[] = [];
  /** the actions that this step wants carried out before any of its edits */
  readonly actions: PlannedAction[] = [];
  /**
   * Make `path` a file with this text, or these bytes. Attributes that aren't given stay as they are; a new
   * file is readable by everybody, except that a file containing a secret is readable by its owner alone.
   */
  write(path: string, text: string | Buffer, attributes: Attributes = {}): void {
    const before = this.state(path);
    if (before.kind !== 'file' && before.kind !== 'absent' && before.kind !== 'pending') {
      throw this.problem(
        'not-a-file',
        `${path} is ${stateWords(before)}; clusterproxy doesn't write through it`,
        'point the step at the real file, or replace the link with a file',
      );
    }
    this.#makeParents(path);
    const content = Buffer.isBuffer(text) ? text : encodeAs(before, text);
    const usual = this.host.holdsSecret(content.toString('utf8')) ? 0o600 : 0o644;
    const inherited = before.kind === 'file' ? before : { mode: usual, ...this.#self };
    this.#set(path, {
      kind: 'file',
      content,
      mode: attributes.mode ?? inherited.mode,
      user: attributes.user ?? inherited.user,
      group: attributes.group ?? inherited.group,
    });
  }

  /** Return `path` to an earlier state, whatever that was. */
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
      throw this.problem('not-a-link', `${path} is a directory`, 'move it out of the way');
    this.#makeParents(path);
    this.#set(path, { kind: 'symlink', target });
  }

  makeDirectory(path: string, attributes: Attributes = {}): void {
    const before = this.state(path);
    if (before.kind === 'pending') return;
    if (before.kind !== 'absent' && before.kind !== 'directory') {
      throw this.problem('not-a-directory', `${path} is ${stateWords(before)}`, 'move it out of the way');
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

  /**
   * Set whether a unit is enabled and whether it is running. The step must declare the unit in its reads, and
   * must `manage` what it sets: `{path: unitPath(name), format: 'unit-state', key: ['enabled']}`, or
   * `['active']`.
   */
  setUnit(name: string, wanted: WantedUnit): void {
    const path = unitPath(name);
    const before = this.state(path);
    const known = before.kind === 'unit' ? before : undefined;
    if (known === undefined && before.kind !== 'pending') {
      throw this.problem(
        'unit-missing',
        `there is no unit ${name} on this host`,
        'install the software that brings it, in an earlier stage of the playbook, or correct the name of the unit',
      );
    }
    this.#set(path, unitWith(wanted, known));
  }

  /**
   * Have an action carried out on the host before any file of this stage is changed, unless the host's answer
   * to `unless` (which the step must declare in its reads) is that there's nothing to do. A revert doesn't
   * undo it. Returns true if it will be done.
   */
  action(action: HostAction): boolean {
    if (action.unless !== undefined && this.answer(action.unless)?.status === 0) return false;
    this.actions.push({ action, step: this.step });
    return true;
  }

  /**
   * Declare that this step owns the thing, changed or not, before it changes it. Two steps that own the same
   * thing are refused. `theirs` is the part of its value that belongs to others, for a host that was set up
   * before; `pristine` says that a package's file contains nothing of ours.
   */
  manage(item: Managed, { theirs, pristine = false }: Partial<Omit<Found, 'state'>> = {}): void {
    this.managed.push(item);
    this.found.set(item, { state: this.#known(item.path) ?? { kind: 'absent' }, theirs, pristine });
  }

  /**
   * What an earlier run has left at a path that it managed as a whole, and that no step of this run has set
   * so far. What no step manages any more gets its former state back after all steps; a step that reads the
   * file gives it back itself first.
   */
  left(path: string): LeftByEarlierRun | undefined {
    if (this.host.touched.includes(path)) return undefined;
    return this.host.leftByEarlierRun(path, this.state(path));
  }

  /**
   * Whether an earlier run of this cluster manages the thing. It isn't handiwork then: what no step manages
   * any more gets its former value back after all steps.
   */
  isManaged({ path, format, key }: Managed): boolean {
    const items = this.snapshot.ledger?.items ?? [];
    return items.some(
      (item) =>
        item.path === path && item.format === format && item.key.join('\u001f') === key.join('\u001f'),
    );
  }

  /** Declare that the step has taken away whatever an earlier run managed at a path. */
  release(path: string): void {
    this.released.add(path);
  }

  /**
   * Tell which edit of its file was for a thing that the step manages, so that a host that leaves gets these
   * very lines back. Not told, its value is restored. `before` is undefined if there was no file.
   */
  edited(item: Managed, before: string | undefined, after: string): void {
    if (before !== undefined) this.editedTexts.set(item, { before, after });
  }

  /** Declare that an earlier set-up is taken over. */
  adopt(): void {
    this.adopted = true;
  }

  /** Tell what people lose here who are on hosts that aren't part of the cluster any more. */
  drop(what: string): void {
    this.drops.push(what);
  }

  warn(message: string): void {
    if (!this.warnings.includes(message)) this.warnings.push(message);
  }

  /** Tell what an operator wants to know of a change, although nothing is wrong: how a number came about. */
  note(message: string): void {
    if (!this.notes.includes(message)) this.notes.push(message);
  }

  /** Undo everything that the step did. */
  undo(): void {
    for (const [path, before] of this.edits) this.host.set(path, before);
    this.edits.clear();
    this.actions.length = 0;
    this.managed.length = 0;
    this.found.clear();
    this.released.clear();
    this.editedTexts.clear();
    this.adopted = false;
  }

  /** Whether anything differs from what the step found. */
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

  #set(path: string, state: PathState): void {
    const provider = this.host.providerOf(path);
    if (provider !== undefined) {
      throw this.problem(
        'needs-later-stage',
        `${path} comes from the action of step ${provider}, which runs in the same stage: its contents aren't known yet`,
        `move this step to a later stage of the playbook than ${provider}`,
      );
    }
    const before = this.state(path);
    if (state.kind !== 'directory' && before.kind === 'directory' && isEveryHosts(path)) {
      throw this.problem(
        'folder-of-system',
        `${path} would be removed, which every host needs`,
        'correct the step; if an earlier run is being undone, what is stored on this host about it is damaged',
      );
    }
    if (!this.edits.has(path)) this.edits.set(path, before);
    this.host.set(path, state);
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
