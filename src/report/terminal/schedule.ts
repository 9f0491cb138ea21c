import { statusWords } from '../../model/status-words.ts';
import type { ReportDocument, ReportSchedule, ReportStatus } from '../document/schema.ts';
import { count, list } from '../shared/prose.ts';
import { authorNotes } from './author.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';

type Run = NonNullable<ReportSchedule['runs']>[number];

/** So many runs are shown, and differences of a host, unless somebody wants to see more. */
const [fewRuns, fewDifferences] = [10, 5];

/** What runs by itself, what it has found, and why that wasn't repaired; or texts for another scheduler. */
export function renderSchedule(document: ReportDocument, style: Style): readonly string[] {
  const { command, schedule, errors = [] } = document;
  if (schedule === undefined) return [];
  const { texts, notify, notes = [], runs = [] } = schedule;
  if (notify !== undefined) return [...notifyLines(command, notify, style), ...notes];
  if (texts !== undefined) return textLines(texts);
  const paragraph = (text: string) => wrap(text, { columns: style.columns, first: '', hanging: 2 });
  const [last] = runs;
  const isRun = command === 'schedule run';
  return [
    ...(isRun ? [''] : unitLines(command, schedule, style)),
    ...differenceLines(schedule, style),
    ...(last === undefined ? [] : putOffLines(isRun ? withoutTold(last, errors) : last, isRun, style)),
    ...(isRun ? [] : runLines(runs, schedule, style)),
    ...notes.flatMap(paragraph),
    ...(isRun && schedule.records !== undefined ? paragraph(`recorded in ${schedule.records}`) : []),
  ];
}

/** Whether a run has found anything that somebody may want to know, or has done anything. */
export function hasNews({
  hosts,
  warnings,
  errors = [],
  checks = [],
  schedule,
  summary,
}: ReportDocument): boolean {
  const { differences = [], runs: [last] = [] } = schedule ?? {};
  return (
    ![0, undefined].includes(summary.exitStatus) ||
    hosts.some((host) => !['in-sync', 'off', 'skipped'].includes(host.status) || host.warnings.length > 0) ||
    checks.some(({ outcome }) => outcome === 'failed') ||
    [warnings, errors, differences, last?.missed ?? []].some((found) => found.length > 0)
  );
}

/** As they are to be saved: nothing is wrapped. */
function textLines(texts: NonNullable<ReportSchedule['texts']>): readonly string[] {
  return texts.flatMap(({ file, text }, index) => [
    ...(texts.length === 1 ? [] : [...(index === 0 ? [] : ['']), `# ${file}`]),
    text.replace(/\n$/, ''),
  ]);
}

/** Those who are told, and how each has answered or what waits for it. */
function notifyLines(
  command: string,
  targets: NonNullable<ReportSchedule['notify']>,
  style: Style,
): readonly string[] {
  return targets.flatMap(({ target, severities, waiting, next, dropped, answer }) => {
    const parts =
      command === 'notify test'
        ? [answer ?? '']
        : [
            severities.join(', '),
            waiting === 0
              ? 'nothing waits'
              : `${count(waiting, 'message')} ${waiting === 1 ? 'waits' : 'wait'}`,
            ...(answer === undefined ? [] : [answer]),
            ...(next === undefined ? [] : [`tried again ${next}`]),
            ...(dropped === 0 ? [] : [`given up: ${dropped}`]),
          ];
    return wrap(`${target}: ${parts.join('; ')}`, { columns: style.columns, first: '', hanging: 2 });
  });
}

function unitLines(command: string, schedule: ReportSchedule, style: Style): readonly string[] {
  const { unit, manager, installed, policy, when, next, window, notes = [] } = schedule;
  // Of one that was removed, the notes say so.
  if (command === 'schedule remove' && notes.length > 0) return [];
  const paragraph = (text: string) => wrap(text, { columns: style.columns, first: '', hanging: 2 });
  if (installed === false) return paragraph('no schedule is installed for this inventory on this machine');
  const what =
    policy === 'fix' ? 'repairs within windows, else only looks (policy fix)' : 'only looks (policy report)';
  return [
    ...paragraph(`${when ?? 'scheduled'}: ${what}, by systemd's ${manager} manager: ${unit}.timer`),
    ...(next === undefined ? [] : paragraph(`next run: ${utc(next)}`)),
    ...(window === undefined || policy !== 'fix' ? [] : paragraph(windowWords(window))),
  ];
}

