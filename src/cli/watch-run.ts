import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { acceptedFileOf } from '../inventory/accepted-file.ts';
import { durationWords } from '../model/duration.ts';
import { type Problem, problemsOf } from '../model/operator-error.ts';
import { exitStatus } from '../model/result.ts';
import { statusWords } from '../model/status-words.ts';
import { loadInventory } from '../playbook/resolve/load-inventory.ts';
import { EventLog } from '../record/event-log.ts';
import { chooseView } from '../report/choose-view.ts';
import { errorReport } from '../report/document/document.ts';
import type { ReportDocument } from '../report/document/schema.ts';
import { LinesView } from '../report/json/lines-view.ts';
import { RoundView } from '../report/round-view.ts';
import type { View } from '../report/view.ts';
import { limitedTo } from '../run/limit.ts';
import { anyIsBack } from '../schedule/watch/back.ts';
import { type Endpoints, serveEndpoints } from '../schedule/watch/endpoints.ts';
import { type Current, InventorySource } from '../schedule/watch/inventory-source.ts';
import { foundIn } from '../schedule/watch/news.ts';
import { pauseBefore, pauseBeforeAsking } from '../schedule/watch/next-look.ts';
import { createConnector } from '../ssh/connector.ts';
import { type KeptConnector, keepConnections } from '../ssh/kept-connections.ts';
import type { SshSettings } from '../ssh/settings.ts';
import type { Environment } from './environment.ts';
import { type MetricsStore, MetricsWriter, textfile } from './metrics-writer.ts';
import { refuseIdleLooks, refuseUnagreed, type WatchOptions } from './schedule-options.ts';
import { carryOutRound, stateOf } from './schedule-round.ts';
import { alreadyRunning, withCredentials } from './schedule-run.ts';

/** Between two looks at the file of the inventory. Seconds. */
const pollEvery = 3;
/** Until a look is tried again that found another one at work. Seconds. */
const busyPause = 60;
/** A look that only asks ends sooner than this: after that the process is taken for stuck. Seconds. */
const longestLook = 3_600;

/** Watches until it is interrupted; returns the exit status. Throws what keeps it from beginning. */
export async function watch(options: WatchOptions, given: Environment): Promise<number> {
  refuseIdleLooks(options);
  refuseUnagreed(options);
  const environment = await withCredentials(given);
  await environment.attend();
  environment.phase.interruption = 'watching ends';
  const watcher = new Watcher(options, environment);
  return watcher.watch();
}

class Watcher {
  readonly #options: WatchOptions;
  readonly #environment: Environment;
  readonly #source: InventorySource;
  readonly #kept: KeptConnector;
  /** as they were when the process began: what is looked up is taken away from what programs inherit */
  readonly #variables: Environment['variables'];
  #metrics = '';
  #endpoints: Endpoints | undefined;
  #beganAt: number | undefined;
  #endedAt: number | undefined;
  #found: string | undefined;
  #since: number;
  /** how often hosts that did not answer were asked whether they are back, since all of them did */
  #tries = 0;
  /** another one of the same schedule was at work when this one wanted to look */
  #isBusy = false;

