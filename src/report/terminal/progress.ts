import { isAtRest, type ProgressEvent } from '../../model/progress.ts';
import { statusWords } from '../../model/status-words.ts';
import type { Output } from '../output.ts';
import { count } from '../shared/prose.ts';
import { renderMessage } from './message.ts';
import { type HostEvent, hostWords } from './phase-words.ts';
import { isFailure, RunState } from './run-state.ts';
import { renderRun } from './run-table.ts';
import { SilenceBreaker, signOfLife } from './sign-of-life.ts';

/** Where progress goes. */
export interface ProgressOptions {
  readonly output: Output;
  /** nothing is told at all */
  readonly quiet: boolean;
  /** every phase of every host, where there is no terminal */
  readonly verbose: boolean;
  /** stands before each plain line, such as the cluster's name where there are several */
  readonly prefix?: string;
}

export interface Progress {
  /** `at`: when that was, if not now; milliseconds since the epoch */
  readonly tell: (event: ProgressEvent, at?: number) => void;
}

/**
 * Tells on standard error how far a command is: on a terminal in one line that is rewritten, or a table of
 * the hosts at work where several are changed; elsewhere in plain lines. A run of 200 hosts in a log is one
 * line a phase that matters, not thousands.
 */
export function startProgress(options: ProgressOptions): Progress {
  if (options.quiet) return { tell: () => undefined };
  return options.output.hasStatus ? onTerminal(options.output) : inPlainLines(options);
}

function onTerminal(output: Output): Progress {
  const look = new LookState();
  const run = new RunState();
  const picture = {
    lines: (size: { readonly columns: number; readonly rows: number }) =>
      renderRun(run, { ...size, now: performance.now() }),
    percent: () => 100 * run.share,
    hasFailed: () => run.sum.failed > 0,
  };
  return {
    tell: (event) => {
      look.take(event);
      run.take(event, performance.now());
      if (event.kind === 'message') {
        output.messages.write(`${event.text}\n`);
        return;
      }
      const failure = failureWords(event, run);
      if (failure !== undefined) {
        output.messages.write(`${renderMessage(failure, output.messages.columns).join('\n')}\n`);
      }
      if (look.isLooking && !run.isUnderWay) output.status(look.words());
      else output.status(run.isUnderWay ? picture : lineOf(run));
    },
  };
}

/** The latest of the hosts at work in one line, whose end may be cut off; undefined where none is. */
export function lineOf({ atWork }: RunState): string | undefined {
  const latest = [...atWork].sort((one, other) => other.since - one.since)[0];
  if (latest === undefined) return undefined;
  const others = atWork.length - 1;
  return `${latest.host}${others === 0 ? '' : ` (${others} more under way)`}: ${latest.words}`;
}

/** In lines of their own, also where there is a terminal. */
export function inPlainLines({ output, verbose, prefix = '' }: Omit<ProgressOptions, 'quiet'>): Progress {
  const look = new LookState();
  const run = new RunState();
  const say = (line: string, at = Date.now()) =>
    output.messages.write(`${verbose ? `${timeOfDay(at)} ` : ''}${prefix}${line}\n`);
  const breaker = new SilenceBreaker({
    now: () => performance.now(),
    lastSaid: () => output.lastTold,
    words: () => (look.isLooking ? look.words() : signOfLife(run, performance.now())),
    say,
  });
  return {
    tell: (event, at) => {
      look.take(event);
      run.take(event, performance.now());
      const line = plainLine(event, { look, run, verbose });
      if (line !== undefined) say(line, at);
      breaker.begin();
    },
  };
}

/** A host that has failed among others, which go on; alone, the result says so at once. */
export function failureWords(
  event: ProgressEvent,
  { isOfSeveral }: Pick<RunState, 'isOfSeveral'>,
): string | undefined {
  if (event.kind !== 'ended' || !isOfSeveral || !isFailure(event)) return undefined;
  const { host, status, problem } = event;
  return `${host}: ${statusWords[status]}${problem === undefined ? '' : `: ${problem}`}`;
}

/** `16:02:05`, by this machine's clock */
function timeOfDay(milliseconds: number): string {
  const at = new Date(milliseconds);
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

/** What a log should have: when files came into place, what ran, the end, and connections that were lost. */
function isRemarkable({ phase, detail }: HostEvent): boolean {
  return (
    ['waiting', 'draining', 'acting', 'swapped', 'handler'].includes(phase) ||
    isAtRest(phase) ||
    (['connecting', 'confirming'].includes(phase) && detail !== undefined)
  );
}

interface PlainLineOptions {
  readonly look: LookState;
  readonly run: RunState;
  readonly verbose: boolean;
}

function plainLine(event: ProgressEvent, { look, run, verbose }: PlainLineOptions): string | undefined {
  switch (event.kind) {
    case 'message':
      return event.text;
    case 'begun':
      return undefined;
    case 'ended':
      return failureWords(event, run);
    case 'looking':
      return `looking at ${count(event.total, 'host')}`;
    case 'looked':
      return look.isLooking ? undefined : look.words();
    case 'host':
      return verbose || isRemarkable(event) ? hostWords(event) : undefined;
  }
}

/** How many of a command's hosts were looked at. */
export class LookState {
  #total = 0;
  #looked = 0;
  #unreachable = 0;

  take(event: ProgressEvent): void {
    if (event.kind === 'looking') {
      this.#total = event.total;
      this.#looked = 0;
      this.#unreachable = 0;
    } else if (event.kind === 'looked') {
      this.#looked += 1;
      if (!event.ok) this.#unreachable += 1;
    }
  }

  get isLooking(): boolean {
    return this.#looked < this.#total;
  }

  /** `looking: 12 of 20 done, 1 unreachable` */
  words(): string {
    const failed = this.#unreachable === 0 ? '' : `, ${this.#unreachable} unreachable`;
    return `looking: ${this.#looked} of ${this.#total} done${failed}`;
  }
}