function windowWords({ open, until }: NonNullable<ReportSchedule['window']>): string {
  if (until === undefined) return open ? 'a window is always open' : 'no window opens within a year';
  return open ? `a window is open until ${utc(until)}` : `no window is open until ${utc(until)}`;
}

function differenceLines({ differences = [] }: ReportSchedule, style: Style): readonly string[] {
  if (differences.length === 0) return [];
  const item = (text: string) => wrap(text, { columns: style.columns, first: '  ', hanging: 4 });
  const hosts = [...new Set(differences.map(({ host }) => host))];
  return [
    'differs, and since when:',
    ...hosts.flatMap((host) => {
      const all = differences.filter((one) => one.host === host);
      const shown = style.verbose ? all : all.slice(0, fewDifferences);
      const rest = all.length - shown.length;
      return [
        ...shown.flatMap((one) =>
          item([`${host}: ${one.what} since ${utc(one.since)}`, ...authorNotes(one, style)].join('; ')),
        ),
        ...(rest === 0 ? [] : item(`${host}: and ${count(rest, 'more thing')}; --verbose shows all`)),
      ];
    }),
  ];
}

/** Without what stands among the errors of the run itself. */
function withoutTold(run: Run, told: NonNullable<ReportDocument['errors']>): Run {
  const isTold = ({ host, code, message }: Run['putOff'][number]) =>
    host === undefined && told.some((one) => one.code === code && one.message === message);
  return { ...run, putOff: run.putOff.filter((one) => !isTold(one)) };
}

function putOffLines({ putOff, errors, missed }: Run, isRun: boolean, style: Style): readonly string[] {
  const item = (text: string) => wrap(text, { columns: style.columns, first: '  ', hanging: 4 });
  return [
    ...missed.flatMap(({ from, to }) =>
      wrap(`a window passed without a run, from ${utc(from)} to ${utc(to)}`, {
        columns: style.columns,
        first: '',
        hanging: 2,
      }),
    ),
    ...(putOff.length === 0 ? [] : [isRun ? 'put off:' : 'put off by the last run:']),
    ...putOff.flatMap(({ host, code, message }) =>
      item(`${host === undefined ? '' : `${host}: `}${code}: ${message}`),
    ),
    // The run itself tells them where errors are told.
    ...(isRun || errors.length === 0 ? [] : ['the last run could not be carried out:']),
    ...(isRun ? [] : errors.flatMap(({ code, message }) => item(`${code}: ${message}`))),
  ];
}

function runLines(
  runs: readonly Run[],
  { installed, records }: ReportSchedule,
  style: Style,
): readonly string[] {
  if (runs.length === 0) return installed === false ? [] : ['nothing has run yet'];
  const shown = style.verbose ? runs : runs.slice(0, fewRuns);
  const title = shown.length === runs.length ? 'runs' : `the last ${shown.length} of ${runs.length} runs`;
  return [
    `${title}${records === undefined ? '' : `, recorded in ${records}`}:`,
    ...shown.flatMap((run) =>
      wrap(runWords(run), {
        columns: style.columns,
        first: `  ${utc(run.at)}  ${run.did.padEnd(6)}  exit ${run.exitStatus}  `,
        hanging: 4,
      }),
    ),
  ];
}

function runWords({ statuses, errors, run, missed }: Run): string {
  const hosts = Object.entries(statuses).map(
    ([status, number]) => `${number} ${statusWords[status as ReportStatus] ?? status}`,
  );
  const words = hosts.length === 0 ? errors.map(({ code }) => code) : hosts;
  return [
    list(words),
    ...(run === null ? [] : [`run ${run}`]),
    ...(missed.length === 0 ? [] : [`${count(missed.length, 'window')} missed`]),
  ].join('; ');
}

/** `2026-11-26 18:00:00 UTC` */
function utc(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')} UTC`;
}
