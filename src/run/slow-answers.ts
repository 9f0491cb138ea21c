import type { CheckResult, OutsideCheck } from '../model/outside-check.ts';

/** An answer that takes less than this troubles nobody, whoever is faster. In milliseconds. */
const leastSlow = 2000;

/** How many times as long as the fastest of the others. */
const timesAsLong = 4;

interface Timed {
  readonly host: string;
  readonly check: string;
  /** milliseconds; of several answers that of the fastest */
  took: number;
  readonly again: () => Promise<unknown>;
}

/**
 * How long hosts take to answer through the door. All are asked the same, so one that takes much longer than
 * others is slow itself, or the way from the door to it is. What the door answers by itself tells nothing.
 */
export class AnswerTimes {
  readonly #timed: Timed[] = [];
  readonly #hostname: string;
  readonly #clock: () => number;

  /** `hostname`: the door's; `clock`: in milliseconds. */
  constructor(hostname: string, clock: () => number) {
    this.#hostname = hostname.toLowerCase();
    this.#clock = clock;
  }

  /** Asks, and remembers how long that took where it was asked through the door. */
  async time<Answer>(
    host: string,
    { id, question }: OutsideCheck,
    ask: () => Promise<Answer>,
  ): Promise<Answer> {
    const isTimed =
      question.kind === 'http' &&
      question.status.includes(200) &&
      new URL(question.url).hostname === this.#hostname;
    if (!isTimed) return ask();
    const begun = this.#clock();
    const answer = await ask();
    this.#timed.push({ host, check: id, took: this.#clock() - begun, again: ask });
    return answer;
  }

  /**
   * The results, with a note where an answer came much later than the fastest of other hosts. It is asked
   * once more before that is said, alone, since so many questions at once are slow by themselves.
   */
  async noted(results: readonly CheckResult[]): Promise<readonly CheckResult[]> {
    const notes = new Map<CheckResult, string>();
    for (const result of results) {
      if (result.outcome !== 'passed') continue;
      const own = this.#timed.find(({ host, check }) => host === result.host && check === result.id);
      const fastest = Math.min(...this.#others(result, results));
      if (own === undefined || !isSlow(own.took, fastest)) continue;
      const begun = this.#clock();
      await own.again();
      own.took = Math.min(own.took, this.#clock() - begun);
      if (isSlow(own.took, fastest)) notes.set(result, words(own.took, fastest));
    }
    return results.map((result) => {
      const said = [result.note, notes.get(result)].filter((note) => note !== undefined);
      return said.length === 0 ? result : { ...result, note: said.join('; ') };
    });
  }

  /** What the same question took on other hosts that answered it well. */
  #others({ host, id }: CheckResult, results: readonly CheckResult[]): readonly number[] {
    const passed = new Set(
      results.filter((one) => one.id === id && one.outcome === 'passed').map((one) => one.host),
    );
    return this.#timed
      .filter((one) => one.check === id && one.host !== host && passed.has(one.host))
      .map(({ took }) => took);
  }
}

function isSlow(took: number, fastest: number): boolean {
  return Number.isFinite(fastest) && took >= leastSlow && took >= timesAsLong * fastest;
}

function words(took: number, fastest: number): string {
  const seconds = (time: number) => `${(time / 1000).toFixed(1)} s`;
  return `slow: this took ${seconds(took)} through the door, and ${seconds(fastest)} on the fastest of the others`;
}
