import type { ReportDocument, ReportHost, ReportToday } from '../document/schema.ts';
import { guardWords } from '../shared/guard.ts';
import { count, list, oneLine } from '../shared/prose.ts';
import { queuedWords } from '../shared/queued.ts';
import { differs } from '../shared/reading.ts';
import { totalWords } from '../shared/totals.ts';
import { unsettledWords, whoWords } from '../shared/words.ts';
import { adviceOnce } from './advice.ts';
import { renderHolds } from './hold.ts';
import { renderProblem } from './problem.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';
import { renderWarning } from './warning.ts';
import { timeWords } from './window.ts';

/** Whether the cluster may be changed now, and all that speaks against it, on one screen. */
export function renderToday(document: ReportDocument, style: Style): readonly string[] {
  const { today, hosts, warnings } = document;
  if (today === undefined) return [];
  const { paint, columns } = style;
  const part = (title: string, texts: readonly string[]) =>
    texts.length === 0
      ? []
      : [paint.bold(title), ...texts.flatMap((text) => wrap(text, { columns, first: '  ', hanging: 4 }))];
  const failed = hosts.filter(({ error }) => error !== undefined);
  return [
    ...answer(document, today, style),
    ...renderHolds(document, style),
    '',
    ...part('serving', today.roles.map(capacityWords)),
    ...part('people', peopleWords(today)),
    ...part('at work', [...hosts.flatMap(unsettledOf), ...reservedWords(hosts, today)]),
    ...part('waiting until nobody is there', hosts.flatMap(waitingWords)),
    ...part(
      'not as planned',
      hosts.flatMap((host) => differingWords(host, today)),
    ),
    ...part(
      'certificates',
      today.certificates.map((one) => certificateWords(one, today)),
    ),
    ...part('to be rebooted', today.reboots.map(rebootWords)),
    ...hosts.flatMap(({ name, warnings: own }) =>
      own.flatMap((text) => renderWarning(`${name}: ${text}`, style)),
    ),
    ...warnings.flatMap((text) => renderWarning(text, style)),
    ...adviceOnce(failed).flatMap((host) =>
      host.error === undefined ? [] : renderProblem({ ...host.error, host: host.name }, style, 0),
    ),
  ];
}

function answer({ holds = [] }: ReportDocument, today: ReportToday, style: Style): readonly string[] {
  const { columns, paint } = style;
  const zone =
    today.timeZoneFrom === 'machine' ? `${today.timeZone}, this machine's time zone` : today.timeZone;
  const now = `${timeWords(today.now)} (${oneLine(zone)})`;
  const [word, color] = verdicts[today.may];
  const reasons = [
    ...(holds.length > 0 ? ['the cluster is held'] : []),
    ...(today.atWork.length > 0 ? [`a run is at work on ${list(today.atWork.map(oneLine))}`] : []),
    ...(today.may === 'nothing' ? [] : [windowWords(today.window), ...today.roles.flatMap(fullWords)]),
    ...busyWords(today),
  ];
  const text = `${word} at ${now}: ${reasons.join('; ')}`;
  return wrap(text, { columns, first: '', hanging: 2 }).map((line, index) =>
    index === 0 && line.startsWith(word) ? paint.bold(paint[color](word)) + line.slice(word.length) : line,
  );
}

const verdicts = {
  everything: ['anything may be changed', 'green'],
  'what-interrupts-nobody': ['only what interrupts nobody may be changed', 'yellow'],
  nothing: ['nothing may be changed', 'red'],
} as const;

function windowWords({ rule, open, closes, opens }: ReportToday['window']): string {
  if (rule === 'anytime') return 'people may be interrupted at any time, as the inventory says';
  if (rule === 'usual') {
    return open
      ? `it is no weekday between 07:00 and 18:00${closes === undefined ? '' : `, until ${timeWords(closes)}`}`
      : `it is a weekday between 07:00 and 18:00${opens === undefined ? '' : `, until ${timeWords(opens)}`}; --now, or a yes on a terminal, changes what interrupts people`;
  }
  if (open) return `a window is open${closes === undefined ? '' : ` until ${timeWords(closes)}`}`;
  return `no window is open${opens === undefined ? '' : `; the next one opens ${timeWords(opens)}`}`;
}

/** Where no further host may be out. */
function fullWords({ role, hosts, maxUnavailable, out }: ReportToday['roles'][number]): readonly string[] {
  if (out.length < maxUnavailable || out.length >= hosts) return [];
  const names = list(out.map(({ name }) => oneLine(name)));
  return [
    `${names} ${out.length === 1 ? 'is' : 'are'} out, and no more than ${maxUnavailable} of the role ${oneLine(role)} may be`,
  ];
}

