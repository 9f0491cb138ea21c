import { type HostPhase, isAtRest, type ProgressEvent } from '../../model/progress.ts';
import { phaseWords } from './phase-words.ts';

type EndedEvent = Extract<ProgressEvent, { kind: 'ended' }>;

/** A host that something is done to. Times are milliseconds. */
export interface HostAtWork {
  readonly host: string;
  readonly phase: HostPhase;
  /** what is being done */
  readonly words: string;
  /** since when that is being done */
  readonly since: number;
  /** since when anything is */
  readonly begun: number;
}

/** What became of the hosts that were to be changed. */
export interface Sum {
  readonly of: number;
  readonly done: number;
  readonly putOff: number;
  readonly failed: number;
  readonly notStarted: number;
}

type Part = Exclude<keyof Sum, 'of'>;

/** How each way of ending counts. */
const parts: Readonly<Record<EndedEvent['status'], Part>> = {
  'in-sync': 'done',
  'would-change': 'done',
  drifted: 'done',
  changed: 'done',
  done: 'done',
  off: 'done',
  skipped: 'done',
  deferred: 'putOff',
  owed: 'putOff',
  queued: 'putOff',
  'rolled-back': 'failed',
  failed: 'failed',
  unreachable: 'failed',
  damaged: 'failed',
  unknown: 'failed',
  open: 'failed',
  kept: 'failed',
  conflict: 'failed',
  stuck: 'failed',
  'not-started': 'notStarted',
};

/** A host is not as it should be, and somebody who watches is told so at once. */
export function isFailure({ status }: Pick<EndedEvent, 'status'>): boolean {
  return parts[status] === 'failed';
}

/** What is known of a run from its events alone. `now`: milliseconds that only ever grow. */
export class RunState {
  #sum: Sum = { of: 0, done: 0, putOff: 0, failed: 0, notStarted: 0 };
  readonly #atWork = new Map<string, HostAtWork>();
  /** when hosts were first at work, until nothing more follows for them */
  readonly #begun = new Map<string, number>();
  readonly #took: number[] = [];
  /** hosts whose turn is over, and for which more follows */
  readonly #later = new Set<string>();
  #longestName = 0;

  take(event: ProgressEvent, now: number): void {
    if (event.kind === 'begun' && event.hosts !== undefined) {
      this.#sum = { of: event.hosts, done: 0, putOff: 0, failed: 0, notStarted: 0 };
    } else if (event.kind === 'host') this.#see(event, now);
    else if (event.kind === 'ended') this.#end(event, now);
  }

  get sum(): Sum {
    return this.#sum;
  }

  /** Several hosts are changed in one run. */
  get isOfSeveral(): boolean {
    return this.#sum.of > 1;
  }

  /** More follows for at least one of several hosts. */
  get isUnderWay(): boolean {
    return this.isOfSeveral && this.ended < this.#sum.of;
  }

  /** how many hosts have ended, in whatever way */
  get ended(): number {
    const { done, putOff, failed, notStarted } = this.#sum;
    return done + putOff + failed + notStarted;
  }

  /** how many hosts wait, their turn over, for what comes last */
  get later(): number {
    return this.#later.size;
  }

  /** how much is done, from 0 to 1; a host that waits for what comes last is half done */
  get share(): number {
    return (this.ended + this.later / 2) / Math.max(1, this.#sum.of);
  }

  /** Those that have been at work for longest come first; those on which people are waited for come last. */
  get atWork(): readonly HostAtWork[] {
    const isWaiting = ({ phase }: HostAtWork) => Number(phase === 'waiting');
    return [...this.#atWork.values()].sort(
      (one, other) => isWaiting(one) - isWaiting(other) || one.begun - other.begun,
    );
  }

  /** how long those took that were worked on to their end; milliseconds */
  get took(): readonly number[] {
    return this.#took;
  }

  /** of all hosts so far, in characters */
  get longestName(): number {
    return this.#longestName;
  }

  #see({ host, phase, detail }: Extract<ProgressEvent, { kind: 'host' }>, now: number): void {
    this.#later.delete(host);
    if (phase === 'later') this.#later.add(host);
    if (isAtRest(phase)) {
      this.#atWork.delete(host);
      return;
    }
    const before = this.#atWork.get(host);
    const words = phaseWords({ phase, detail });
    // A host on which people were waited for is not at work for so long.
    const begun = before?.phase === 'waiting' ? now : (this.#begun.get(host) ?? now);
    const since = before?.words === words ? before.since : now;
    this.#begun.set(host, begun);
    this.#atWork.set(host, { host, phase, words, since, begun });
    this.#longestName = Math.max(this.#longestName, host.length);
  }

  #end({ host, status }: EndedEvent, now: number): void {
    const part = parts[status];
    this.#sum = { ...this.#sum, [part]: this.#sum[part] + 1 };
    const begun = this.#begun.get(host);
    if (begun !== undefined && part === 'done') this.#took.push(now - begun);
    this.#begun.delete(host);
    this.#later.delete(host);
    this.#atWork.delete(host);
  }
}
