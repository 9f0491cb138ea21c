import { reasonOf } from '../document/reason.ts';
import { type Happened, RecordingView } from '../report/events/recording-view.ts';
import type { BeginLine } from '../report/events/schema.ts';
import { printable } from '../report/json/render.ts';
import type { View } from '../report/view.ts';
import type { Outlet } from './outlet.ts';

export interface EventLogOptions {
  /** milliseconds since the epoch */
  readonly now: () => number;
  /** takes the secrets of the run out of a text */
  readonly mask: (text: string) => string;
}

/** What the first line says. */
export type Beginning = Omit<BeginLine, 'event' | 'schemaVersion' | 'at'>;

/**
 * What a command tells, for others and for later: one line of JSON each time its view is told something.
 * Whatever happens to those who take the lines, the command goes on.
 */
export class EventLog {
  readonly #options: EventLogOptions;
  #outlets: Outlet[] = [];
  #isEnded = false;
  /** tells that lines are lost */
  #tellLoss: (text: string) => void = () => undefined;

  constructor(options: EventLogOptions) {
    this.#options = options;
  }

  /** Begins the log; `lost` is told, once for each of those who take the lines, that it goes without. */
  begin(beginning: Beginning, outlets: readonly Outlet[], lost: (text: string) => void): void {
    this.#outlets = [...outlets];
    this.#tellLoss = lost;
    this.#note({ event: 'begin', schemaVersion: 1, ...beginning });
  }

  /** The same view, but that what it is told is noted while there is somebody who takes it. */
  recording(view: View): View {
    return this.#outlets.length === 0 ? view : new RecordingView(view, (happened) => this.#note(happened));
  }

  /** Waits for those who take the lines, but not forever. */
  async close(): Promise<void> {
    const outlets = this.#outlets;
    this.#outlets = [];
    await Promise.all(outlets.map((outlet) => outlet.close().catch(() => undefined)));
  }

  #note(happened: Happened): void {
    if (this.#isEnded || this.#outlets.length === 0) return;
    this.#isEnded = happened.event === 'end';
    const { event, ...rest } = happened;
    const at = new Date(this.#options.now()).toISOString();
    const line = `${printable(this.#options.mask(JSON.stringify({ event, at, ...rest })))}\n`;
    const run = runIn(happened);
    const losses: (readonly [Outlet, unknown])[] = [];
    for (const outlet of this.#outlets) {
      try {
        outlet.write(line);
        if (run !== undefined) outlet.name?.(run);
      } catch (error) {
        losses.push([outlet, error]);
      }
    }
    // That is told, and so noted, once all the others have this line.
    for (const [outlet, error] of losses) this.#lose(outlet, error);
  }

  #lose(lost: Outlet, error: unknown): void {
    this.#outlets = this.#outlets.filter((outlet) => outlet !== lost);
    void lost.close().catch(() => undefined);
    this.#tellLoss(
      `events of this run can't be written to ${lost.where} any more (${reasonOf(error)}); it goes on without`,
    );
  }
}

/** The id of the run, where it is in what happened. */
function runIn(happened: Happened): string | undefined {
  if (happened.event === 'progress')
    return happened.progress.kind === 'begun' ? happened.progress.run : undefined;
  // Before the end it may be another's, with whose rest this one goes on.
  return happened.event === 'end' ? (happened.document.run ?? undefined) : undefined;
}
