import { statusWordsOf } from '../../model/status-words.ts';
import type {
  ReportChange,
  ReportCheck,
  ReportDocument,
  ReportError,
  ReportHost,
} from '../document/schema.ts';
import { endOnHost } from '../shared/ends.ts';
import { outcomeOf } from '../shared/outcome.ts';
import { groupPlans, type PlanGroup } from '../shared/plan-groups.ts';
import { count, duration, list } from '../shared/prose.ts';
import { differs, partsOf } from '../shared/reading.ts';
import { type Tone, toneOf } from '../shared/tones.ts';
import { totalWords } from '../shared/totals.ts';
import { changeWords, whoWords } from '../shared/words.ts';
import { block, code, folded, text } from './text.ts';

/** GitHub takes 65,536 characters in a comment, and somebody may put words of their own before it. */
export const limit = 60_000;
/** What says at the end that something is missing has its place, however long the rest is. */
const reserve = 600;
/** Of what is missing, before it is escaped. */
const longestMissing = 150;
/** A file that changes more is shown by its name; lines. */
const longestDiff = 400;
const mostRows = 60;

export const signs: Readonly<Record<Tone, string>> = {
  good: '✅',
  change: '🔷',
  wait: '🕒',
  bad: '❌',
  off: '⚪',
};

/** A part of a summary, and what is missing where there is no room for it. */
export interface Part {
  readonly words: string;
  readonly missing: string;
}

/**
 * A summary for a pull request or a chat: what it comes to, a table of hosts, and all of the changes, folded.
 * What has no room is left out from the end, and a sentence says what.
 */
export function renderMarkdown(document: ReportDocument): string {
  const { title, sentence, tone } = outcomeOf(document);
  const { brief, long } = partsOfReport(document);
  const head = { words: `## ${signs[tone]} ${text(title)}\n\n**${text(sentence)}**`, missing: 'the outcome' };
  return cut([head, ...factsOf(document), ...brief, ...long]);
}

/** What there is to say of a cluster: what is wrong and how its hosts are, then all of its changes. */
export function partsOfReport(document: ReportDocument): {
  readonly brief: readonly Part[];
  readonly long: readonly Part[];
} {
  const brief = [
    ...(document.errors ?? []).map((error) => ({ words: problem(error), missing: 'an error' })),
    ...[...document.warnings, ...(document.notes ?? [])].map((words) => ({
      words: `> ${text(words)}`,
      missing: 'a warning',
    })),
    ...hostsOf(document),
    ...failedChecks(document.checks),
    ...runsOf(document),
    ...troublesOf(document),
  ];
  const changes = groupPlans(document.hosts.filter(differs)).flatMap(changesOf);
  return { brief, long: [...changes, ...passedChecks(document.checks)] };
}

/** So many parts from the beginning as there is room for; one that is too long is passed over. */
export function cut(parts: readonly Part[]): string {
  const taken: string[] = [];
  const missing = new Map<string, number>();
  let length = 0;
  for (const { words, missing: what } of parts) {
    if (length + words.length + 2 > limit - reserve) {
      missing.set(what, (missing.get(what) ?? 0) + 1);
      continue;
    }
    taken.push(words);
    length += words.length + 2;
  }
  if (missing.size > 0) taken.push(missingWords(missing));
  return `${taken.join('\n\n')}\n`;
}

function missingWords(missing: ReadonlyMap<string, number>): string {
  const all = [...missing].map(([what, number]) => (number === 1 ? what : `${what} (${number} times)`));
  const most = all.slice(0, 4);
  const words = all.length > most.length ? [...most, `${all.length - most.length} more`] : most;
  return `_Left out, since this summary may have ${limit.toLocaleString('en')} characters: ${text(list(words).slice(0, longestMissing))}. The report with --html or --json has all of it._`;
}

