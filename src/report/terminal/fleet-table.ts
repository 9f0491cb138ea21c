import type { FleetDocument } from '../document/fleet-schema.ts';
import { sumWords, tableOf } from '../shared/fleet.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';
import { renderWarning } from './warning.ts';

/** A line for each cluster, what is true of all of them, and what it comes to. */
export function renderFleet(document: FleetDocument, style: Style): readonly string[] {
  const { titles, rows } = tableOf(document);
  return [
    ...renderTable(
      titles,
      rows.map(({ cells }) => cells),
      style,
    ),
    ...document.warnings.flatMap((text) => renderWarning(text, style)),
    '',
    ...wrap(sumWords(document), { columns: style.columns, first: '', hanging: 2 }),
  ];
}
