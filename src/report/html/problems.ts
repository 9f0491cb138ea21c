import type { ReportError } from '../document/schema.ts';
import { html, type Markup } from './markup.ts';

/** More of another program's words are folded. Lines. */
const longest = 12;

/** What went wrong: code, place, what happened, the other program's words, and what to do. */
export function renderProblem(error: ReportError, tone: 'bad' | 'wait' = 'bad'): Markup {
  const { code, host, step, message, next, location, detail } = error;
  const who = [host, step !== undefined && `step ${step}`].filter(
    (part) => part !== undefined && part !== false && part !== '',
  );
  return html`<div class="problem t-${tone}"><p><code>${code}</code> ${who.length > 0 && html`<strong>${who.join(', ')}:</strong> `}${message}</p>${
    location !== undefined &&
    html`<p class="place"><code>${location.file}:${location.line}:${location.column}</code></p><pre><code>${location.text}</code></pre>`
  }${detail !== undefined && detail.trim() !== '' && renderDetail(detail)}${next !== undefined && next.trim() !== '' && html`<p class="next"><span class="label">What to do</span> ${linesOf(next)}</p>`}</div>`;
}

function renderDetail(detail: string): Markup {
  const lines = detail.trimEnd().split('\n');
  const text = html`<pre><code>${lines.join('\n')}</code></pre>`;
  return lines.length <= longest
    ? text
    : html`<details><summary>${lines.length} lines of what it said</summary>${text}</details>`;
}

function linesOf(text: string): readonly Markup[] {
  return text.split('\n').map((line, index) => (index === 0 ? html`${line}` : html`<br>${line}`));
}

/** Something worth a word. */
export function renderWarning(text: string): Markup {
  return html`<p class="warning t-wait"><strong>Warning:</strong> ${text}</p>`;
}
