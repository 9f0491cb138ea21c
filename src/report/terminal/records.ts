import type { ReportDocument } from '../document/schema.ts';
import { oneLine } from '../shared/prose.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';

/** `20261121T074501Z-4f2a9c: apply on prod by ada, 2026-11-21 07:45:01 UTC: exit status 0` */
export function renderRecords({ records = [] }: ReportDocument, style: Style): readonly string[] {
  if (records.length === 0) return ['this machine has no record of a run'];
  return records.flatMap((record) => {
    const { name, command, at, cluster, operator, from, exitStatus } = record;
    const start = `${oneLine(name)}: `;
    const when = `${at.slice(0, 19).replace('T', ' ')} UTC`;
    const ended = exitStatus === undefined ? 'had not ended' : `exit status ${exitStatus}`;
    const text = oneLine(`${command} on ${cluster} by ${operator} from ${from}, ${when}: ${ended}`);
    const [first = '', ...rest] = wrap(text, { columns: style.columns, first: start, hanging: 2 });
    return [style.paint.bold(start) + first.slice(start.length), ...rest];
  });
}
