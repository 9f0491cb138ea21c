import { Worker } from 'node:worker_threads';
import type { Output } from '../report/output.ts';
import type { Environment } from './environment.ts';

const names = ['SIGINT', 'SIGTERM'] as const;

/** Between two signs of life of the event loop. Milliseconds. */
const pace = 500;
/**
 * So many without one, and the loop is taken for stuck. A signal that came before is lost then, so this is
 * much longer than the longest piece of work between two turns of the loop, even on a busy machine: what
 * takes seconds is done on another thread.
 */
const missed = 20;

export interface InterruptionOptions {
  readonly phase: Environment['phase'];
  readonly output: Output;
  /** ends the process at once */
  readonly exit: () => void;
}

/**
 * What signals come to. Until somebody attends to them they have their usual effect. Then the first one asks
 * for an end: hosts under way finish, and no further one is started. The second one leaves those to
 * themselves, which they can bear.
 */
export class Interruptions {
  readonly #options: InterruptionOptions;
  readonly #interrupting = new AbortController();
  readonly #leaving = new AbortController();
  #attending: Promise<void> | undefined;
  #beat: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(options: InterruptionOptions) {
    this.#options = options;
  }

  get signal(): AbortSignal {
    return this.#interrupting.signal;
  }

  get leave(): AbortSignal {
    return this.#leaving.signal;
  }

  /**
   * Takes the signals from now on. Node calls a handler when its event loop comes round: while that is stuck
   * nothing would end the program. So a second thread watches the loop, and where it stands still takes the
   * handlers away, whereupon a signal has its usual effect, death. They come back with the loop.
   */
  attend(): Promise<void> {
    this.#attending ??= watchLoop(() => this.#listen()).then((beat) => {
      this.#beat = beat;
      if (this.#isOver) this.release();
      else this.#listen();
    });
    return this.#attending;
  }

  /** There is nothing left to be brought to an end: signals have their usual effect again. */
  release(): void {
    this.#isOver = true;
    clearInterval(this.#beat);
    for (const name of names) process.removeListener(name, this.interrupt);
  }

  readonly interrupt = (): void => {
    const { phase, output, exit } = this.#options;
    if (this.leave.aborted || (this.signal.aborted && !phase.changing)) {
      exit();
    } else if (this.signal.aborted) {
      this.#leaving.abort();
      const hosts = 'leaving: hosts under way finish or roll back by themselves.';
      output.interject(phase.interruption === undefined ? hosts : 'leaving.');
    } else {
      const hosts = phase.changing
        ? 'no further host is started, and those being changed finish or roll back'
        : 'nothing was changed so far';
      // Where nothing has to be brought to an end, it leaves at once anyway.
      const again =
        phase.changing || phase.interruption !== undefined ? '. Interrupt again to leave now.' : '.';
      // Who is asked something sees what their Ctrl-C came to.
      if (!output.isAsking) output.interject(`interrupted: ${phase.interruption ?? hosts}${again}`);
      this.#interrupting.abort();
    }
  };

  #listen(): void {
    if (this.#isOver) return;
    for (const name of names) if (process.listenerCount(name) === 0) process.on(name, this.interrupt);
  }
}

/** Calls `beating` with each sign of life. Resolves once the loop is watched, or can't be. */
async function watchLoop(beating: () => void): Promise<NodeJS.Timeout> {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  await new Promise<void>((resolve) => {
    try {
      const worker = new Worker(watcher, {
        eval: true,
        workerData: { beats, pace, missed, names },
        env: {},
        execArgv: [],
      });
      worker.once('online', resolve);
      // No more threads, or a Node without its inspector: signals are heard as long as the loop turns.
      worker.once('error', () => resolve());
      worker.once('online', () => worker.unref());
    } catch {
      resolve();
    }
  });
  return setInterval(() => {
    Atomics.add(beats, 0, 1);
    beating();
  }, pace).unref();
}

/**
 * The inspector reaches into a thread that never returns from what it does:
 * https://nodejs.org/api/inspector.html
 */
const watcher = `
const { Session } = require('node:inspector');
const { workerData: { beats, pace, missed, names } } = require('node:worker_threads');
const expression = names.map((name) => 'process.removeAllListeners("' + name + '")').join(';');
let last = 0;
let silent = 0;
setInterval(() => {
  const now = Atomics.load(beats, 0);
  silent = now === last ? silent + 1 : 0;
  last = now;
  if (silent !== missed) return;
  const session = new Session();
  session.connectToMainThread();
  session.post('Runtime.evaluate', { expression }, () => session.disconnect());
}, pace);
`;
