import { get } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { Day, type DayCounters } from './day.ts';
import { tellHaproxy } from './haproxy.ts';
import type { LabHost } from './host.ts';
import { WebSocketClient } from './wcs/install.ts';

/** What happened to WebSockets, which are held or cut, and to requests. */
export interface AudienceCounters extends DayCounters {
  /** WebSockets that the balancer didn't take, or no node */
  refused: number;
  /** requests that were answered as they should be */
  answered: number;
  /** requests that were not */
  failed: number;
}

export interface AudienceOptions {
  /** the host with HAProxy */
  readonly balancer: LabHost;
  /** HAProxy's backend of the WebSockets */
  readonly backend: string;
  /** the path of a page that answers with 200 */
  readonly page: string;
}

/**
 * Clients of a balancer: twice a second one opens a WebSocket through it, which stays open for some seconds,
 * and another one asks for a page, each on a connection of its own.
 */
export class Audience extends Day<AudienceCounters> {
  readonly #options: AudienceOptions;
  /** what went wrong, in words */
  readonly troubles: string[] = [];

  constructor(options: AudienceOptions) {
    super({ held: 0, cut: 0, refused: 0, answered: 0, failed: 0, mostOut: 0 });
    this.#options = options;
  }

  protected tick(): void {
    this.begin(this.#webSocket());
    this.begin(this.#request());
  }

  /** Servers that are drained, in maintenance or down. */
  protected async out(): Promise<number> {
    const [head = '', ...rows] = (await tellHaproxy(this.#options.balancer, 'show stat')).split('\n');
    const columns = head.replace(/^# /, '').split(',');
    const cell = (row: string, column: string) => row.split(',')[columns.indexOf(column)] ?? '';
    return rows.filter(
      (row) =>
        cell(row, 'pxname') === this.#options.backend &&
        !['', 'FRONTEND', 'BACKEND'].includes(cell(row, 'svname')) &&
        !cell(row, 'status').startsWith('UP'),
    ).length;
  }

  async #webSocket(): Promise<void> {
    const { balancer } = this.#options;
    let client: WebSocketClient;
    try {
      client = await WebSocketClient.open(balancer.address, { port: 443, secure: true });
    } catch (error) {
      this.counters.refused += 1;
      this.troubles.push(`refused: ${String(error)}`);
      return;
    }
    const until = Date.now() + 2_000 + Math.random() * 4_000;
    let isThere = true;
    while (isThere && Date.now() < until) {
      await sleep(250);
      isThere = !client.closed;
    }
    isThere &&= await client.echoes('still here');
    client.close();
    if (isThere) this.counters.held += 1;
    else {
      this.counters.cut += 1;
      this.troubles.push(`cut: ${client.node}`);
    }
  }

  async #request(): Promise<void> {
    const { balancer, page } = this.#options;
    const said = await statusOf(balancer.address, page);
    if (said === '200') this.counters.answered += 1;
    else {
      this.counters.failed += 1;
      this.troubles.push(`failed: ${said}`);
    }
  }
}

/** The status of the answer, or why there was none. */
function statusOf(host: string, path: string): Promise<string> {
  return new Promise((done) => {
    // Its certificate is checked elsewhere.
    const request = get({ host, path, agent: false, rejectUnauthorized: false, timeout: 30_000 });
    request.once('response', (response) => {
      response.resume();
      response.once('end', () => done(String(response.statusCode)));
      response.once('error', (error) => done(error.message));
    });
    request.once('timeout', () => request.destroy(new Error('no answer')));
    request.once('error', (error) => done(error.message));
  });
}
