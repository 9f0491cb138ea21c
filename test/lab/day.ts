import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from './fetch.ts';
import type { LabHost } from './host.ts';

/** What every day counts; counters, not impressions. */
export interface DayCounters {
  /** those that came to their own end */
  held: number;
  /** those whose connection was lost before */
  cut: number;
  /** the most nodes that got nobody new at the same time */
  mostOut: number;
}

/** What goes on at hosts by day: every half second something begins there, which ends by itself. */
export abstract class Day<Counters extends DayCounters> {
  readonly counters: Counters;
  readonly #going = new Set<Promise<void>>();
  #isOver = false;

  constructor(counters: Counters) {
    this.counters = counters;
  }

  protected get isOver(): boolean {
    return this.#isOver;
  }

  /** What begins half a second after the last. */
  protected abstract tick(number: number): void;

  /** How many nodes get nobody new at present. */
  protected abstract out(): number | Promise<number>;

  /** Something that the day doesn't end before. */
  protected begin(work: Promise<void>): void {
    this.#going.add(work);
    work.finally(() => this.#going.delete(work)).catch(() => undefined);
  }

  /** The day, until it is over and the last of it has ended. */
  async day(): Promise<void> {
    for (let number = 0; !this.#isOver; number++) {
      this.counters.mostOut = Math.max(this.counters.mostOut, await this.out());
      this.tick(number);
      await sleep(500);
    }
    await Promise.all(this.#going);
  }

  end(): void {
    this.#isOver = true;
  }

  /** Does something by day, and not before something has come to its own end there. */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    const day = this.day();
    const begun = eventually(async () => {
      if (this.counters.held === 0) throw new Error('nothing has come to its end yet');
    });
    const result = await begun.then(work).finally(() => this.end());
    await day;
    return result;
  }
}

/** When a host was started, as the kernel counts; another one after each restart. */
export async function startOf(host: LabHost): Promise<string> {
  return (await host.mustExec('cut -d " " -f 22 /proc/1/stat')).trim();
}
