/** Hosts that tests which run beside each other take turns with. */
export class Pool {
  readonly names: readonly string[];
  readonly #idle: string[];
  readonly #waiting: ((name: string) => void)[] = [];

  constructor(names: readonly string[]) {
    this.names = names;
    this.#idle = [...names];
  }

  async lend<Result>(work: (name: string) => Promise<Result>): Promise<Result> {
    const name = this.#idle.pop() ?? (await new Promise<string>((resolve) => this.#waiting.push(resolve)));
    try {
      return await work(name);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(name);
      else next(name);
    }
  }
}
