import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { reasonOf } from '../../../document/reason.ts';
import type { Answer, ChangeEnd, ChangeRequest, ChangeState, LookRequest } from '../../../engine/messages.ts';
import { type SiteServices, servicesOf } from '../../../engine/site.ts';
import { OperatorError } from '../../../model/operator-error.ts';

/** Between two tries to reach an engine that was there before. Milliseconds. */
const pause = 1_000;

export interface EngineOptions {
  /** its ingress, such as `http://127.0.0.1:8080` */
  readonly url: string;
  readonly site: string;
  readonly signal: AbortSignal;
  /** told once whenever the engine doesn't answer any more */
  readonly lost: (text: string) => void;
}

/**
 * The engine, by its HTTP ingress (https://docs.restate.dev/services/invocation/http). Each call is handed
 * over with a key of its own, so that it counts once however often it is sent; then its answer is waited for,
 * also where the engine is restarted meanwhile. Throws OperatorErrors `engine-unreachable`,
 * `engine-no-worker` and `engine-refused`, and what `signal` says.
 */
export class EngineClient {
  readonly #options: EngineOptions;
  readonly #services: SiteServices;
  /** it has answered before: from then on it is waited for */
  #wasThere = false;
  #isLost = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#services = servicesOf(options.site);
  }

  /** Has a worker look at a cluster. */
  async look(cluster: string, request: LookRequest): Promise<Answer> {
    const path = [this.#services.cluster, cluster, 'look', 'send'];
    const { invocationId } = await this.#send<{ invocationId: string }>(path, request, randomUUID());
    return this.#get(['restate', 'invocation', invocationId, 'attach']);
  }

  /** Begins a change of this id, unless it was begun before. */
  async begin(change: string, request: ChangeRequest): Promise<void> {
    await this.#send([this.#services.change, change, 'run', 'send'], request);
  }

  /** Says yes to the plan of this digest. */
  async approve(change: string, digest: string): Promise<void> {
    const path = [this.#services.change, change, 'approve', 'send'];
    await this.#send(path, { digest }, randomUUID());
  }

  /** Waits for the end of a change. */
  ended(change: string): Promise<ChangeEnd> {
    return this.#get(['restate', 'workflow', this.#services.change, change, 'attach']);
  }

  /** How far a change is; null: it hasn't begun, or its end is forgotten. */
  state(change: string): Promise<ChangeState | null> {
    return this.#get([this.#services.change, change, 'state']);
  }

  #send<Told>(path: readonly string[], body: object, key?: string): Promise<Told> {
    return this.#ask(path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      body: JSON.stringify(body),
    });
  }

  #get<Told>(path: readonly string[]): Promise<Told> {
    return this.#ask(path, {});
  }

  async #ask<Told>(path: readonly string[], request: RequestInit): Promise<Told> {
    const { url, signal } = this.#options;
    const address = new URL(path.map(encodeURIComponent).join('/'), url.endsWith('/') ? url : `${url}/`);
    for (;;) {
      const answer = await fetch(address, { ...request, signal }).catch((error: unknown) =>
        this.#unreached(error),
      );
      if (answer?.ok) {
        const text = await answer.text().catch((error: unknown) => this.#unreached(error));
        if (text !== undefined) return this.#told(text);
      } else if (answer !== undefined) {
        await this.#refused(answer);
      }
      await sleep(pause, undefined, { signal });
    }
  }

  #told<Told>(text: string): Told {
    this.#wasThere = true;
    this.#isLost = false;
    return (text === '' ? undefined : JSON.parse(text)) as Told;
  }

  /** Returns where it is worth another try: fetch gives up after five minutes without an answer as well. */
  #unreached(error: unknown): undefined {
    const { url, signal, lost } = this.#options;
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    if (!this.#wasThere)
      throw new OperatorError({
        code: 'engine-unreachable',
        message: `the engine does not answer at ${url}: ${reasonOf(cause)}`,
        next: 'start it, or correct --engine, which is the address of its ingress for `fleet`, such as http://127.0.0.1:8080',
      });
    if ((cause as { readonly code?: string }).code === 'UND_ERR_HEADERS_TIMEOUT') return;
    if (!this.#isLost) lost(`the engine at ${url} does not answer any more; waiting for it`);
    this.#isLost = true;
  }

  /** Throws unless it is the engine that isn't ready yet. */
  async #refused(answer: Response): Promise<void> {
    const text = await answer.text().catch(() => '');
    const isOfEngine = answer.headers.get('x-restate-error-source') === 'ingress';
    if (answer.status === 404 && text.includes('register'))
      throw new OperatorError({
        code: 'engine-no-worker',
        message: `no worker of the site ${this.#options.site} was ever registered at the engine`,
        next: 'start one: clusterproxy worker --engine URL --site NAME -i FILES; or correct --site',
      });
    const isNotReady = answer.status >= 500 && (isOfEngine || !text.includes('"source"'));
    if (isNotReady && this.#wasThere) return;
    throw new OperatorError({
      code: 'engine-refused',
      message: `the engine did not do what it was asked for (status ${answer.status})`,
      next: 'see that the workers are of the same version as this program, and what the engine itself tells',
      detail: text.slice(0, 2_000),
    });
  }
}
