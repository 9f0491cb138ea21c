import type { ProgressEvent } from '../../model/progress.ts';
import type { ReportDocument } from '../document/schema.ts';
import type { View } from '../view.ts';
import type { EventLine } from './schema.ts';

/** How a log ends. */
export interface Replayed {
  /** what the command ended with; undefined: it had not ended by the last line */
  readonly end: ReportDocument | undefined;
  /** the latest document that it showed */
  readonly latest: ReportDocument | undefined;
}

/** Tells a view all that the command told its own, but for the end, which is the caller's. */
export function replay(lines: readonly EventLine[], view: View): Replayed {
  let latest: ReportDocument | undefined;
  for (const line of lines) {
    if (line.event === 'show') {
      if (line.chapter !== 'warnings') latest = line.document;
      view.show(line.chapter, line.document);
    } else if (line.event === 'message') {
      view.message(line.text);
    } else if (line.event === 'progress') {
      view.progress(line.progress as ProgressEvent, Date.parse(line.at));
    } else if (line.event === 'end') {
      return { end: line.document, latest };
    }
  }
  return { end: undefined, latest };
}
