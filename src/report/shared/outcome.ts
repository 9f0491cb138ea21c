import { statusWordsOf } from '../../model/status-words.ts';
import type { ReportCheck, ReportDocument, ReportHost, ReportStatus } from '../document/schema.ts';
import { endOnHost } from './ends.ts';
import { count, list } from './prose.ts';
import { differs } from './reading.ts';
import { type Tone, toneOf, worstTone } from './tones.ts';
import { totalWords } from './totals.ts';
import { whoWords } from './words.ts';

/** How a command ended, for somebody who reads nothing else. */
export interface Outcome {
  /** `Plan for prod` */
  readonly title: string;
  /** one sentence, or two */
  readonly sentence: string;
  readonly tone: Tone;
}

const titles: Readonly<Record<string, string>> = {
  plan: 'Plan for',
  apply: 'Apply on',
  check: 'Check of',
  verify: 'Verification of',
  history: 'History of',
  rollback: 'Rollback on',
  status: 'Status of',
  'schedule status': 'Schedule of',
};

export function outcomeOf(document: ReportDocument): Outcome {
  const { command, picture, summary, errors = [] } = document;
  const title = titleOf(command, picture?.name ?? 'the cluster');
  const parts = [sentenceOf(document), ...(command === 'verify' ? [] : checkSentences(document.checks))];
  const [error] = errors;
  const isSilent = parts.every((part) => part === '');
  const stopped =
    error === undefined
      ? []
      : summary.exitStatus === 1
        ? [`Nothing was changed: ${error.message}.`]
        : isSilent
          ? [`It failed: ${error.message}.`]
          : [];
  const interrupted = summary.interrupted ? ['It was interrupted.'] : [];
  return {
    title,
    sentence: [...parts, ...stopped, ...interrupted].filter((part) => part !== '').join(' '),
    tone: toneOfDocument(document),
  };
}

/** `Plan for prod`, `Status of 3 clusters` */
export function titleOf(command: string, what: string): string {
  return `${titles[command] ?? `${command || 'A command'} on`} ${what}`;
}

function toneOfDocument({ hosts, checks = [], errors = [], schedule }: ReportDocument): Tone {
  if (errors.length > 0 || checks.some(({ outcome }) => outcome === 'failed')) return 'bad';
  const statuses = hosts.map((host) => (isWrong(host) ? 'bad' : toneOf(host.status)));
  const asked = checks.some(({ outcome }) => outcome === 'not-asked') ? (['wait'] as const) : [];
  const drift = (schedule?.differences ?? []).length > 0 ? (['change'] as const) : [];
  if (schedule !== undefined && hasFailed(schedule)) return 'bad';
  const passed = checks.some(({ outcome }) => outcome === 'passed') ? (['good'] as const) : [];
  const worst = worstTone([...statuses, ...asked, ...drift, ...passed]);
  return worst === 'off' ? 'good' : worst;
}

/** As planned, and yet something is wrong with it. */
function isWrong({ status, error }: ReportHost): boolean {
  return error !== undefined && status === 'in-sync';
}

function sentenceOf(document: ReportDocument): string {
  const { command, hosts, runs, checks = [], schedule, errors = [] } = document;
  if (command === 'verify') {
    return checkSentences(checks).join(' ') || (errors.length > 0 ? '' : 'No check applies to these hosts.');
  }
  if (command === 'history' && runs !== undefined) return historySentence(runs);
  if (schedule !== undefined && hosts.length === 0) return scheduleSentence(schedule);
  if (hosts.length === 0) return '';
  return hostSentence(document);
}

