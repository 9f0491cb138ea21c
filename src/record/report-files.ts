import { reasonOf } from '../document/reason.ts';
import { replaceFile } from '../document/replace-file.ts';
import type { ProgressEvent } from '../model/progress.ts';
import type { FleetDocument } from '../report/document/fleet-schema.ts';
import type { PictureBeginning } from '../report/document/picture.ts';
import type { ReportDocument, ReportPicture } from '../report/document/schema.ts';
import type { View } from '../report/view.ts';
import { OverheardView } from './overheard-view.ts';
import { HostPhases, type Phase } from './phases.ts';
import { screenshotsIn } from './screenshots.ts';

/** A form in which a report is written beside what the terminal shows. */
export type ReportForm = 'html' | 'markdown';

/** A file, or standard output. */
export interface ReportTarget {
  readonly form: ReportForm;
  /** undefined: standard output */
  readonly file: string | undefined;
}

export interface ReportFilesOptions {
  /** milliseconds since the epoch */
  readonly now: () => number;
  /** takes the secrets of the run out of plain data */
  readonly maskAll: <Data>(data: Data) => Data;
  /** puts a whole report on standard output */
  readonly print: (text: string) => void;
  /** takes the report as well: of a cluster among others, which have one in common */
  readonly keep?: (document: ReportDocument) => void;
}

/** Reports hold hosts' files. */
const mode = 0o600;

interface Begun {
  readonly targets: readonly ReportTarget[];
  readonly picture: PictureBeginning;
  readonly start: number;
  readonly phases: HostPhases;
}

/**
 * Writes the report of a command as HTML and as Markdown once the command has ended, or failed. Whatever
 * becomes of that, the command ends as it would have without.
 */
export class ReportFiles {
  readonly #options: ReportFilesOptions;
  #begun: Begun | undefined;
  /** what a command that failed told at its end */
  #failed: ReportDocument | undefined;
  #written: readonly string[] = [];

  constructor(options: ReportFilesOptions) {
    this.#options = options;
  }

  /** Somebody takes the report even where it is written to no file. */
  get isKept(): boolean {
    return this.#options.keep !== undefined;
  }

  /** Begins the reports of a command. */
  begin(targets: readonly ReportTarget[], picture: PictureBeginning): void {
    const start = this.#options.now();
    this.#failed = undefined;
    this.#begun =
      targets.length === 0 && !this.isKept
        ? undefined
        : { targets, picture, start, phases: new HostPhases(start) };
  }

  /** The same view, but that it is noted when what was done on hosts. */
  recording(view: View): View {
    const begun = this.#begun;
    if (begun === undefined) return view;
    const progress = (event: ProgressEvent) => begun.phases.progress(event, this.#options.now());
    const end = (document: ReportDocument) => {
      this.#failed = document;
    };
    return new OverheardView(view, { progress, end });
  }

  /** Writes the reports of a command that has ended; returns what could not be written, in words. */
  async write(document: ReportDocument): Promise<readonly string[]> {
    const begun = this.#begun;
    this.#begun = undefined;
    this.#failed = undefined;
    if (begun === undefined) return [];
    const { now, maskAll } = this.#options;
    const phases = maskAll([...begun.phases.ended(now())]);
    const picture = pictureOf(begun, new Map(phases), now());
    const screenshots = await screenshotsIn(document.browser?.screenshots);
    const whole = { ...document, picture: { ...picture, ...screenshots } };
    this.#options.keep?.(whole);
    const { lost, written } = await writeReports(whole, begun.targets, this.#options.print);
    this.#written = [...this.#written, ...written];
    return lost;
  }

  /** The files that were written since this was asked last. */
  takeWritten(): readonly string[] {
    const written = this.#written;
    this.#written = [];
    return written;
  }

  /** Writes those of a command that failed; returns as `write`. */
  async close(): Promise<readonly string[]> {
    return this.#failed === undefined ? [] : this.write(this.#failed);
  }
}

/** What became of reports. */
export interface Reported {
  readonly written: readonly string[];
  /** what could not be written, in words */
  readonly lost: readonly string[];
}

/** Writes a report that is complete, of one cluster or of many. */
export async function writeReports(
  document: ReportDocument | FleetDocument,
  targets: readonly ReportTarget[],
  print: (text: string) => void,
): Promise<Reported> {
  const [written, lost]: [string[], string[]] = [[], []];
  for (const { form, file } of targets) {
    try {
      const text = await rendered(document, form);
      if (file === undefined) {
        print(text);
        continue;
      }
      await replaceFile(file, text, { mode });
      written.push(file);
    } catch (error) {
      lost.push(`the report could not be written to ${file ?? 'standard output'}: ${reasonOf(error)}`);
    }
  }
  return { written, lost };
}

async function rendered(document: ReportDocument | FleetDocument, form: ReportForm): Promise<string> {
  if ('clusters' in document) {
    if (form === 'html') return (await import('../report/html/fleet.ts')).renderFleetHtml(document);
    return (await import('../report/markdown/fleet.ts')).renderFleetMarkdown(document);
  }
  if (form === 'html') return (await import('../report/html/render.ts')).renderHtml(document);
  return (await import('../report/markdown/render.ts')).renderMarkdown(document);
}

/** The picture of what has happened since `start`; all times are milliseconds since the epoch. */
export function pictureOf(
  { picture, start }: Pick<Begun, 'picture' | 'start'>,
  phases: ReadonlyMap<string, readonly Phase[]>,
  end: number,
): ReportPicture {
  return {
    ...picture,
    ...{ at: new Date(start).toISOString(), endedAt: new Date(end).toISOString() },
    timeline: [...phases].map(([host, all]) => ({
      host,
      phases: all.map(({ phase, detail, ...span }) => ({
        phase,
        ...(detail === undefined ? {} : { detail }),
        ...{ at: Math.round(span.start - start), ms: Math.round(span.end - span.start) },
      })),
    })),
  };
}
