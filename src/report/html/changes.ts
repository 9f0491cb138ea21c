import type { ReportChange, ReportDocument, ReportHandler, ReportHost } from '../document/schema.ts';
import { commandInShort } from '../shared/command-in-short.ts';
import { guardWords } from '../shared/guard.ts';
import { groupPlans, type PlanGroup } from '../shared/plan-groups.ts';
import { count, list } from '../shared/prose.ts';
import { queuedWords } from '../shared/queued.ts';
import { differs, lastStagesOf, partsOf, type StageOfHost, stagesOf } from '../shared/reading.ts';
import { totalWords } from '../shared/totals.ts';
import { changeWords, unsettledWords, upgradedWords } from '../shared/words.ts';
import { renderDiff } from './diff.ts';
import { html, type Markup } from './markup.ts';
import { renderProblem, renderWarning } from './problems.ts';

/** So many groups are open at the beginning: what is to be reviewed has to be seen. */
const mostOpen = 4;

/** Hosts with the same plan, and where their part of the page is. */
export interface ToldGroup extends PlanGroup {
  readonly id: string;
}

/** Hosts of which there is more to tell than their state; those with the same plan together. */
export function toldGroups({ hosts }: ReportDocument): readonly ToldGroup[] {
  const telling = hosts.filter((host) => host.status !== 'skipped' && isTelling(host));
  return groupPlans(telling).map((group, index) => ({ ...group, id: `plan-${index + 1}` }));
}

function isTelling(host: ReportHost): boolean {
  return (
    differs(host) ||
    host.error !== undefined ||
    (host.left ?? []).length > 0 ||
    (host.queued ?? []).length > 0 ||
    (host.upgraded ?? []).length > 0 ||
    (host.balancers ?? []).length > 0 ||
    host.warnings.length + host.unsettled.length > 0
  );
}

/** What changes on hosts, was changed, or is wrong with them. */
export function renderChanges(groups: readonly ToldGroup[], document: ReportDocument): Markup | undefined {
  if (groups.length === 0) return undefined;
  const isOpen = groups.length <= mostOpen;
  const hasDiffs = groups.some(({ hosts }) =>
    hosts[0]?.changes.some(({ diff }) => diff.includes('\n@@ ') || diff.startsWith('@@ ')),
  );
  const ran = document.run !== null && document.command !== 'plan';
  const isDone = document.hosts.every(({ status }) =>
    ['changed', 'done', 'in-sync', 'skipped'].includes(status),
  );
  const title = !ran ? 'What changes' : isDone ? 'What was changed' : 'What was to change';
  return html`<section aria-labelledby="changes"><h2 id="changes">${title}</h2>${hasDiffs && choice}${groups.map((group) => renderGroup(group, isOpen))}</section>`;
}

const choice = html`<fieldset class="choice"><legend>Show changed lines</legend><label><input type="radio" name="form" id="as-unified" checked> below each other</label><label><input type="radio" name="form" id="as-beside"> side by side</label></fieldset>`;

function renderGroup({ hosts, identical, id }: ToldGroup, isOpen: boolean): Markup {
  const [first, ...rest] = hosts;
  if (first === undefined) return html``;
  const totals = totalWords([first]);
  const more = rest.length === 0 ? '' : ` and ${count(rest.length, 'more host')}`;
  return html`<details class="host"${isOpen && html` open`}><summary><h3>${first.name}${more}</h3> <span class="about">${first.role}${first.recipe !== null && `, recipe ${first.recipe}`}${totals !== '' && html` · ${totals}`}</span></summary><div class="body" id="${id}">${
    rest.length > 0 && renderAlike(rest, identical)
  }${introduction(first)}${hosts.map((host) => notesOf(host, hosts.length > 1))}${stagesOf(first).map(renderStage)}${renderEnd(first)}${renderDeciding(first)}${renderLeft(first)}</div></details>`;
}

/** More names are folded. */
const mostNames = 12;

function renderAlike(rest: readonly ReportHost[], identical: boolean): Markup {
  const words = identical ? 'The same' : 'The same except for its own name';
  const names = rest.map(({ name }) => name).join(', ');
  if (rest.length <= mostNames) return html`<p class="alike">${words}: ${names}</p>`;
  return html`<details class="alike"><summary>${words}: ${count(rest.length, 'more host')}</summary><p>${names}</p></details>`;
}

function introduction({ recipeReason, undoes, retires, doneBy }: ReportHost): Markup {
  const parts = [
    ...(recipeReason === null || recipeReason === '' ? [] : [`Recipe chosen because ${recipeReason}.`]),
    ...(undoes === undefined ? [] : [`It undoes run ${undoes}.`]),
    ...(retires ? ['It leaves the cluster.'] : []),
    ...(doneBy === undefined ? [] : [`It was done already, by run ${doneBy}.`]),
  ];
  return html`${parts.length > 0 && html`<p class="quiet">${parts.join(' ')}</p>`}`;
}

/** What is to be known of a host besides its changes. */
function notesOf(host: ReportHost, isNamed: boolean): Markup {
  const {
    status,
    error,
    warnings,
    unsettled,
    queued = [],
    guards,
    upgraded = [],
    balancers = [],
    notes = [],
  } = host;
  const whose = isNamed ? `${host.name}: ` : '';
  const lines = [
    ...guards.filter(({ state }) => state !== 'idle').map((guard) => guardWords(guard)),
    ...guards.flatMap(({ sessions }) => sessions),
    ...unsettled.map(unsettledWords),
    ...queued.map(queuedWords),
    ...notes,
    ...(upgraded.length === 0 ? [] : [`upgraded: ${upgradedWords(upgraded).join(', ')}`]),
    ...balancers.map(
      ({ on, state, byHand }) =>
        `balancer on ${on}: ${state}${byHand === undefined ? '' : `; by hand: ${byHand}`}`,
    ),
  ];
  const isPutOff = status === 'deferred' || status === 'owed';
  return html`${error !== undefined && renderProblem({ ...error, host: isNamed ? host.name : undefined }, isPutOff ? 'wait' : 'bad')}${warnings.map((text) => renderWarning(whose + text))}${
    lines.length > 0 && html`<ul class="notes">${lines.map((line) => html`<li>${whose}${line}</li>`)}</ul>`
  }`;
}

