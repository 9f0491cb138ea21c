import type { HostPhase, ProgressEvent } from '../../model/progress.ts';
import type { Output } from '../output.ts';
import { count } from '../shared/prose.ts';

/** Where progress goes. */
export interface ProgressOptions {
  readonly output: Output;
  /** nothing is told at all */
  readonly quiet: boolean;
  /** every phase of every host, where there is no terminal */
  readonly verbose: boolean;
}

export interface Progress {
  readonly tell: (event: ProgressEvent) => void;
}

/**
 * Tells on standard error how far a command is: on a terminal in one line that is rewritten, elsewhere in
 * plain lines. A run of 200 hosts in a log is one line a phase that matters, not thousands.
 */
export function startProgress(options: ProgressOptions): Progress {
  if (options.quiet) return { tell: () => undefined };
  return options.output.hasStatus ? onTerminal(options.output) : inPlainLines(options);
}

function onTerminal(output: Output): Progress {
  const state = new ProgressState();
  return {
    tell: (event) => {
      if (event.kind === 'message') {
        output.messages.write(`${event.text}\n`);
        return;
      }
      state.take(event);
      output.status(state.line());
    },
  };
}

function inPlainLines({ output, verbose }: ProgressOptions): Progress {
  const state = new ProgressState();
  const tell = (event: ProgressEvent) => {
    state.take(event);
    const line = plainLine(event, state, verbose);
    if (line !== undefined) output.messages.write(`${line}\n`);
  };
  return { tell };
}

/** What a log should have: when files came into place, what ran, the end, and connections that were lost. */
function isRemarkable({ phase, detail }: HostEvent): boolean {
  return (
    ['waiting', 'draining', 'acting', 'swapped', 'handler', 'done'].includes(phase) ||
    (['connecting', 'confirming'].includes(phase) && detail !== undefined)
  );
}

type HostEvent = Extract<ProgressEvent, { kind: 'host' }>;

function plainLine(event: ProgressEvent, state: ProgressState, verbose: boolean): string | undefined {
  switch (event.kind) {
    case 'message':
      return event.text;
    case 'begun':
      return undefined;
    case 'looking':
      return `looking at ${count(event.total, 'host')}`;
    case 'looked':
      return state.isLooking ? undefined : state.lookingWords();
    case 'host':
      return verbose || isRemarkable(event) ? hostWords(event) : undefined;
  }
}

/** What is known of a run from its events alone. */
export class ProgressState {
  #total = 0;
  #looked = 0;
  #unreachable = 0;
  readonly #busy = new Map<string, string>();

  take(event: ProgressEvent): void {
    if (event.kind === 'looking') {
      this.#total = event.total;
      this.#looked = 0;
      this.#unreachable = 0;
    } else if (event.kind === 'looked') {
      this.#looked += 1;
      if (!event.ok) this.#unreachable += 1;
    } else if (event.kind === 'host') {
      this.#busy.delete(event.host);
      if (event.phase !== 'done') this.#busy.set(event.host, hostWords(event));
    }
  }

  get isLooking(): boolean {
    return this.#looked < this.#total;
  }

  /** `looking: 12 of 20 done, 1 unreachable` */
  lookingWords(): string {
    const failed = this.#unreachable === 0 ? '' : `, ${this.#unreachable} unreachable`;
    return `looking: ${this.#looked} of ${this.#total} done${failed}`;
  }

  /** One line for all hosts; undefined where nothing is under way. */
  line(): string | undefined {
    if (this.isLooking) return this.lookingWords();
    const latest = [...this.#busy.values()].at(-1);
    if (latest === undefined) return undefined;
    const others = this.#busy.size - 1;
    return others === 0 ? latest : `${latest}; ${others} more under way`;
  }
}

const phaseWords: Readonly<Record<HostPhase, string>> = {
  waiting: 'waiting',
  draining: 'draining',
  connecting: 'connecting',
  uploading: 'uploading the new files',
  unpacking: 'sending and unpacking',
  fetching: 'fetching and unpacking',
  prepared: 'prepared',
  acting: 'carrying out',
  swapped: 'the new files are in place',
  validating: 'validating',
  handler: 'running a handler',
  checking: 'checking that it works',
  settling: 'waiting to see whether it stays up',
  confirming: 'waiting for the confirmation that it stays changed',
  queued: 'queued: it begins by itself once nobody is there',
  done: 'done',
};

function hostWords({ host, phase, detail }: HostEvent): string {
  const words = phase === 'handler' && detail !== undefined ? '' : phaseWords[phase];
  const between = words === '' ? '' : phase === 'waiting' ? ' ' : ': ';
  const more = detail === undefined ? '' : `${between}${detail}`;
  return `${host}: ${words}${more}`;
}
