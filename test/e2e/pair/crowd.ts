import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Door } from '../door/connection.ts';
import { OpenSocket } from '../door/socket.ts';

/** Milliseconds: until somebody has waited long enough, asks once more, and has waited long enough again. */
const [patience, pause, secondPatience] = [2_000, 5_000, 15_000];

/** People who ask for a page again and again, so many times a second in all; each keeps a connection. */
export class Crowd {
  readonly #door: Door;
  readonly #target: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 40, maxCachedSessions: 0 });
  readonly #asked: Promise<void>[] = [];
  readonly #begun = Date.now();
  readonly #timer: NodeJS.Timeout;
  answered = 0;
  retried = 0;
  /** what those found who got no answer the second time either */
  readonly failed: string[] = [];
  /** the longest time between two answers; milliseconds */
  longestGap = 0;
  #last = Date.now();

  constructor(door: Door, target: string, perSecond: number) {
    this.#door = door;
    this.#target = target;
    // Timers may be late: what is due by now is asked.
    let asked = 0;
    this.#timer = setInterval(() => {
      const due = Math.floor(((Date.now() - this.#begun) * perSecond) / 1_000);
      for (; asked < due; asked += 1) this.#asked.push(this.#ask());
    }, 5);
  }

  /** Once everybody who asked has an answer, or has given up. The figures, in words. */
  async end(): Promise<string> {
    clearInterval(this.#timer);
    const seconds = (Date.now() - this.#begun) / 1_000;
    await Promise.all(this.#asked);
    this.#agent.destroy();
    return `${Math.round(this.#asked.length / seconds)} requests a second, ${this.answered} answered, ${this.retried} of them at the second try, ${this.failed.length} failed; longest time without an answer ${this.longestGap} ms`;
  }

  async #ask(): Promise<void> {
    const first = await this.#once(patience);
    const second = first === '200' ? first : await this.#again();
    if (second !== '200') {
      this.failed.push(`${first}, then ${second}`);
      return;
    }
    this.answered += 1;
    const now = Date.now();
    this.longestGap = Math.max(this.longestGap, now - this.#last);
    this.#last = now;
  }

  /** Over a connection of its own: those that are kept may be dead as well. */
  async #again(): Promise<string> {
    this.retried += 1;
    await sleep(pause);
    return this.#once(secondPatience, new Agent({ maxCachedSessions: 0 }));
  }

  #once(limit: number, agent = this.#agent): Promise<string> {
    const { address: host, hostname, ca } = this.#door;
    return new Promise((resolve) => {
      const headers = { Host: hostname };
      const asked = request({ host, servername: hostname, ca, path: this.#target, agent, headers });
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
}

/** Milliseconds: between two questions over a WebSocket, and after which it is taken for dead. */
const [heartbeat, silence] = [500, 2_000];

/** A client that keeps a WebSocket open, and opens it anew whenever it is dead, as clients of meetings do. */
export class KeptSocket {
  readonly #door: Door;
  readonly #target: string;
  #socket: OpenSocket | undefined;
  #isOver = false;
  /** times at which it was opened, and was last heard; milliseconds since the epoch */
  readonly opened: number[] = [];
  lastHeard = 0;
  readonly #going: Promise<void>;

  constructor(door: Door, target: string) {
    this.#door = door;
    this.#target = target;
    this.#going = this.#go();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#going;
    this.#socket?.close();
  }

  async #go(): Promise<void> {
    for (let count = 0; !this.#isOver; count += 1) {
      const isAlive = this.#socket !== undefined && (await within(silence, this.#hears(count)));
      if (isAlive) this.lastHeard = Date.now();
      else await this.#open();
      await sleep(isAlive ? heartbeat : 50);
    }
  }

  async #hears(count: number): Promise<boolean> {
    return (await this.#socket?.echoes(`beat ${count};`)) === true;
  }

  async #open(): Promise<void> {
    this.#socket?.close();
    this.#socket = undefined;
    const opening = OpenSocket.open(this.#door, this.#target).then(
      (socket) => {
        // One that came too late is nobody's.
        if (this.#socket === undefined && !this.#isOver) this.#socket = socket;
        else socket.close();
        return true;
      },
      () => false,
    );
    if (await within(silence, opening)) this.opened.push(Date.now());
  }
}

function within(milliseconds: number, answer: Promise<boolean>): Promise<boolean> {
  const late = new AbortController();
  const limit = sleep(milliseconds, false, { signal: late.signal }).catch(() => false);
  return Promise.race([answer, limit]).finally(() => late.abort());
}