function renderStage({ number, name, changes, handlers }: StageOfHost): Markup {
  return html`${name !== undefined && html`<h4>${number === 0 ? `First, ${name}` : `Stage ${number}, ${name}`}</h4>`}${changes.map(renderChange)}${handlers.length > 0 && renderHandlers(handlers)}`;
}

function renderChange(change: ReportChange): Markup {
  const { kind, action, path, steps, author, guards = [] } = change;
  const { notes, lines } = partsOf(change);
  const told = [
    ...(author === undefined ? [] : [authorWords(author)]),
    ...notes,
    ...(guards.length === 0 ? [] : [`only while there are no ${list(guards)}`]),
  ];
  const words = kind === 'action' ? path : changeWords(change);
  const head = html`<code class="path">${kind === 'action' ? words : words.slice(action.length + 1)}</code>`;
  const what = kind === 'action' ? 'do' : kind === 'unit' ? 'set' : action;
  const about = html`<span class="kind">${what}</span> ${head} <span class="why">${steps.join(', ')}</span>`;
  const body = html`${told.length > 0 && html`<ul class="notes">${told.map((note) => html`<li>${note}</li>`)}</ul>`}${lines.length > 0 && renderDiff(lines, path)}`;
  return html`<details class="change" open><summary>${about}</summary>${body}</details>`;
}

function authorWords({
  kind,
  name,
  version,
  clock,
  at,
  evidence,
}: NonNullable<ReportChange['author']>): string {
  const who = [kind, name, version].filter((part) => part !== undefined).join(' ');
  const when = clock ?? at;
  return `changed since the last run by ${who}${when === undefined ? '' : `, ${when}`} (${evidence})`;
}

function renderHandlers(handlers: readonly ReportHandler[]): Markup {
  return html`<div class="handlers"><p class="label">Then, in this order</p><ol>${handlers.map((handler) => {
    const { id, actions, because, owed, guards, validate, checks = [], timeout, ran } = handler;
    const told = actions.map(commandInShort);
    const programs = [...actions, ...(validate === undefined ? [] : [validate])].filter(
      (command) => commandInShort(command) !== command,
    );
    const notes = [
      ...(guards.length === 0 ? [] : [`only while there are no ${list(guards)}`]),
      ...(validate === undefined ? [] : [`first ${commandInShort(validate)} has to accept the files`]),
      ...(owed === undefined ? [] : [`owed: ${owed}`]),
      ...(because.length === 0 ? [] : [`asked for by ${list(because)}`]),
      ...(checks.length === 0
        ? []
        : [`then ${list(checks)}${timeout === undefined ? '' : `, within ${timeout} s`}`]),
    ];
    return html`<li><strong>${told.join(', ')}</strong> <span class="why">${id}</span>${ran && html` <span class="ran">it ran</span>`}<ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>${programs.map((program) => html`<details><summary class="why">the whole program</summary><code>${program}</code></details>`)}</li>`;
  })}</ol></div>`;
}

function renderEnd(host: ReportHost): Markup {
  const { last, leftovers } = host;
  return html`${last !== undefined && html`<h4>At the end of the run</h4>${lastStagesOf(host).map(renderStage)}${last.error !== undefined && renderProblem(last.error)}`}${
    leftovers &&
    html`<p class="quiet">At the end, what the host remembers of earlier runs is removed from it.</p>`
  }`;
}

const outcomes = {
  'failed-before': 'it had failed before as well, so it had no say',
  gone: 'its host stopped answering, so it had no say',
} as const;

function renderDeciding({ deciding }: ReportHost): Markup {
  if (deciding === undefined || deciding.length === 0) return html``;
  return html`<p class="label">Checks from outside that decide whether it stays changed</p><ul class="notes">${deciding.map(
    ({ host, title, always, outcome }) => {
      const words =
        outcome === undefined
          ? always
            ? 'has to pass'
            : 'has to pass if it passed before'
          : (outcomes[outcome as keyof typeof outcomes] ?? outcome);
      return html`<li>${host}: ${title} (${words})</li>`;
    },
  )}</ul>`;
}

const because = {
  accepted: 'accepted',
  report: 'reported, and left as it is',
  keep: 'kept as it is',
} as const;

function renderLeft({ left = [] }: ReportHost): Markup {
  if (left.length === 0) return html``;
  return html`<p class="label">What differs and stays as it is</p>${left.map(
    ({ path, items, diff, author }) => {
      const notes = items.map(
        ({ key, because: why, accepted }) =>
          `${key === undefined ? '' : `${key}: `}${because[why]}${accepted === undefined ? '' : ` by ${accepted.who} until ${accepted.until}: ${accepted.reason}`}`,
      );
      const lines = diff
        .split('\n')
        .slice(0, -1)
        .filter((line) => !line.startsWith('# '));
      return html`<details class="change"><summary><span class="kind">left</span> <code class="path">${path}</code></summary><ul class="notes">${author !== undefined && html`<li>${authorWords(author)}</li>`}${notes.map((note) => html`<li>${note}</li>`)}</ul>${lines.length > 0 && renderDiff(lines, path)}</details>`;
    },
  )}`;
}
