import { OperatorError } from '../model/operator-error.ts';
import type { ConnectOptions, Connector } from './connector.ts';
import type { Connection, ExecInput, ExecOptions, ExecResult } from './contract.ts';
import type { SshSettings } from './settings.ts';

/** A connector whose connections outlive those who close them, for a process that asks again and again. */
export interface KeptConnector extends Connector {
  /** Learns anew how hosts are reached: ssh's configuration, pinned keys, secrets. Open connections stay. */
  relearn(): void;
  /** Closes connections to all but these, at once where nobody uses them; and learns anew. */
  retain(settings: readonly SshSettings[]): Promise<void>;
  /** how many connections wait for their next use */
  readonly idle: number;
  /** hosts that could not be reached when they were last to be connected to, or were lost since */
  readonly away: readonly SshSettings[];
  /** a host has refused us since the last `relearn`: by its key, at the login, or by sudo */
  readonly hasRefused: boolean;
}

/**
 * Codes of hosts that may be there again at any moment. One that refuses us isn't among them: it might block
 * whoever comes again and again.
 */
const awayCodes: ReadonlySet<string> = new Set([
  ...['unreachable', 'connect-timeout', 'connection-lost', 'jump-host-refused'],
]);

/** So many connections to a host are kept: a look may need several at the same time. */
const mostOfHost = 4;

/** How long a kept connection may take to show that its host is still there. Seconds. */
const patience = 5;

/**
 * How long a connection is kept, and what is known of hosts. A name may lead to another machine since, while
 * the former one still answers; nothing else would ever tell. Seconds.
 */
const longestKept = 3_600;

/** A connector that is used for as long as one of its connections is open. */
interface Generation {
  readonly connector: Connector;
  /**
   * the same object for the same settings: a connector knows settings by identity, and those who ask again
   * have read them again
   */
  readonly settings: Map<string, SshSettings>;
  readonly begunAt: number;
  open: number;
}

interface Idle {
  readonly connection: Connection;
  readonly generation: Generation;
}

/**
 * Keeps connections when they are closed, and gives each to whoever connects next, to nobody else at the same
 * time. Before that the host is asked whether it is still there: one that was rebooted, or whose line was cut
 * without a word, is connected to anew. `create` makes the connector beneath it; `now` in seconds.
 */
export function keepConnections(
  create: () => Connector,
  now = () => performance.now() / 1_000,
): KeptConnector {
  const idle = new Map<string, Idle[]>();
  const generations = new Set<Generation>();
  const away = new Map<string, SshSettings>();
  /** what is kept at all; undefined: everything */
  let retained: ReadonlySet<string> | undefined;
  let hasRefused = false;
  let current = begin();

  function begin(): Generation {
    const generation: Generation = { connector: create(), settings: new Map(), begunAt: now(), open: 0 };
    generations.add(generation);
    return generation;
  }

  function renew(): void {
    const before = current;
    current = begin();
    void release(before);
  }

  const isOld = ({ begunAt }: Generation) => now() - begunAt > longestKept;

  /** What its connections share goes with the last of them. */
  async function release(generation: Generation): Promise<void> {
    if (generation === current || generation.open > 0 || !generations.delete(generation)) return;
    await generation.connector.close().catch(() => undefined);
  }

  async function end({ connection, generation }: Idle): Promise<void> {
    generation.open -= 1;
    await connection.close().catch(() => undefined);
    await release(generation);
  }

  async function fromIdle(key: string, signal: AbortSignal | undefined): Promise<Idle | undefined> {
    for (let found = idle.get(key)?.pop(); found !== undefined; found = idle.get(key)?.pop()) {
      if (!isOld(found.generation) && (await answers(found.connection, signal))) return found;
      await end(found);
    }
    return undefined;
  }

  const same = ({ settings }: Generation, key: string, given: SshSettings) => {
    const known = settings.get(key) ?? given;
    settings.set(key, known);
    return known;
  };

  async function open(key: string, settings: SshSettings, signal: AbortSignal): Promise<Idle> {
    const generation = current;
    // Counted from now on: what it shares must not go while this connection is being made.
    generation.open += 1;
    try {
      const known = same(generation, key, settings);
      const connection = await generation.connector.connect(known, { signal });
      away.delete(key);
      return { connection, generation };
    } catch (error) {
      if (error instanceof OperatorError && awayCodes.has(error.code)) {
        away.set(key, settings);
      } else if (!signal.aborted) {
        away.delete(key);
        hasRefused = true;
      }
      generation.open -= 1;
      await release(generation);
      throw error;
    }
  }

  return {
    get idle() {
      return [...idle.values()].flat().length;
    },
    get away() {
      return [...away.values()];
    },
    resolve: (settings) => current.connector.resolve(same(current, keyOf(settings), settings)),
    scan: (target, options) => current.connector.scan(target, options),
    async connect(settings, { signal }: ConnectOptions = {}) {
      const key = keyOf(settings);
      if (isOld(current)) renew();
      const ending = new AbortController();
      const stop = () => ending.abort();
      signal?.addEventListener('abort', stop, { once: true });
      if (signal?.aborted) stop();
      const unlink = () => signal?.removeEventListener('abort', stop);
      try {
        const taken = (await fromIdle(key, signal)) ?? (await open(key, settings, ending.signal));
        return new Leased(taken.connection, signal, async ({ isSound, isCutOff, isRefused }) => {
          unlink();
          // What sudo has said is remembered by the connector beneath, and so is the password it was given.
          if (isRefused) hasRefused = true;
          const isRetained = retained?.has(key) !== false;
          // It may be the program alone that was killed.
          if (isCutOff && isRetained && !(await answers(taken.connection, signal)) && !signal?.aborted)
            away.set(key, settings);
          const others = idle.get(key) ?? [];
          if (!isSound || !isRetained || others.length >= mostOfHost) return end(taken);
          idle.set(key, [...others, taken]);
        });
      } catch (error) {
        unlink();
        throw error;
      }
    },
    get hasRefused() {
      return hasRefused;
    },
    relearn() {
      hasRefused = false;
      renew();
    },
    async retain(settings) {
      retained = new Set(settings.map(keyOf));
      this.relearn();
      for (const key of away.keys()) if (!retained.has(key)) away.delete(key);
      const others = [...idle].filter(([key]) => retained?.has(key) === false);
      for (const [key] of others) idle.delete(key);
      await Promise.all(others.flatMap(([, all]) => all.map(end)));
    },
    async close() {
      retained = new Set();
      const all = [...idle.values()].flat();
      idle.clear();
      await Promise.all(all.map(end));
      await Promise.all([...generations].map(({ connector }) => connector.close().catch(() => undefined)));
    },
  };
}

