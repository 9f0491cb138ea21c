import type { ReportDocument, ReportPastRun } from '../document/schema.ts';
import { endOnHost } from '../shared/ends.ts';
import { count, duration } from '../shared/prose.ts';
import { authorWords, scheduledTroubles, scheduledWords } from '../shared/scheduled.ts';
import { type Tone, toneOfEnd, worstTone } from '../shared/tones.ts';
import { upgradedWords } from '../shared/words.ts';
import { badge, icon } from './icons.ts';
import { html, type Markup } from './markup.ts';
import { renderProblem, renderWarning } from './problems.ts';

/** A larger table of hosts and runs is no picture any more. */
const mostCells = 2000;

/** What hosts remember: hosts and runs crosswise, then each run. */
export function renderHistory({ runs, otherClusters = [], picture }: ReportDocument): Markup | undefined {
  if (runs === undefined) return undefined;
  const told = new Set(runs.flatMap((run) => run.hosts.map(({ name }) => name)));
  const inOrder = (picture?.roles ?? []).flatMap((role) => role.hosts.map(({ name }) => name));
  const hosts = [...new Set([...inOrder.filter((name) => told.has(name)), ...told])];
  const isDrawn = runs.length > 1 && hosts.length * runs.length <= mostCells;
  return html`<section aria-labelledby="runs"><h2 id="runs">Runs</h2>${runs.length === 0 && html`<p>No host remembers a run.</p>`}${isDrawn && crosswise(runs, hosts)}${runs.map((run, index) => renderRun(run, index === 0 || runs.length <= 2))}${otherClusters.map(({ host, clusters }) => html`<p class="quiet">${host} also has runs of ${clusters.join(', ')}, which are not shown here.</p>`)}</section>`;
}

/** The latest run on the right, as time goes. */
function crosswise(runs: readonly ReportPastRun[], hosts: readonly string[]): Markup {
  const inOrder = [...runs].reverse();
  const byRun = inOrder.map((run) => new Map(run.hosts.map((host) => [host.name, host] as const)));
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Hosts and runs crosswise"><table class="list cross"><caption>What each run did on each host</caption><thead><tr><th scope="col">Host</th>${inOrder.map((run) => html`<th scope="col"><span class="when">${run.startedAt.slice(5, 10)}</span> <span class="when">${run.startedAt.slice(11, 16)}</span></th>`)}</tr></thead><tbody>${hosts.map(
    (name) =>
      html`<tr><th scope="row">${name}</th>${byRun.map((those) => {
        const host = those.get(name);
        if (host === undefined) return html`<td><span class="hidden">not in it</span></td>`;
        const words = host.undoneBy === undefined ? endOnHost(host) : `${endOnHost(host)}, undone`;
        return html`<td class="t-${toneOfEnd(host.state)}" title="${words}">${icon(toneOfEnd(host.state))}<span class="hidden">${words}</span></td>`;
      })}</tr>`,
  )}</tbody></table></div>`;
}

function renderRun(run: ReportPastRun, isOpen: boolean): Markup {
  const tones = run.hosts.map(({ state }) => toneOfEnd(state));
  const when = `${run.startedAt.slice(0, 16).replace('T', ' ')} UTC`;
  const undone = run.undoneBy !== undefined && html` · undone by run ${run.undoneBy}`;
  const undoes = run.undoes !== undefined && html` of run ${run.undoes}`;
  return html`<details class="host"${isOpen && html` open`}><summary><h3>${when}</h3> <span class="about">${run.command}${run.now && ' --now'}${undoes} by ${run.operator} from ${run.from}${undone}</span> ${sums(run, worstTone(tones))}</summary><div class="body"><p class="quiet">Run <code>${run.run}</code>, version ${run.version}.</p><table class="list"><caption class="hidden">Hosts of run ${run.run}</caption><thead><tr><th scope="col">Host</th><th scope="col">End</th><th scope="col">What was done</th></tr></thead><tbody>${run.hosts.map(renderHost)}</tbody></table></div></details>`;
}

function sums({ hosts }: ReportPastRun, tone: Tone): Markup {
  const ends = new Map<string, number>();
  for (const host of hosts) ends.set(endOnHost(host), (ends.get(endOnHost(host)) ?? 0) + 1);
  return badge(tone, [...ends].map(([words, number]) => `${number} ${words}`).join(', '));
}

function renderHost(host: ReportPastRun['hosts'][number]): Markup {
  const { name, state, changes, handlers, undoneBy, error, warnings, upgraded = [], durationMs } = host;
  const parts = [
    ...(changes.length === 0 ? [] : [count(changes.length, 'change')]),
    ...(handlers.length === 0 ? [] : [`ran ${handlers.join(', ')}`]),
    ...upgradedWords(upgraded),
    ...(durationMs === undefined ? [] : [duration(durationMs)]),
    ...(undoneBy === undefined ? [] : [`undone by run ${undoneBy}`]),
  ];
  const paths = changes.map(
    ({ action, path, steps }) =>
      html`<li>${action} <code>${path}</code> <span class="why">${steps.join(', ')}</span></li>`,
  );
  return html`<tr><th scope="row">${name}</th><td>${badge(toneOfEnd(state), endOnHost(host))}</td><td>${paths.length === 0 ? parts.join('; ') : html`<details><summary>${parts.join('; ')}</summary><ul class="notes">${paths}</ul></details>`}${error !== undefined && renderProblem({ ...error, host: undefined }, state === 'deferred' ? 'wait' : 'bad')}${warnings.map(renderWarning)}</td></tr>`;
}

/** What differs since when, and what scheduled runs did. */
export function renderSchedule({ schedule }: ReportDocument): Markup | undefined {
  const { differences = [], runs = [] } = schedule ?? {};
  if (schedule === undefined || (differences.length === 0 && runs.length === 0)) return undefined;
  return html`<section aria-labelledby="drift"><h2 id="drift">Drift</h2>${
    differences.length === 0
      ? html`<p>Nothing differed when it last looked.</p>`
      : html`<table class="list"><caption>What differs, and since when</caption><thead><tr><th scope="col">Host</th><th scope="col">What</th><th scope="col">Since</th><th scope="col">Changed by</th></tr></thead><tbody>${differences.map(({ host, what, since, author }) => html`<tr><th scope="row">${host}</th><td><code>${what}</code></td><td>${time(since)}</td><td>${authorWords(author)}</td></tr>`)}</tbody></table>`
  }${
    runs.length > 0 &&
    html`<table class="list"><caption>Scheduled runs, the latest first</caption><thead><tr><th scope="col">When</th><th scope="col">Did</th><th scope="col">Hosts</th></tr></thead><tbody>${runs.map(
      (run) =>
        html`<tr><th scope="row">${time(run.at)}</th><td>${run.did}</td><td>${badge(
          toneOfStatus(run.exitStatus),
          scheduledWords(run),
        )}${scheduledTroubles(run).map((words) => html`<br>${words}`)}</td></tr>`,
    )}</tbody></table>`
  }</section>`;
}

function toneOfStatus(exitStatus: number): Tone {
  if (exitStatus === 0) return 'good';
  return exitStatus === 2 ? 'change' : exitStatus === 5 ? 'wait' : 'bad';
}

function time(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}