  constructor(options: WatchOptions, environment: Environment) {
    this.#options = options;
    this.#environment = environment;
    this.#variables = { ...environment.variables };
    this.#since = environment.clock.now();
    this.#kept = keepConnections(() => createConnector());
    this.#source = new InventorySource({
      file: options.inventory,
      beside: [acceptedFileOf(options.inventory)],
      load: async () => {
        const inventory = await loadInventory(options.inventory, environment.secrets);
        limitedTo(inventory.hosts, options.limit);
        return inventory;
      },
      nowWords: () => this.#words(environment.clock.now()),
    });
  }

  async watch(): Promise<number> {
    const { signal } = this.#environment;
    const first = await this.#source.read();
    await this.#listen();
    this.#tellBeginning(first);
    try {
      let current = first;
      while (!signal.aborted) {
        await this.#round(current);
        if (signal.aborted) break;
        await this.#untilNext();
        if (!signal.aborted) current = await this.#source.read();
      }
    } finally {
      await this.#endpoints?.close();
      await this.#kept.close();
    }
    return exitStatus.done;
  }

  async #listen(): Promise<void> {
    const { listen } = this.#options;
    if (listen === 'none') return;
    this.#endpoints = await serveEndpoints(listen, {
      ailing: () => this.#ailing(),
      unready: () => {
        if (this.#environment.signal.aborted) return 'it is being ended';
        return this.#endedAt === undefined ? 'the first look has not ended' : undefined;
      },
      metrics: () => this.#metrics,
    });
  }

  #ailing(): string | undefined {
    const began = this.#beganAt;
    // One that repairs may wait for people for hours.
    if (began === undefined || this.#options.policy === 'fix') return undefined;
    const seconds = Math.round((this.#environment.clock.now() - began) / 1_000);
    return seconds > longestLook ? `a look has been going on for ${seconds} seconds` : undefined;
  }

  #tellBeginning({ inventory }: Current): void {
    const { every, policy, inventory: file } = this.#options;
    const does = policy === 'fix' ? 'repairing within windows' : 'only looking';
    const where =
      this.#endpoints === undefined ? '' : `; ${this.#endpoints.url} has /healthz, /readyz, /metrics`;
    if (this.#options.json) return;
    if (this.#endpoints !== undefined) this.#environment.output.links.address(this.#endpoints.url);
    chooseView(this.#environment.output, this.#options).message(
      `watching ${inventory.cluster.name} (${file}) every ${durationWords(every)}, ${does}${where}`,
    );
  }

  /** A view for one look; what is told depends on what the look before it has found. */
  #view(): View {
    const { output } = this.#environment;
    const { json, quiet } = this.#options;
    return new RoundView({
      view: json ? new LinesView(output) : chooseView(output, { ...this.#options, onlyNews: quiet }),
      isNews: (document) => this.#isNews(document) || json,
      line: (document, isNews) => this.#line(document, isNews),
      showsProgress: output.hasStatus,
      // What differs is told with its times; how exactly takes screens, and is what `plan` is for.
      without: this.#options.verbose ? [] : ['plan'],
    });
  }

  #isNews(document: ReportDocument): boolean {
    const found = foundIn(document);
    const isNews = found !== this.#found;
    this.#found = found;
    if (isNews) this.#since = this.#environment.clock.now();
    return isNews;
  }

  #line({ summary }: ReportDocument, isNews: boolean): string {
    const counts = Object.entries(summary.statuses).map(
      ([status, number]) => `${number} ${statusWords[status as keyof typeof statusWords]}`,
    );
    const hosts = counts.length === 0 ? 'no host was looked at' : counts.join(', ');
    const news = isNews ? '' : `; nothing has changed since ${this.#words(this.#since)}`;
    return `${this.#words(this.#environment.clock.now())}: ${hosts}${news}`;
  }

  #words(instant: number): string {
    return `${new Date(instant).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  }

  /** Looks once, and repairs if it is time for that. */
  async #round({ inventory, isNew, problems }: Current): Promise<void> {
    if (isNew) await this.#kept.retain(inventory.hosts.map(({ ssh }) => ssh));
    const { clock, phase } = this.#environment;
    const ended = new AbortController();
    const environment = this.#forRound(ended.signal);
    const view = this.#view();
    const metrics = new MetricsWriter(this.#store(), environment);
    const means = { connector: this.#kept, view, problems };
    phase.changing = false;
    this.#beganAt = clock.now();
    try {
      const options = { ...this.#options, state: stateOf(this.#options, inventory, environment) };
      const status = await carryOutRound({ options, inventory, metrics, means }, environment);
      this.#isBusy = status === 'busy';
      if (status === 'busy')
        this.#tellFailure(view, [alreadyRunning(options.state), ...problems], environment);
    } catch (error) {
      const found = problemsOf(error);
      if (found.some(({ code }) => code === 'unexpected')) throw error;
      if (environment.signal.aborted) return;
      // That its metrics can't be written either, as on a full disk, is no reason to end.
      const also = await metrics.failed(error).then(() => [], problemsOf);
      this.#tellFailure(view, [...found, ...also, ...problems], environment);
    } finally {
      ended.abort();
      await environment.events?.close();
      // Of one that failed; any other is sent already.
      const unsent = await environment.traces?.close();
      if (unsent !== undefined) view.message(unsent);
      // What is wrong with a host's key, or with how we log in, may have been mended elsewhere meanwhile.
      if (this.#kept.hasRefused) this.#kept.relearn();
      this.#beganAt = undefined;
      this.#endedAt = clock.now();
    }
  }

  #tellFailure(
    view: View,
    errors: readonly Problem[],
    { secrets, phase, traces, inventory }: Environment,
  ): void {
    const status = phase.changing ? exitStatus.failed : exitStatus.nothingTouched;
    const traced = traces?.recording(view) ?? view;
    traced.end(errorReport('schedule run', { exitStatus: status, errors, taken: inventory }, secrets));
  }

  /** Everything in it ends with the round; the process goes on. */
  #forRound(ended: AbortSignal): Environment {
    const { signal, leave, secrets, clock } = this.#environment;
    const variables = { ...this.#variables };
    const events = new EventLog({ now: clock.now, mask: (text) => secrets.mask(text) });
    const own = {
      ...{ variables, events, signal: linked(signal, ended), leave: linked(leave, ended) },
      forget: (name: string) => {
        delete variables[name];
        this.#environment.forget?.(name);
      },
    };
    const described = Object.entries(own).map(
      ([name, value]) => [name, { value, enumerable: true }] as const,
    );
    return Object.create(this.#environment, Object.fromEntries(described)) as Environment;
  }

  /** What is asked for over the network, and the file, if one is named. */
  #store(): MetricsStore {
    const { metrics } = this.#options;
    const file = metrics === undefined ? undefined : textfile(metrics);
    return {
      read: async () => (this.#metrics === '' ? await file?.read() : this.#metrics),
      write: async (text) => {
        this.#metrics = text;
        await file?.write(text);
      },
    };
  }

  /** Until it is time for the next look, the inventory is another one, or a host is back. */
  async #untilNext(): Promise<void> {
    const { signal } = this.#environment;
    const { every } = this.#options;
    const now = () => performance.now() / 1_000;
    const pause = this.#isBusy ? Math.min(every, busyPause) : every;
    const next = now() + pauseBefore(pause, Math.random());
    // One that breaks off in each look is not looked at ever again at once.
    if (this.#kept.away.length === 0) this.#tries = 0;
    let ask = now() + pauseBeforeAsking(every, this.#tries);
    while (!signal.aborted && now() < next) {
      const turn = Math.min(pollEvery, Math.max(0, next - now()));
      await sleep(turn * 1_000, undefined, { signal }).catch(() => undefined);
      if (signal.aborted || (await this.#source.hasChanged())) return;
      if (now() < ask || this.#kept.away.length === 0) continue;
      this.#tries += 1;
      if (await this.#isBack()) return;
      ask = now() + pauseBeforeAsking(every, this.#tries);
    }
  }

  /** Whether one of the hosts that did not answer is there again. */
  #isBack(): Promise<boolean> {
    const ask = async (settings: SshSettings, signal: AbortSignal) => {
      const connection = await this.#kept.connect(settings, { signal }).catch(() => undefined);
      await connection?.close().catch(() => undefined);
      return connection !== undefined;
    };
    return anyIsBack(this.#kept.away, ask, this.#environment.signal);
  }
}

/** Aborted with `signal` until `ended` is: listeners of a round don't gather at what outlives it. */
function linked(signal: AbortSignal, ended: AbortSignal): AbortSignal {
  const own = new AbortController();
  // Every connection listens for it; Node warns of more than ten.
  setMaxListeners(0, own.signal);
  if (signal.aborted) own.abort(signal.reason);
  signal.addEventListener('abort', () => own.abort(signal.reason), { once: true, signal: ended });
  return own.signal;
}
