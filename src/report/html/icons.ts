import type { Tone } from '../shared/tones.ts';
import { constant, html, type Markup } from './markup.ts';

/** The signs of the tones, once in a page: a form for each, since colour alone tells some people nothing. */
export const icons: Markup = constant`<svg class="defs" width="0" height="0" aria-hidden="true" focusable="false">
<symbol id="i-good" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="currentColor"/><path d="M4.5 8.3l2.4 2.4 4.6-5" fill="none" stroke="var(--panel)" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/></symbol>
<symbol id="i-change" viewBox="0 0 16 16"><rect x="1" y="1" width="14" height="14" rx="3.5" fill="currentColor"/><path d="M4 8h7.6M8.4 4.6L11.8 8l-3.4 3.4" fill="none" stroke="var(--panel)" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"/></symbol>
<symbol id="i-wait" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.6"/><path d="M8 4.4V8l2.4 1.6" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"/></symbol>
<symbol id="i-bad" viewBox="0 0 16 16"><path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="currentColor"/><path d="M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4" stroke="var(--panel)" stroke-width="1.8" stroke-linecap="round"/></symbol>
<symbol id="i-off" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="2.6 2.2"/></symbol>
</svg>`;

/** The sign of a tone, for text; the words beside it say the same. */
export function icon(tone: Tone): Markup {
  return html`<svg class="icon" width="16" height="16" aria-hidden="true" focusable="false"><use href="#i-${tone}"/></svg>`;
}

/** A state: its sign and its words. */
export function badge(tone: Tone, words: string): Markup {
  return html`<span class="state t-${tone}">${icon(tone)} ${words}</span>`;
}
