import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { NotifyMessage } from '../../model/notify.ts';
import { replace } from '../store.ts';
import { type Known, knownSchema, nothingKnown } from './changes.ts';
import type { Failure } from './send.ts';
import type { KnownTarget } from './target-keys.ts';

/** A message on its way to a target. */
export interface Spooled {
  readonly file: string;
  readonly target: string;
  readonly message: NotifyMessage;
  readonly attempts: number;
  /** not before; milliseconds since the epoch */
  readonly next: number;
  readonly answer?: string | undefined;
  /** whether whoever was reached didn't want it the last time, so that others needn't wait for it */
  readonly refused?: boolean | undefined;
  /** how often they didn't */
  readonly refusals?: number | undefined;
}

const spooled = z.object({
  target: z.string(),
  attempts: z.int(),
  next: z.number(),
  answer: z.string().optional(),
  refused: z.boolean().optional(),
  refusals: z.int().optional(),
  message: z.custom<NotifyMessage>((value) => typeof value === 'object' && value !== null && 'id' in value),
});

const knownTargets = z.array(
  z.object({
    key: z.string(),
    kind: z.enum(['webhook', 'mail', 'command']),
    name: z.string().optional(),
    print: z.string(),
  }),
);

/** So many messages wait for a target at most, and for so long. */
const mostWaiting = 200;
const longest = 7 * 86_400_000;
const [shortestPause, longestPause] = [30_000, 6 * 3_600_000];
/** Somebody is to get up for a page: whatever is asked for, it is tried again after that. */
const longestPagePause = 900_000;

interface Postponed {
  readonly failure: Failure;
  /** later messages don't wait for it */
  readonly isPassed: boolean;
  /** milliseconds since the epoch */
  readonly now: number;
}

/** The folder in which messages wait: a file for each message and target, for its owner only. */
export class Spool {
  readonly #folder: string;
  /** targets are told at the same time, and what was given up of all of them is in one file */
  #counting: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = join(folder, 'notify');
  }

  async known(): Promise<Known> {
    const text = await readFile(join(this.#folder, 'known.json'), 'utf8').catch(() => undefined);
    const parsed = knownSchema.safeParse(text === undefined ? undefined : parsedJson(text));
    return parsed.data ?? nothingKnown;
  }

  async remember(known: Known): Promise<void> {
    await this.#open();
    await replace(join(this.#folder, 'known.json'), `${JSON.stringify(known)}\n`);
  }

  async dropped(): Promise<Readonly<Record<string, number>>> {
    const text = await readFile(join(this.#folder, 'dropped.json'), 'utf8').catch(() => '{}');
    return z.record(z.string(), z.int()).safeParse(parsedJson(text)).data ?? {};
  }

  /** Adds to the number of messages to a target that were given up since one arrived. */
  countDropped(target: string, more: number): Promise<void> {
    if (more === 0) return Promise.resolve();
    const counted = this.#counting.then(async () => {
      await this.#open();
      const before = await this.dropped();
      const all = { ...before, [target]: Math.max(0, (before[target] ?? 0) + more) };
      await replace(join(this.#folder, 'dropped.json'), `${JSON.stringify(all)}\n`);
    });
    this.#counting = counted.catch(() => undefined);
    return counted;
  }

  /** The targets of the run before. */
  async targets(): Promise<readonly KnownTarget[]> {
    const text = await readFile(join(this.#folder, 'targets.json'), 'utf8').catch(() => '[]');
    return knownTargets.safeParse(parsedJson(text)).data ?? [];
  }

  /** Remembers the targets of this run. What waits for one that was corrected is due at once. */
  async meet(targets: readonly KnownTarget[]): Promise<void> {
    const before = new Map((await this.targets()).map(({ key, print }) => [key, print]));
    await this.#open();
    await replace(join(this.#folder, 'targets.json'), `${JSON.stringify(targets)}\n`);
    const corrected = new Set(
      targets.flatMap(({ key, print }) => ((before.get(key) ?? print) === print ? [] : [key])),
    );
    for (const one of await this.all()) if (corrected.has(one.target)) await this.#write({ ...one, next: 0 });
  }

  /** All messages, those that were written first come first. A file that isn't one is passed over. */
  async all(): Promise<readonly Spooled[]> {
    const names = await readdir(join(this.#folder, 'spool')).catch((): string[] => []);
    const found = await Promise.all(
      names
        .filter((name) => name.endsWith('.json'))
        .sort()
        .map(async (name): Promise<Spooled[]> => {
          const text = await readFile(join(this.#folder, 'spool', name), 'utf8').catch(() => '');
          const { data } = spooled.safeParse(parsedJson(text));
          return data === undefined ? [] : [{ ...data, file: name }];
        }),
    );
    return found.flat();
  }

  async add(target: string, message: NotifyMessage): Promise<void> {
    // The order of names is that of messages, also where two were written in the same millisecond.
    const number = String((await this.all()).filter((one) => one.message.at === message.at).length);
    const file = `${message.at.replaceAll(/[:.]/g, '')}-${number.padStart(4, '0')}-${message.id}.json`;
    await this.#write({ file, target, message, attempts: 0, next: 0 });
  }

  remove({ file }: Spooled): Promise<void> {
    return rm(join(this.#folder, 'spool', file), { force: true });
  }

  /** Puts it off, by a time that doubles with each attempt, half of it at random. Returns what is kept. */
  async postpone(one: Spooled, { failure, isPassed, now }: Postponed): Promise<Spooled> {
    const { why: answer, isRefusal, pause: wanted = 0 } = failure;
    // Whoever doesn't want it won't want it in a moment either.
    const own = pause(isRefusal ? Number.POSITIVE_INFINITY : one.attempts, Math.random());
    const most = one.message.severity === 'page' ? longestPagePause : longestPause;
    const next = now + Math.max(own, Math.min(wanted, most));
    const refusals = (one.refusals ?? 0) + (isPassed ? 1 : 0);
    const kept = { ...one, attempts: one.attempts + 1, next, answer, refused: isPassed, refusals };
    await this.#write(kept);
    return kept;
  }

  /** Gives up what is too old, or too much, and returns how many of each target were given up. */
  async bound(now: number): Promise<ReadonlyMap<string, number>> {
    const gone = new Map<string, number>();
    const waiting = new Map<string, number>();
    for (const one of [...(await this.all())].reverse()) {
      const count = (waiting.get(one.target) ?? 0) + 1;
      waiting.set(one.target, count);
      if (count <= mostWaiting && Date.parse(one.message.at) > now - longest) continue;
      await this.remove(one);
      gone.set(one.target, (gone.get(one.target) ?? 0) + 1);
    }
    for (const [target, count] of gone) await this.countDropped(target, count);
    return gone;
  }

  async #write({ file, ...content }: Spooled): Promise<void> {
    await this.#open();
    await replace(join(this.#folder, 'spool', file), `${JSON.stringify(content)}\n`);
  }

  #open(): Promise<unknown> {
    return mkdir(join(this.#folder, 'spool'), { recursive: true, mode: 0o700 });
  }
}

/** `random`: from 0 to 1. Milliseconds. */
export function pause(attempts: number, random: number): number {
  const whole = Math.min(longestPause, shortestPause * 2 ** Math.min(attempts, 20));
  return Math.round(whole * (0.5 + random / 2));
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
