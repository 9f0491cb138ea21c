import { pagedFrom } from '../../model/certificate-lifetime.ts';
import type { Finding } from '../../model/notify.ts';
import type { ReportDocument, ReportHost, ReportStatus } from '../../report/document/schema.ts';
import { pathsThatDiffer } from '../differences.ts';

const failing: readonly ReportStatus[] = [
  'failed',
  'rolled-back',
  'unreachable',
  'damaged',
  'conflict',
  'kept',
];
const later: readonly ReportStatus[] = ['deferred', 'owed', 'queued'];
const planned: readonly ReportStatus[] = [
  ...(['would-change', 'drifted', 'failed', 'rolled-back', 'in-sync', 'changed', 'done'] as const),
  ...later,
];
/** Those that a run of ours has just worked on: what they answer meanwhile says nothing. */
const worked: readonly ReportStatus[] = ['changed', 'rolled-back', 'owed', 'kept', 'stuck', 'failed'];
const unseen: readonly ReportStatus[] = ['unreachable', 'off', 'unknown', 'skipped', 'not-started', 'open'];
const soon = 48 * 3_600_000;

/** How many hosts of a role may be out, by what the inventory allows. */
export type MostOut = (role: string, hosts: number) => number;

/** What a look has found, in words of ours alone: keys, codes and paths. Pure; `now` is in milliseconds. */
export function findingsOf(document: ReportDocument, now: number, mostOut: MostOut): readonly Finding[] {
  const { hosts, checks = [], errors = [], measured } = document;
  const isShort = (role: string) => {
    const all = hosts.filter((one) => one.role === role && one.status !== 'off');
    const out = all.filter(({ status }) => ['stuck', 'unreachable', 'failed', 'damaged'].includes(status));
    return out.length > mostOut(role, all.length);
  };
  const found: Finding[] = [
    ...errors.map(({ code }) => ({ host: '', kind: 'failed', what: code, severity: 'ticket' }) as const),
    ...checks.flatMap(({ host, id, outcome }): Finding[] =>
      outcome === 'failed' ? [{ host, kind: 'answers', what: id, severity: 'page' }] : [],
    ),
    ...(measured?.certificates ?? []).flatMap(({ name, begins, ends, endsSoon, due }): Finding[] => {
      const validTo = Date.parse(ends);
      const validFrom = begins === undefined ? Number.NaN : Date.parse(begins);
      const isUrgent = Number.isNaN(validFrom)
        ? validTo - now < soon
        : now > pagedFrom({ validFrom, validTo }, due === undefined ? undefined : Date.parse(due));
      if (!isUrgent && !endsSoon) return [];
      return [{ host: '', kind: 'certificate', what: name, severity: isUrgent ? 'page' : 'ticket' }];
    }),
    ...hosts.flatMap((host): Finding[] => {
      const { name, role, status, error } = host;
      const code = error?.code ?? status;
      const paths = planned.includes(status) ? pathsThatDiffer(host) : [];
      return [
        ...paths.map((what) => ({ host: name, kind: 'drift', what, severity: 'ticket' }) as const),
        ...(status === 'stuck'
          ? [{ host: name, kind: 'stuck', what: code, severity: isShort(role) ? 'page' : 'ticket' } as const]
          : []),
        ...(failing.includes(status)
          ? [{ host: name, kind: 'failed', what: code, severity: 'ticket' } as const]
          : []),
        ...(later.includes(status)
          ? [{ host: name, kind: 'put-off', what: code, severity: 'ticket' } as const]
          : []),
      ];
    }),
  ];
  return [...new Map(found.map((one) => [keyOf(one), one])).values()];
}

/** What names a finding for as long as it lasts. */
export function keyOf({ host, kind, what }: Pick<Finding, 'host' | 'kind' | 'what'>): string {
  return JSON.stringify([host, kind, what]);
}

/**
 * Whether this look can't tell that a finding is there or over: its host wasn't seen, nobody asked what it is
 * about, or a run of ours is at work there, or has just been, which interrupts what is asked through it.
 */
export function isUnknown(document: ReportDocument, { host, kind, what }: Finding): boolean {
  const one = document.hosts.find(({ name }) => name === host);
  // That it can't be reached is seen all the same.
  if (kind === 'answers') {
    if (one === undefined) return !isWhole(document);
    return isInterrupted(document, one) || isUnasked(document, one, what);
  }
  if (kind === 'certificate') return !document.measured?.certificates.some(({ name }) => name === what);
  if (host === '') return false;
  if (one === undefined) return !isWhole(document);
  return unseen.includes(one.status) && !(kind === 'failed' && one.status === 'unreachable');
}

/** A document of nothing but errors tells nothing of hosts. */
function isWhole({ hosts }: ReportDocument): boolean {
  return hosts.length > 0;
}

/** Of a host that can't be reached nobody asks, nor of one whose asker doesn't answer itself. */
function isUnasked({ checks = [] }: ReportDocument, host: ReportHost, what: string): boolean {
  const own = checks.filter((one) => one.host === host.name && one.id === what);
  return own.length === 0
    ? unseen.includes(host.status)
    : own.every(({ outcome }) => outcome === 'not-asked');
}

function isInterrupted({ run, checks }: ReportDocument, host: ReportHost): boolean {
  const isOurs = run !== null && worked.includes(host.status);
  return isOurs || checks === undefined || host.unsettled.some(({ alive }) => alive === true);
}
