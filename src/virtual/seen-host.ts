import { decode } from '../formats/decode.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { PackageManager } from '../model/package-manager.ts';
import {
  type Answer,
  type PathState,
  type Query,
  queryKey,
  type Snapshot,
  type UnitState,
} from '../model/snapshot.ts';
import { NotYetKnown } from './not-yet-known.ts';
import { stateWords } from './state-words.ts';
import type { VirtualHost } from './virtual-host.ts';

/** A package as a step sees it. */
export interface PackageState {
  /** or will be by the time that this step is carried out */
  readonly installed: boolean;
  /** undefined where it isn't installed, or will be by an action of this very plan */
  readonly version: string | undefined;
}

/**
 * A host as one step sees it, the steps before it included. Whatever it asks for it has to declare in its
 * reads.
 */
export class SeenHost {
  readonly step: string;
  protected readonly host: VirtualHost;
  /**
   * it saw that something is missing which an action of an earlier stage may bring: what it did may turn out
   * otherwise
   */
  uncertain = false;

  constructor(host: VirtualHost, step: string) {
    this.host = host;
    this.step = step;
  }

  get snapshot(): Snapshot {
    return this.host.snapshot;
  }

  /** What is at a path. `pending`: an action will have brought it, and what it holds is known only then. */
  state(path: string): PathState {
    const state = this.host.state(path);
    if (state.kind === 'absent' || state.kind === 'pending') this.noteMissing();
    return state;
  }

  exists(path: string): boolean {
    return this.state(path).kind !== 'absent';
  }

  /**
   * The text of a file, through symbolic links; undefined where there is none. Bytes that aren't UTF-8
   * survive. Of a file that an action brings it isn't known yet: the step ends here, and is planned as "known
   * after" that.
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
    throw this.problem(
      'not-a-file',
      `${path} is ${stateWords(state)}, not a readable file`,
      'look at it and make it a regular file',
    );
  }

  glob(pattern: string): readonly string[] {
    return this.host.glob(pattern);
  }

  /** What the probe found of a unit; the step has to declare in its reads that it asks. */
  unit(name: string): UnitState | undefined {
    const unit = this.snapshot.units.get(name);
    if (unit?.load !== 'loaded') this.noteMissing();
    return unit;
  }

  /** A package that the step has declared to read. */
  package(name: string): PackageState {
    const version = this.snapshot.packages.get(name);
    const pending = this.snapshot.pending?.packages.has(name) ?? false;
    if (version === undefined) this.noteMissing();
    return { installed: version !== undefined || pending, version };
  }

  /** The host's package manager; undefined where it has none of those that we know. */
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
