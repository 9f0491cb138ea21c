import { wrap } from './prose.ts';
import type { Style } from './style.ts';

/** What is true of the cluster rather than of one host. */
export function renderWarning(text: string, style: Style): readonly string[] {
  const [first = '', ...rest] = wrap(text, { columns: style.columns, first: 'warning: ', hanging: 2 });
  return [first.replace('warning', style.paint.yellow('warning')), ...rest];
}
