import { printable } from '../report/json/render.ts';
import type { Outlet } from './outlet.ts';

/**
 * A log without the names of meetings, of a command that was asked to show them: how many there are, and with
 * how many people, stays.
 */
export class Nameless implements Outlet {
  readonly where: string;
  readonly #inner: Outlet;

  constructor(inner: Outlet) {
    this.#inner = inner;
    this.where = inner.where;
  }

  write(line: string): void {
    const event: unknown = JSON.parse(line, (key, value: unknown) =>
      key === 'guards' ? nameless(value) : value,
    );
    this.#inner.write(`${printable(JSON.stringify(event))}\n`);
  }

  name(run: string): void {
    this.#inner.name?.(run);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

/** In a document, names stand in what guards have told of single sessions. */
function nameless(guards: unknown): unknown {
  if (!Array.isArray(guards)) return guards;
  return guards.map((guard: unknown) => {
    if (typeof guard !== 'object' || guard === null) return guard;
    const lists = ['sessions', 'ignored'].filter((key) =>
      Array.isArray((guard as Record<string, unknown>)[key]),
    );
    return { ...guard, ...Object.fromEntries(lists.map((key) => [key, []])) };
  });
}
