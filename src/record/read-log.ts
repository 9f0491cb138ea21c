import { readFile } from 'node:fs/promises';
import { reasonOf } from '../document/reason.ts';
import { OperatorError } from '../model/operator-error.ts';
import { type BeginLine, type EventLine, eventSchema } from '../report/events/schema.ts';

/** An event log as it was read. */
export interface ReadLog {
  readonly begin: BeginLine;
  /** all lines, as they were written */
  readonly lines: readonly EventLine[];
}

/** Reads a log. A last line that was torn, as by a power cut, is left out. Throws `record-unreadable`. */
export async function readLog(path: string): Promise<ReadLog> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw unreadable(`${path} can't be read: ${reasonOf(error)}`);
  });
  return logOf(text, path);
}

/** The same of a text. Pure. */
export function logOf(text: string, path: string): ReadLog {
  const written = text.split('\n');
  // Behind the last line break is nothing, or what was torn.
  written.pop();
  const lines = written.map((line, index) => {
    const parsed = parse(line);
    if (parsed === undefined || (index === 0) !== (parsed.event === 'begin'))
      throw unreadable(`line ${index + 1} of ${path} is not one of an event log that this version knows`);
    return parsed;
  });
  const [begin] = lines;
  if (begin?.event !== 'begin') throw unreadable(`${path} has no whole line: nothing is known of that run`);
  return { begin, lines };
}

/** As it was written: what a schema makes of it may have its keys in another order. */
function parse(line: string): EventLine | undefined {
  try {
    const data: unknown = JSON.parse(line);
    return eventSchema.safeParse(data).success ? (data as EventLine) : undefined;
  } catch {
    return undefined;
  }
}

function unreadable(message: string): OperatorError {
  return new OperatorError({
    code: 'record-unreadable',
    message,
    next: 'the hosts remember the run as well: clusterproxy history',
  });
}
