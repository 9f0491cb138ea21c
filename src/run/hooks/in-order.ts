import type { OwnProgram } from '../../model/own-program.ts';
import { runProgram } from '../programs/run-program.ts';
import { failureOf } from './answer.ts';

/** What an `after-host` hook is told of a host. */
export interface HostCall {
  readonly host: string;
  /** the document; made when it is its turn */
  readonly document: () => string;
  readonly variables: Readonly<Record<string, string>>;
}

export interface InOrderOptions {
  readonly signal: AbortSignal;
  readonly withheld: readonly string[];
  /** how long each call may take; milliseconds */
  readonly limit: number;
  /** how long all that are left may take once no further host comes; milliseconds */
  readonly patience: number;
  readonly warn: (text: string) => void;
}

/**
 * Calls one hook for one host after the other, in the order in which they end, beside the run: it holds up
 * neither hosts nor other hooks. One that took too long is not called again, so that each costs a run no more
 * than that once.
 */
export class InOrder {
  readonly #program: OwnProgram;
  readonly #options: InOrderOptions;
  readonly #waiting: HostCall[] = [];
  readonly #end = new AbortController();
  #working: Promise<void> | undefined;
  #isLate = false;

  constructor(program: OwnProgram, options: InOrderOptions) {
    this.#program = program;
    this.#options = options;
  }

  add(call: HostCall): void {
    this.#waiting.push(call);
    this.#working ??= this.#work();
  }

  /** Waits for what is left, and tells which hosts it was not called for. */
  async finish(): Promise<void> {
    const late = setTimeout(() => this.#end.abort(), this.#options.patience);
    await this.#working;
    clearTimeout(late);
    if (this.#waiting.length === 0) return;
    const hosts = this.#waiting.map(({ host }) => host);
    const some = hosts.length > 10 ? [...hosts.slice(0, 10), `${hosts.length - 10} more`] : hosts;
    const why = this.#isLate
      ? 'as it took too long before'
      : `as the run was ${this.#options.signal.aborted ? 'interrupted' : 'over'}`;
    this.#options.warn(
      `the hook ${this.#program.name} (after-host) was not called for ${some.join(', ')}, ${why}`,
    );
  }

  async #work(): Promise<void> {
    const { signal, withheld, limit, warn } = this.#options;
    // Whoever adds the first one goes on before anything is done for it.
    await Promise.resolve();
    while (!this.#isLate && !this.#end.signal.aborted && !signal.aborted) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      const ended = await runProgram(this.#program, next.document(), {
        ...{ signal: AbortSignal.any([signal, this.#end.signal]), withheld, limit },
        variables: next.variables,
      });
      this.#isLate = ended.isLate === true;
      const isCut = ended.why === 'interrupted' && !signal.aborted;
      const end = isCut ? { ...ended, why: 'it was still at work when everything else was over' } : ended;
      const failure = failureOf(this.#program, `after-host, ${next.host}`, end);
      if (failure !== undefined) warn(failure);
    }
    this.#working = undefined;
  }
}
