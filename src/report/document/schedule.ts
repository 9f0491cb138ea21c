import type { Difference, PutOff, ScheduledRun, ScheduleTold } from '../../model/schedule.ts';
import { ownLine, ownWords } from '../../secrets/showable.ts';
import { cleanName } from './harmless.ts';
import type { ReportDocument, ReportSchedule } from './schema.ts';

/** What a command of `schedule` tells, for the document. */
export function scheduleDocument(told: ScheduleTold | undefined): Pick<ReportDocument, 'schedule'> {
  if (told === undefined) return {};
  const { unit, manager, installed, policy, when, records, next, window } = told;
  const { runs, differences, texts, notify, notes = [] } = told;
  const schedule: ReportSchedule = {
    ...(unit === undefined ? {} : { unit: cleanName(unit) }),
    ...(manager === undefined ? {} : { manager }),
    ...(installed === undefined ? {} : { installed }),
    ...(policy === undefined ? {} : { policy }),
    ...(when === undefined ? {} : { when }),
    ...(records === undefined ? {} : { records: cleanName(records) }),
    ...(next === undefined ? {} : { next }),
    ...(window === undefined ? {} : { window }),
    ...(runs === undefined ? {} : { runs: runs.map(runDocument) }),
    ...(differences === undefined
      ? {}
      : {
          differences: differences.map(({ host, what, since, author }) => ({
            ...{ host: cleanName(host), what: cleanName(what), since },
            ...(author === undefined ? {} : { author: authorWords(author) }),
          })),
        }),
    ...(texts === undefined
      ? {}
      : { texts: texts.map(({ file, text }) => ({ file: cleanName(file), text: ownWords(text) })) }),
    ...(notify === undefined
      ? {}
      : {
          notify: notify.map(({ severities, ...one }) => ({
            ...{ ...one, target: cleanName(one.target), severities: [...severities] },
            ...(one.answer === undefined ? {} : { answer: ownLine(one.answer) }),
          })),
        }),
    ...(notes.length === 0 ? {} : { notes: notes.map(ownLine) }),
  };
  return { schedule };
}

/** The records may have been written by somebody else. */
function authorWords({ kind, name, version, clock, evidence }: NonNullable<Difference['author']>) {
  return {
    kind,
    ...(name === undefined ? {} : { name: cleanName(name) }),
    ...(version === undefined ? {} : { version: cleanName(version) }),
    ...(clock === undefined ? {} : { clock: cleanName(clock) }),
    evidence: ownLine(evidence),
  };
}

function runDocument({ statuses, missed, putOff, errors, ...run }: ScheduledRun) {
  return {
    ...run,
    statuses: { ...statuses },
    missed: [...missed],
    putOff: putOff.map(putOffDocument),
    errors: errors.map(putOffDocument),
  };
}

function putOffDocument({ host, code, message }: PutOff) {
  return {
    ...(host === undefined ? {} : { host: cleanName(host) }),
    ...{ code: cleanName(code), message: ownLine(message) },
  };
}