function hostSentence({ command, hosts }: ReportDocument): string {
  const concerned = hosts.filter(({ status }) => status !== 'skipped');
  const of = (...statuses: readonly ReportStatus[]) =>
    concerned.filter(({ status }) => statuses.includes(status));
  const all = concerned.length;
  const [differing, changed] = [of('would-change', 'drifted'), of('changed')];
  const verb = command === 'check' ? ['differs', 'differ'] : ['would change', 'would change'];
  const first: readonly string[] =
    changed.length > 0
      ? [`${shareOf(changed.length, all)} ${changed.length === 1 ? 'was' : 'were'} changed`]
      : differing.length > 0
        ? [`${shareOf(differing.length, all)} ${differing.length === 1 ? verb[0] : verb[1]}`]
        : [];
  const totals = differing.length > 0 && changed.length === 0 ? totalWords(differing.filter(differs)) : '';
  const told = new Set<ReportStatus>([
    ...(changed.length > 0 ? ['changed' as const] : []),
    ...(first.length > 0 && changed.length === 0 ? (['would-change', 'drifted'] as const) : []),
  ]);
  const words = statusWordsOf(command);
  const quiet: readonly ReportStatus[] = ['in-sync', 'done'];
  const others = [...new Set(concerned.map(({ status }) => status))]
    .filter((status) => !told.has(status) && !quiet.includes(status))
    .map((status) => `${of(status).length} ${words[status]}`);
  const wrong = concerned.filter(isWrong).length;
  const wrongly = wrong === 0 ? [] : [`${wrong} ${wrong === 1 ? 'answers' : 'answer'} wrongly`];
  if (first.length === 0 && others.length === 0 && wrongly.length === 0) {
    return all === 0
      ? 'No host is concerned.'
      : `${shareOf(all, all)} ${all === 1 ? 'is' : 'are'} as ${all === 1 ? 'it' : 'they'} should be.`;
  }
  const head = [...first, ...(first.length === 0 ? [count(all, 'host')] : [])].join('');
  const tail = [...others, ...wrongly];
  const rest = tail.length === 0 ? '' : first.length === 0 ? `: ${list(tail)}` : `; ${list(tail)}`;
  return `${head}${totals === '' ? '' : `: ${totals}`}${rest}.`;
}

/** `all 4 hosts`, `2 of 4 hosts`, `the only host` */
function shareOf(number: number, all: number): string {
  if (number === all) return all === 1 ? 'The only host' : `All ${all} hosts`;
  return `${number} of ${count(all, 'host')}`;
}

function checkSentences(checks: readonly ReportCheck[] = []): readonly string[] {
  const of = (outcome: ReportCheck['outcome']) => checks.filter((check) => check.outcome === outcome).length;
  const asked = checks.length - of('not-applicable');
  if (asked === 0) return [];
  const ill = [
    ...(of('failed') === 0 ? [] : [`${of('failed')} failed`]),
    ...(of('not-asked') === 0 ? [] : [`${of('not-asked')} could not be asked`]),
  ];
  const checksWords = `${count(asked, 'check')} from outside`;
  return [
    ill.length === 0
      ? asked === 1
        ? 'The check from outside passed.'
        : `All ${checksWords} passed.`
      : `Of ${checksWords}, ${list(ill)}.`,
  ];
}

function historySentence(runs: NonNullable<ReportDocument['runs']>): string {
  const [latest] = runs;
  if (latest === undefined) return 'No host that answered remembers a run.';
  const ends = new Map<string, number>();
  for (const host of latest.hosts) ends.set(endOnHost(host), (ends.get(endOnHost(host)) ?? 0) + 1);
  const words = [...ends].map(([end, number]) => `${count(number, 'host')} ${end}`);
  return `${runs.length === 1 ? 'One run' : `${runs.length} runs`}; the latest is ${latest.command} by ${whoWords(latest)}${words.length === 0 ? '' : `: ${list(words)}`}.`;
}

/** What a look ends with that has not seen all hosts as they are. */
const failing: readonly (number | undefined)[] = [1, 3, 6, 130];

/** Whether the last look of a schedule tells nothing of what hosts are like now. */
export function hasFailed({ runs = [] }: Pick<NonNullable<ReportDocument['schedule']>, 'runs'>): boolean {
  return failing.includes(runs[0]?.exitStatus);
}

function scheduleSentence({
  installed,
  when,
  differences = [],
  runs: looks = [],
}: NonNullable<ReportDocument['schedule']>): string {
  const runs = installed ? `It runs ${when ?? 'by a timer'}.` : 'No schedule is installed.';
  if (looks.length === 0) return `${runs} It has not looked yet.`;
  if (hasFailed({ runs: looks })) return `${runs} The last look was not complete.`;
  const drift =
    differences.length === 0
      ? 'Nothing differed when it last looked.'
      : `${count(differences.length, 'difference')} when it last looked.`;
  return `${runs} ${drift}`;
}
