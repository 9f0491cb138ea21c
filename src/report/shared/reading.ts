import type { ReportChange, ReportHandler, ReportHost } from '../document/schema.ts';

/** A part of what is done to a host, as the document has it in pieces. */
export interface StageOfHost {
  readonly number: number;
  /** undefined where there is no other */
  readonly name: string | undefined;
  readonly changes: readonly ReportChange[];
  readonly handlers: readonly ReportHandler[];
}

/** What is done to a host before the end of the run, stage by stage. */
export function stagesOf(host: ReportHost): readonly StageOfHost[] {
  return stagesWhere(host, false);
}

/** What is done to it at the end of the run. */
export function lastStagesOf(host: ReportHost): readonly StageOfHost[] {
  return stagesWhere(host, true);
}

function stagesWhere(
  { stages = [], changes, handlers }: ReportHost,
  isLast: boolean,
): readonly StageOfHost[] {
  const isIn = (number: number) => (one: ReportChange | ReportHandler) =>
    one.stage === number && (one.last ?? false) === isLast;
  return stages
    .filter((stage) => (stage.last ?? false) === isLast)
    .map(({ number, name }) => ({
      ...{ number, name },
      changes: changes.filter(isIn(number)),
      handlers: handlers.filter(isIn(number)),
    }));
}

/** Whether the host isn't as it should be, in whatever way a run would mend. */
export function differs(host: ReportHost): boolean {
  const now = [...host.changes, ...host.handlers].some(({ last }) => last !== true);
  return now || host.last !== undefined || host.leftovers === true;
}

/** What a diff of texts doesn't say, in words, and the diff itself, line by line. */
export function partsOf({ diff }: ReportChange): {
  readonly notes: readonly string[];
  readonly lines: readonly string[];
} {
  const all = diff.split('\n').slice(0, -1);
  const first = all.findIndex((line) => !line.startsWith('# '));
  const notes = first === -1 ? all : all.slice(0, first);
  return { notes: notes.map((note) => note.slice(2)), lines: all.slice(notes.length) };
}