function factsOf({ picture, run }: ReportDocument): readonly Part[] {
  const facts = [
    ...(picture?.hostname === undefined ? [] : [`address ${code(picture.hostname)}`]),
    ...(picture?.playbook === undefined ? [] : [`playbook ${code(picture.playbook)}`]),
    ...(run === null ? [] : [`run ${code(run)}`]),
    ...(picture === undefined
      ? []
      : [
          `by ${text(picture.operator)} from ${text(picture.from)}, ${picture.at.slice(0, 16).replace('T', ' ')} UTC`,
        ]),
  ];
  return facts.length === 0 ? [] : [{ words: facts.join(' · '), missing: 'who ran it' }];
}

export function problem({ code: id, host, step, message, next, detail }: ReportError): string {
  const who = [host, step === undefined ? undefined : `step ${step}`].filter(
    (part) => part !== undefined && part !== '',
  );
  const first = `❌ ${code(id)} ${who.length === 0 ? '' : `**${text(who.join(', '))}:** `}${text(message)}`;
  return [
    first,
    ...(detail === undefined || detail.trim() === ''
      ? []
      : [folded('What it said', block(detail.slice(0, 8000)))]),
    ...(next === undefined ? [] : [`What to do: ${text(next)}`]),
  ].join('\n\n');
}

