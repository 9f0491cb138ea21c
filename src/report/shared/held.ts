import type { ReportHold } from '../document/schema.ts';

/** `held by ada from laptop until 2026-11-26 18:00 UTC: exams` */
export function holdWords({ by, from, reason, until }: ReportHold): string {
  const end = until === undefined ? '' : ` until ${until.slice(0, 16).replace('T', ' ')} UTC`;
  return `held by ${by} from ${from}${end}: ${reason}`;
}
