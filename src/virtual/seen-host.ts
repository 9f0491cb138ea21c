import { decode } from '../formats/decode.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { PackageManager } from '../model/package-manager.ts';
import { type Answer, type Query, queryKey } from '../model/reads.ts';
import { type PathState, type Snapshot, tooLarge, type UnitState } from '../model/snapshot.ts';
import { NotYetKnown } from './not-yet-known.ts';
import { stateWords } from './state-words.ts';
import type { VirtualHost } from './virtual-host.ts';

/** A package as seen by a step. */
export interface PackageState {
  /** or will be by the time this step is carried out */
  readonly installed: boolean;
  /** undefined if it isn't installed, or if an action of this plan will install it */
  readonly version: string | undefined;
}

/**
 * A host as seen by one step, including the effects of the steps before it. The step must declare in its
 * reads everything that it asks for.
 */
export class SeenHost {
  readonly step: string;
  protected readonly host: VirtualHost;
  /**
   * it found something missing that an action of an earlier stage may bring, so its result may turn out
   * differently
   */
  uncertain = false;

  constructor(host: VirtualHost, step: string) {
    this.host = host;
    this.step = step;
  }

  get snapshot(): Snapshot {
    return this.host.snapshot;
  }

  /** What is at a path. `pending`: an action will bring it, and its contents are known only after that. */
  state(path: string): PathState {
    const state = this.host.state(path);
    if (state.kind === 'absent' || state.kind === 'pending') this.noteMissing();
    return state;
  }

  /** Whether an earlier step of this stage has set it, so that it needs not be read. */
  isWritten(path: string): boolean {
    return this.host.touched.includes(path) && this.host.state(path).kind !== 'absent';
  }

  exists(path: string): boolean {
    return this.state(path).kind !== 'absent';
  }

  /**
   * The text of a file, following symbolic links; undefined if there is no file. Bytes that aren't UTF-8 are
   * preserved. The text of a file that an action brings isn't known yet: the step ends here, and is planned
   * as "known after" that action.
   */
  text(path: string): string | undefined {
    const state = this.state(path);
    if (state.kind === 'absent') return undefined;
    if (state.kind === 'pending') throw new NotYetKnown(path, state.after);
    if (state.kind === 'file') return decode(state.content).text;
    if (state.kind === 'symlink' && state.resolved !== undefined) {
      const destination = this.host.snapshot.paths.has(state.resolved.path)
        ? this.state(state.resolved.path)
        : state.resolved;
      if (destination.kind === 'file') return decode(destination.content).text;
    }
    if (state.kind === 'unreadable' && state.reason === tooLarge) {
      throw this.problem(
        'large-file',
        `${path} is ${tooLarge}, and clusterproxy edits files up to that size`,
        'leave it where it is, and find out what makes it so large: what does not have to be in it can be moved elsewhere',
      );
    }
    throw this.problem(
      'not-a-file',
      `${path} is ${stateWords(state)}, not a readable file`,
      'check what it is, and replace it with a regular file',
    );
  }

  glob(pattern: string): readonly string[] {
    return this.host.glob(pattern);
  }

  /** What the probe found out about a unit; the step must declare the unit in its reads. */
  unit(name: string): UnitState | undefined {
    const unit = this.snapshot.units.get(name);
    if (unit?.load !== 'loaded') this.noteMissing();
    return unit;
  }

  /** A package that the step has declared in its reads. */
  package(name: string): PackageState {
    const version = this.snapshot.packages.get(name);
    const pending = this.snapshot.pending?.packages.has(name) ?? false;
    if (version === undefined) this.noteMissing();
    return { installed: version !== undefined || pending, version };
  }

  /** The host's package manager; undefined if it has no supported one. */
  get packageManager(): PackageManager | undefined {
    return this.snapshot.packageManager;
  }

  addresses(name: string): readonly string[] {
    return this.snapshot.names.get(name) ?? [];
  }

  answer(query: Query): Answer | undefined {
    const answer = this.snapshot.answers.get(queryKey(query));
    if (answer?.status !== 0) this.noteMissing();
    return answer;
  }

  problem(code: string, message: string, next: string): OperatorError {
    return new OperatorError({ code, message, next, host: this.snapshot.host, step: this.step });
  }

  protected noteMissing(): void {
    if (this.snapshot.pending !== undefined) this.uncertain = true;
  }
}
