import { count } from '../shared/prose.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';

/** What is true of the cluster rather than of one host. */
export function renderWarning(text: string, style: Style): readonly string[] {
  const [first = '', ...rest] = wrap(text, { columns: style.columns, first: 'warning: ', hanging: 2 });
  return [first.replace('warning', style.paint.yellow('warning')), ...rest];
}

/** A warning that was copied to a thousand hosts doesn't scroll everything else away; --json has all. */
const mostWarnings = 20;

/** Warnings about an inventory, which may have the same one for each host. */
export function renderWarnings(texts: readonly string[], style: Style): readonly string[] {
  const shown = style.verbose ? texts : texts.slice(0, mostWarnings);
  const hidden = texts.length - shown.length;
  const more = hidden === 0 ? [] : [`... and ${count(hidden, 'more warning')} (--verbose shows them)`];
  return [...shown.flatMap((text) => renderWarning(text, style)), ...more];
}
