import type { ReportDocument } from '../../report/document/schema.ts';
import type { Records } from '../records.ts';
import type { Former } from './former.ts';

/** What metrics are made of. */
export interface Known {
  readonly document: ReportDocument;
  readonly records: Records | undefined;
  readonly former: Former;
  readonly cluster: string;
}

/** ISO 8601 as seconds since the epoch; undefined where it is none. */
export function secondsOf(iso: string | undefined): number | undefined {
  const time = Date.parse(iso ?? '');
  return Number.isNaN(time) ? undefined : time / 1_000;
}

/** When the document was made; undefined where nobody measured. */
export function endOf({ document, records }: Pick<Known, 'document' | 'records'>): number | undefined {
  return secondsOf(document.measured?.endedAt) ?? secondsOf(records?.runs[0]?.endedAt);
}
