import { count, duration } from '../shared/prose.ts';
import type { RunState } from './run-state.ts';
import { countsOf } from './run-table.ts';

/** So long nothing was said, and whoever reads along wonders whether it still lives. Milliseconds. */
export const silence = 30_000;

/** So many hosts are named. */
const named = 3;

/** `still at work: bbb-03: restart-bbb-web, for 1 min 30 s; 12 of 25 done, 1 put off, 0 failed` */
export function signOfLife(run: RunState, now: number): string | undefined {
  const { atWork } = run;
  if (atWork.length === 0) return undefined;
  const hosts = atWork
    .slice(0, named)
    .map(({ host, words, since }) => `${host}: ${words}, for ${duration(now - since)}`);
  const more = atWork.length > named ? [`${count(atWork.length - named, 'more host')} under way`] : [];
  return `still at work: ${[...hosts, ...more, ...(run.isUnderWay ? [countsOf(run)] : [])].join('; ')}`;
}

export interface Silence {
  /** milliseconds that only ever grow */
  readonly now: () => number;
  /** when anything was said last */
  readonly lastSaid: () => number;
  /** what is being done; undefined: nothing is */
  readonly words: () => string | undefined;
  readonly say: (words: string) => void;
}

/** Says what is being done whenever nothing else was said for a while, as long as something is done. */
export class SilenceBreaker {
  readonly #silence: Silence;
  #timer: NodeJS.Timeout | undefined;

  constructor(silence: Silence) {
    this.#silence = silence;
  }

  /** Something is being done. */
  begin(): void {
    this.#timer ??= setTimeout(() => this.#look(), silence).unref();
  }

  #look(): void {
    this.#timer = undefined;
    const { now, lastSaid, words, say } = this.#silence;
    const current = words();
    if (current === undefined) return;
    const left = lastSaid() + silence - now();
    if (left <= 0) say(current);
    this.#timer = setTimeout(() => this.#look(), left <= 0 ? silence : left).unref();
  }
}
