import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Door } from '../door/connection.ts';

/** Milliseconds: between two requests, until one counts as failed, and until it is tried once more. */
const [pace, patience, again] = [20, 1_500, 6_000];

/**
 * People who ask for a page all the time, each over a connection of its own, as those do who come anew.
 * Whoever gets no answer tries once more.
 */
export class Audience {
  readonly #door: Door;
  readonly #target: string;
  readonly #asked: Promise<void>[] = [];
  readonly #going: Promise<void>;
  #isOver = false;
  /** requests that were answered at once */
  answered = 0;
  /** what the others found at first */
  readonly retried: string[] = [];
  /** what was found by those who got no answer the second time either */
  readonly failed: string[] = [];
  /** the longest time between two answers that came at once; milliseconds */
  longestGap = 0;
  #lastAnswer = Date.now();

  constructor(door: Door, target: string) {
    this.#door = door;
    this.#target = target;
    this.#going = this.#go();
  }

  /** Once everybody who asked has an answer, or has given up. */
  async end(): Promise<this> {
    this.#isOver = true;
    await this.#going;
    await Promise.all(this.#asked);
    return this;
  }

  async #go(): Promise<void> {
    while (!this.#isOver) {
      this.#asked.push(this.#ask());
      await sleep(pace);
    }
  }

  async #ask(): Promise<void> {
    const first = await statusOf(this.#door, this.#target, patience);
    if (first === '200') {
      this.answered += 1;
      this.#noteAnswer();
      return;
    }
    this.retried.push(first);
    await sleep(again);
    const second = await statusOf(this.#door, this.#target, 10_000);
    if (second !== '200') this.failed.push(`${first}, then ${second}`);
  }

  #noteAnswer(): void {
    const now = Date.now();
    this.longestGap = Math.max(this.longestGap, now - this.#lastAnswer);
    this.#lastAnswer = now;
  }
}

/** The status of the answer, or why there is none. */
export function statusOf({ address, hostname, ca }: Door, path: string, limit: number): Promise<string> {
  return new Promise((resolve) => {
    const asked = request({
      ...{ host: address, servername: hostname, ca, path, agent: new Agent({ maxCachedSessions: 0 }) },
      headers: { Host: hostname, Connection: 'close' },
    });
    const timer = setTimeout(() => asked.destroy(new Error('no answer in time')), limit);
    const end = (words: string) => {
      clearTimeout(timer);
      resolve(words);
    };
    asked.on('response', (response) => {
      response.on('error', (error) => end(error.message));
      response.on('end', () => end(String(response.statusCode)));
      response.resume();
    });
    asked.on('error', (error) => end(error.message));
    asked.end();
  });
}