/** `node: 5 of 6; 1 may be out at once; out: bbb-03 (unreachable)` */
function capacityWords({ role, hosts, maxUnavailable, out }: ReportToday['roles'][number]): string {
  if (hosts === 0) return `${oneLine(role)}: no host is left`;
  const names = out.map(({ name, why }) => `${oneLine(name)} (${oneLine(why)})`);
  const gone = names.length === 0 ? '' : `; out: ${list(names)}`;
  return `${oneLine(role)}: ${hosts - out.length} of ${hosts}; ${maxUnavailable} may be out at once${gone}`;
}

/** Where nobody is may be seen below. */
function busyWords(today: ReportToday): readonly string[] {
  const there = busy(today).map(({ name }) => oneLine(name));
  if (there.length === 0 || today.may === 'nothing') return [];
  return [`with ${namesWords(there)}, where people are, a run does as --when-busy says`];
}

function busy({ people }: ReportToday): ReportToday['people'] {
  return people.filter(({ guards }) => guards.some(({ state }) => state !== 'idle'));
}

/** Those on which somebody is, each on its own; the others together. */
function peopleWords(today: ReportToday): readonly string[] {
  const { people } = today;
  const there = busy(today);
  const empty = people.filter((one) => !there.includes(one)).map(({ name }) => oneLine(name));
  const present = there.map(
    ({ name, guards }) =>
      `${oneLine(name)}: ${guards
        .filter(({ state }) => state !== 'idle')
        .map(guardWords)
        .join('; ')}`,
  );
  return [...present, ...(empty.length === 0 ? [] : [`nobody is on ${namesWords(empty)}`])];
}

function unsettledOf({ name, unsettled }: ReportHost): readonly string[] {
  return unsettled.map((one) => oneLine(`${name}: ${unsettledWords(one)}`));
}

/** A run reserves all of its hosts, so they are told together. */
function reservedWords(hosts: readonly ReportHost[], { atWork }: ReportToday): readonly string[] {
  const byText = new Map<string, string[]>();
  for (const { name, lease } of hosts) {
    if (lease === undefined) continue;
    const { run, command, by, from, until } = lease;
    const inTheWay = atWork.includes(name);
    const clock =
      until === undefined ? '' : `, one from another until ${until.slice(0, 16).replace('T', ' ')} UTC`;
    const over = inTheWay ? '' : `, whose controller is gone: a run from this machine need not wait${clock}`;
    const text = `reserved by run ${run} (${command} by ${by} from ${from})${over}`;
    byText.set(text, [...(byText.get(text) ?? []), oneLine(name)]);
  }
  return [...byText].map(([text, names]) => `${namesWords(names)}: ${oneLine(text)}`);
}

function waitingWords({ name, queued = [] }: ReportHost): readonly string[] {
  return queued.map((one) => `${oneLine(name)}: ${queuedWords(one)}`);
}

function differingWords(host: ReportHost, { edited }: ReportToday): readonly string[] {
  if (!differs(host) || host.error !== undefined) return [];
  const { name, lastRun } = host;
  const what = totalWords([host]);
  const since =
    lastRun === undefined
      ? 'it was never set up, or was retired'
      : `last changed by run ${lastRun.run} (${lastRun.command} by ${whoWords(lastRun)})`;
  const at = edited.find((one) => one.name === name)?.at;
  const when = at === undefined ? '' : `; edited there last at ${at.slice(0, 16).replace('T', ' ')} UTC`;
  return [oneLine(`${name}: ${what === '' ? 'to be tidied up' : what}${when}; ${since}`)];
}

function certificateWords(
  { name, hosts, ends, endsSoon, renewer }: ReportToday['certificates'][number],
  { now }: ReportToday,
): string {
  const days = Math.floor((Date.parse(ends) - Date.parse(now)) / 86_400_000);
  const when = days < 0 ? 'ended on' : 'ends on';
  const hours = Math.floor((Date.parse(ends) - Date.parse(now)) / 3_600_000);
  const left =
    days < 0 ? 'browsers refuse it' : days < 2 ? `in ${count(hours, 'hour')}` : `in ${count(days, 'day')}`;
  const soon = endsSoon && days >= 0 ? '; it should have been renewed by now' : '';
  return `${oneLine(name)} on ${namesWords(hosts.map(oneLine))}: ${when} ${ends.slice(0, 10)}, ${left}${soon}${renewer === undefined ? '' : `; ${oneLine(renewer)}`}`;
}

function rebootWords({ name, packages }: ReportToday['reboots'][number]): string {
  return packages.length === 0 ? oneLine(name) : `${oneLine(name)}: for ${list(packages.map(oneLine))}`;
}

/** Nobody reads the names of a hundred hosts. */
function namesWords(names: readonly string[]): string {
  const [most, more] = [names.slice(0, 6), names.length - 6];
  return more > 0 ? `${most.join(', ')} and ${count(more, 'other host')}` : list(names);
}