/** A line for each host that isn't as it should be; the others together. */
function hostsOf({ hosts, command }: ReportDocument): readonly Part[] {
  if (hosts.length === 0) return [];
  const words = statusWordsOf(command);
  const isQuiet = ({ status, error }: ReportHost) =>
    ['in-sync', 'done', 'skipped', 'off'].includes(status) && error === undefined;
  const telling = hosts.length <= 12 ? hosts : hosts.filter((host) => !isQuiet(host));
  const shown = telling.slice(0, mostRows);
  const rows = shown.map((host) => {
    const { name, role, status, durationMs } = host;
    const cells = [
      code(name),
      text(role),
      `${signs[toneOf(status)]} ${text(words[status])}`,
      text(totalWords([host])),
      durationMs > 0 ? duration(durationMs) : '',
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const left = hosts.length - shown.length;
  const sums = new Map<string, number>();
  for (const host of hosts)
    if (!shown.includes(host)) sums.set(words[host.status], (sums.get(words[host.status]) ?? 0) + 1);
  const rest =
    left === 0
      ? []
      : [
          `${count(left, 'more host')}: ${text([...sums].map(([what, number]) => `${number} ${what}`).join(', '))}.`,
        ];
  const head = '| Host | Role | State | Changes | Took |\n| --- | --- | --- | --- | --- |';
  return [
    ...(rows.length === 0 ? [] : [{ words: [head, ...rows].join('\n'), missing: 'the table of hosts' }]),
    ...rest.map((said) => ({ words: said, missing: 'how many hosts there are' })),
  ];
}

function troublesOf({ hosts }: ReportDocument): readonly Part[] {
  return hosts.flatMap(({ name, error, warnings, notes = [] }) => [
    ...(error === undefined
      ? []
      : [{ words: problem({ ...error, host: name }), missing: `the error of ${name}` }]),
    ...warnings.map((words) => ({
      words: `> **${text(name)}:** ${text(words)}`,
      missing: `a warning of ${name}`,
    })),
    ...notes.map((words) => ({
      words: `${text(name)}: ${text(words)}`,
      missing: `a note on ${name}`,
    })),
  ]);
}

/** The changes of hosts with the same plan; each file a part of its own where all of them are too long. */
function changesOf({ hosts, identical }: PlanGroup): readonly Part[] {
  const [first, ...rest] = hosts;
  if (first === undefined) return [];
  const same =
    rest.length === 0
      ? ''
      : `${identical ? 'The same' : 'The same except for its own name'}: ${names(rest)}\n\n`;
  const title = `${first.name}${rest.length === 0 ? '' : ` and ${count(rest.length, 'more host')}`}: ${totalWords([first])}`;
  const handlers = first.handlers.map(
    ({ actions, guards }) =>
      `1. ${text(actions.join(', '))}${guards.length === 0 ? '' : `, only while there are no ${text(list(guards))}`}`,
  );
  const then = handlers.length === 0 ? '' : `\n\nThen, in this order:\n\n${handlers.join('\n')}`;
  const whole = `${same}${first.changes.map(changeBlock).join('\n\n')}${then}`;
  const words = folded(title, whole);
  if (words.length <= limit / 3) return [{ words, missing: `the changes of ${named(hosts)}` }];
  return [
    {
      words: folded(
        title,
        `${same}${first.changes.map((change) => `- ${changeTitle(change)}`).join('\n')}${then}`,
      ),
      missing: `the changes of ${named(hosts)}`,
    },
    ...first.changes.map((change) => ({
      words: folded(`${first.name}: ${plainTitle(change)}`, changeBlock(change)),
      missing: `a file of ${named(hosts)}`,
    })),
  ];
}

function changeBlock(change: ReportChange): string {
  const { notes, lines } = partsOf(change);
  const noted = notes.length === 0 ? '' : `\n\n${notes.map((note) => `- ${text(note)}`).join('\n')}`;
  const diff =
    lines.length === 0
      ? ''
      : lines.length > longestDiff
        ? `\n\n_${lines.length} lines, which are not shown here._`
        : `\n\n${block(lines.join('\n'), 'diff')}`;
  return `${changeTitle(change)}${noted}${diff}`;
}

function changeTitle(change: ReportChange): string {
  const why = change.steps.length === 0 ? '' : ` (${text(change.steps.join(', '))})`;
  return `${code(plainTitle(change))}${why}`;
}

function plainTitle(change: ReportChange): string {
  return change.kind === 'action' ? change.path : changeWords(change);
}

function names(hosts: readonly ReportHost[], most = 20): string {
  const shown = hosts.slice(0, most).map(({ name }) => code(name));
  return hosts.length > most ? `${shown.join(', ')} and ${hosts.length - most} more` : list(shown);
}

/** The same in words that are escaped later. */
function named(hosts: readonly ReportHost[]): string {
  const [first] = hosts;
  return hosts.length === 1 ? (first?.name ?? '') : `${first?.name} and ${hosts.length - 1} more`;
}

function failedChecks(checks: readonly ReportCheck[] = []): readonly Part[] {
  const ill = checks.filter(({ outcome }) => outcome === 'failed' || outcome === 'not-asked');
  return ill.map(({ host, title, outcome, expected, found, fix }) => {
    const lines = [
      ...(expected === undefined || outcome !== 'failed' ? [] : [`  - expected: ${text(expected)}`]),
      ...(found === undefined ? [] : [`  - ${outcome === 'failed' ? 'found' : 'because'}: ${text(found)}`]),
      ...(fix === undefined ? [] : [`  - to fix it: ${text(fix)}`]),
    ];
    const sign = outcome === 'failed' ? '❌ failed' : '🕒 not asked';
    return {
      words: [`- ${sign}: **${text(host)}**, ${text(title)}`, ...lines].join('\n'),
      missing: `a check of ${host}`,
    };
  });
}

function passedChecks(checks: readonly ReportCheck[] = []): readonly Part[] {
  const passed = checks.filter(({ outcome }) => outcome === 'passed');
  if (passed.length === 0) return [];
  const lines = passed.map(({ host, title }) => `- ✅ **${text(host)}**, ${text(title)}`);
  return [
    {
      words: folded(`${count(passed.length, 'check')} passed`, lines.join('\n')),
      missing: 'the checks that passed',
    },
  ];
}

function runsOf({ runs = [] }: ReportDocument): readonly Part[] {
  return runs.map((run) => {
    const lines = run.hosts.map(
      (host) =>
        `- ${code(host.name)}: ${text(endOnHost(host))}${host.changes.length === 0 ? '' : `, ${count(host.changes.length, 'change')}`}`,
    );
    const undone = run.undoneBy === undefined ? '' : `; undone by run ${run.undoneBy}`;
    return {
      words: folded(
        `${run.command} by ${whoWords(run)}${undone}`,
        `Run ${code(run.run)}\n\n${lines.join('\n')}`,
      ),
      missing: `run ${run.run}`,
    };
  });
}
