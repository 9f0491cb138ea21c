import { z } from 'zod';
import { type Finding, type NotifyItem, type Severity, severities } from '../../model/notify.ts';
import type { ReportDocument } from '../../report/document/schema.ts';
import { findingsOf, isUnknown, keyOf, type MostOut } from './findings.ts';

const finding = z.object({
  host: z.string(),
  kind: z.enum(['answers', 'certificate', 'stuck', 'drift', 'failed', 'put-off']),
  what: z.string(),
  severity: z.enum(severities),
  /** how many looks in a row have found it so urgent */
  seen: z.int(),
  /** as what it was told; null: it wasn't yet */
  told: z.enum(severities).nullable(),
});

/** What earlier looks have found, and what of it was told. */
export const knownSchema = z.object({ schemaVersion: z.literal(1), findings: z.array(finding) });
export type Known = z.infer<typeof knownSchema>;
export const nothingKnown: Known = { schemaVersion: 1, findings: [] };

/** So many looks in a row before somebody is woken. */
const looksBeforePage = 2;

/** What is new, worse or over since the look before, and what is known from now on. Pure. */
export function changesAfter(
  before: Known,
  document: ReportDocument,
  now: number,
  mostOut: MostOut,
): { readonly known: Known; readonly items: readonly NotifyItem[] } {
  const former = new Map(before.findings.map((one) => [keyOf(one), one]));
  const current = findingsOf(document, now, mostOut).filter(
    (one) => one.kind !== 'answers' || !isUnknown(document, one),
  );
  const keys = new Set(current.map(keyOf));
  const items: NotifyItem[] = [];
  const seen = current.map((one) => {
    const known = former.get(keyOf(one));
    const looks = known?.severity === one.severity ? Math.min(known.seen + 1, 1_000) : 1;
    const told = known?.told ?? null;
    const isSure = one.severity !== 'page' || looks >= looksBeforePage;
    const isNews = isSure && (told === null || rank(one.severity) > rank(told));
    if (isNews) items.push(item(told === null ? 'new' : 'worse', one, one.severity));
    // What was told once as more urgent isn't told anew when it swings back.
    return { ...one, seen: looks, told: isNews ? one.severity : told };
  });
  const kept = before.findings.filter((one) => {
    if (keys.has(keyOf(one))) return false;
    if (isUnknown(document, one)) return true;
    if (one.told !== null) items.push(item('over', one, one.told));
    return false;
  });
  const repaired = document.hosts.filter(({ status }) => status === 'changed');
  items.push(
    ...repaired.map(
      ({ name, changes }): NotifyItem => ({
        ...{
          change: 'repaired',
          severity: 'info',
          host: name,
          kind: 'repaired',
          what: String(changes.length),
        },
        text: `${name}: changed as planned (${changes.length} ${changes.length === 1 ? 'change' : 'changes'})`,
      }),
    ),
  );
  return { known: { schemaVersion: 1, findings: [...seen, ...kept] }, items: items.sort(byUrgency) };
}

function byUrgency(one: NotifyItem, other: NotifyItem): number {
  return rank(other.severity) - rank(one.severity);
}

/** More is more urgent. */
export function rank(severity: Severity): number {
  return severities.length - severities.indexOf(severity);
}

function item(change: 'new' | 'worse' | 'over', one: Finding, severity: Severity): NotifyItem {
  const { host, kind, what } = one;
  const where = host === '' ? '' : `${host}: `;
  const end = change === 'over' ? ', which is over' : change === 'worse' ? ', which has become worse' : '';
  return { change, severity, host, kind, what, text: `${where}${words[kind](what)}${end}` };
}

const words: Readonly<Record<Finding['kind'], (what: string) => string>> = {
  answers: (what) => `people are answered wrongly (check ${what})`,
  certificate: (what) => `the certificate of ${what} ends soon`,
  stuck: (what) => `a run is stuck and needs a person (${what})`,
  drift: (what) => `${what} is not as planned`,
  failed: (what) => `it failed (${what})`,
  'put-off': (what) => `the repair was put off (${what})`,
};
