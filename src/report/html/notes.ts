import type { ReportDocument, ReportRollout } from '../document/schema.ts';
import { holdWords } from '../shared/held.ts';
import { afterWords, heldUpWords } from '../shared/order.ts';
import { count, list } from '../shared/prose.ts';
import { html, type Markup } from './markup.ts';
import { renderProblem, renderWarning } from './problems.ts';

/** What is to be known before anything else: what went wrong, what holds the cluster, what to mind. */
export function renderNotes(document: ReportDocument): Markup | undefined {
  const { errors = [], warnings, notes = [], holds = [], policies = [], force } = document;
  const held = holds.map(holdWords);
  const said = policies.flatMap(({ policy, deny, warn, failed }) => [
    ...(failed === undefined ? [] : [`policy ${policy} could not be asked: ${failed}`]),
    ...deny.map((text) => `policy ${policy} denies it: ${text}`),
    ...warn.map((text) => `policy ${policy} warns: ${text}`),
  ]);
  const parts = [
    ...errors.map((error) => renderProblem(error)),
    ...[...held, ...warnings, ...said].map(renderWarning),
    ...(force ? [renderWarning('guards are not asked in this run: people may be interrupted')] : []),
    ...notes.map((text) => html`<p class="note"><strong>Note:</strong> ${text}</p>`),
  ];
  return parts.length === 0
    ? undefined
    : html`<section aria-labelledby="notes"><h2 id="notes">To be known first</h2>${parts}</section>`;
}

/** In which order hosts are changed, and how many at once. */
export function renderRollout({ rollout = [] }: ReportDocument): Markup | undefined {
  const going = rollout.filter(({ hosts, held }) => hosts.length + held.length > 0);
  if (going.length === 0) return undefined;
  return html`<section aria-labelledby="order"><h2 id="order">In which order</h2><ol class="order">${going.map(renderRole)}</ol></section>`;
}

function renderRole(rollout: ReportRollout, index: number): Markup {
  const { role, hosts, atOnce, waves, maxUnavailable, down, held, heldUpBy, window } = rollout;
  const heldUp = heldUpWords(rollout, namesOf(held));
  if (hosts.length === 0 && heldUp !== undefined) return html`<li><strong>${role}</strong>: ${heldUp}.</li>`;
  const first =
    hosts.length === 1 || atOnce <= 1
      ? 'one after the other'
      : `the first alone, then up to ${atOnce} at once`;
  const how =
    hosts.length === 1 ? '' : waves === undefined ? `, ${first}` : `, in ${count(waves.length, 'wave')}`;
  const closed = window?.deferred ?? [];
  return html`<li><strong>${role}</strong>: ${namesOf(hosts)}${how}${index > 0 && afterWords(rollout)}; no more than ${maxUnavailable} may be out at once${down.length > 0 && `; down already: ${list(down.map(({ name, why }) => `${name} (${why})`))}`}${heldUpBy === undefined && held.length > 0 && `; not begun, because more would be out: ${namesOf(held)}`}${heldUp !== undefined && `; ${heldUp}`}${closed.length > 0 && `; put off until a window opens${window?.opens === undefined ? '' : ` (${window.opens})`}: ${namesOf(closed)}`}.</li>`;
}

function namesOf(names: readonly string[]): string {
  return names.length <= 6 ? list(names) : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}

/** Text to be carried over to where the program has no access. */
export function renderByHand({ byHand }: ReportDocument): Markup | undefined {
  if (byHand.length === 0) return undefined;
  return html`<section aria-labelledby="by-hand"><h2 id="by-hand">By hand</h2>${byHand.map(({ title, text }) => html`<h3>${title}</h3><pre><code>${text.trimEnd()}</code></pre>`)}</section>`;
}