/** Settings with the same key lead to the same account of the same host; secrets, functions, are no part. */
function keyOf(settings: SshSettings): string {
  const known = Object.entries(settings).filter(
    ([, value]) => value !== undefined && typeof value !== 'function',
  );
  return JSON.stringify(known.sort(([one], [other]) => (one < other ? -1 : 1)));
}

async function answers(connection: Connection, signal: AbortSignal | undefined): Promise<boolean> {
  if (signal?.aborted) return false;
  try {
    const nothing = Buffer.alloc(0);
    const { code } = await connection.exec('true', nothing, { timeout: patience, maximumOutput: 65_536 });
    return code === 0;
  } catch (error) {
    if (error instanceof OperatorError) return false;
    throw error;
  }
}

/** What came of a connection while somebody used it. */
interface Outcome {
  /** it can be used again */
  readonly isSound: boolean;
  /** what ran on it has ended without a result */
  readonly isCutOff: boolean;
  /** sudo has refused us */
  readonly isRefused: boolean;
}

/** A connection in the hands of one who uses it, until it is closed. */
class Leased implements Connection {
  readonly #connection: Connection;
  readonly #giveBack: (outcome: Outcome) => Promise<void>;
  readonly #signal: AbortSignal | undefined;
  #working = 0;
  #isSound = true;
  #isCutOff = false;
  #isRefused = false;
  #closing: Promise<void> | undefined;

  constructor(
    connection: Connection,
    signal: AbortSignal | undefined,
    giveBack: (outcome: Outcome) => Promise<void>,
  ) {
    this.#connection = connection;
    this.#signal = signal;
    this.#giveBack = giveBack;
    signal?.addEventListener('abort', this.#cut, { once: true });
  }

  /** A connection of its own would be cut as well. */
  readonly #cut = (): void => {
    this.#isSound = false;
    void this.#connection.close().catch(() => undefined);
  };

  async exec(command: string, input: ExecInput, options: ExecOptions): Promise<ExecResult> {
    this.#working += 1;
    try {
      const result = await this.#connection.exec(command, input, options);
      if (result.code === null) {
        this.#isSound = false;
        this.#isCutOff = true;
      }
      return result;
    } catch (error) {
      const code = error instanceof OperatorError ? error.code : '';
      this.#isSound = false;
      this.#isCutOff ||= code === 'connection-lost';
      this.#isRefused ||= code.startsWith('sudo-');
      throw error;
    } finally {
      this.#working -= 1;
    }
  }

  /** What is still at work on it is given up, as with a connection that ends. */
  close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#cut);
    this.#closing ??= this.#giveBack({
      isSound: this.#isSound && this.#working === 0,
      isCutOff: this.#isCutOff,
      isRefused: this.#isRefused,
    });
    return this.#closing;
  }
}
