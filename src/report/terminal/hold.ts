import type { ReportDocument, ReportHold } from '../document/schema.ts';
import { adviceOnce } from './advice.ts';
import { renderProblem } from './problem.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';

/**
 * What became of a hold: the one that counts now, or that there is none; whose it replaces or was; and the
 * hosts that could not be asked.
 */
export function renderHold(document: ReportDocument, style: Style): readonly string[] {
  const { hosts, heldBefore = [] } = document;
  const missing = hosts.filter(({ error }) => error !== undefined);
  const paragraph = (text: string) => wrap(text, { columns: style.columns, first: '', hanging: 2 });
  return [
    ...stateLines(document, style),
    ...heldBefore.flatMap((hold) =>
      paragraph(
        `${(document.holds ?? []).length === 0 ? 'it was' : 'this replaces the hold that was'} ${setWords(hold, heldBefore.length > 1)}`,
      ),
    ),
    ...adviceOnce(missing).flatMap((host) =>
      host.error === undefined ? [] : renderProblem({ ...host.error, host: host.name }, style, 0),
    ),
  ];
}

function stateLines({ hosts, holds = [], heldBefore = [] }: ReportDocument, style: Style): readonly string[] {
  const paragraph = (text: string) => wrap(text, { columns: style.columns, first: '', hanging: 2 });
  const [hold] = holds;
  if (hold !== undefined) {
    const end = hold.until === undefined ? 'until it is released' : `until ${utc(hold.until)}`;
    return paragraph(`the cluster is held ${end}: ${hold.reason} (stored on ${hold.hosts.join(', ')})`);
  }
  if (heldBefore.length > 0) return ['the hold is released'];
  // Neither set nor released, where no host could be asked.
  return hosts.some(({ error }) => error === undefined) ? ['there was no hold to release'] : [];
}

/** `the cluster is held by ada from laptop since 2026-11-26 18:00:00 UTC (exams): …` */
export function renderHolds({ holds = [] }: ReportDocument, style: Style): readonly string[] {
  return holds.flatMap((hold) => {
    const [first = '', ...rest] = wrap(heldWords(hold), { columns: style.columns, first: '', hanging: 2 });
    return [first.replace('held', style.paint.yellow('held')), ...rest];
  });
}

function heldWords({ by, from, reason, since, until }: ReportHold): string {
  const end = until === undefined ? '' : ` until ${utc(until)}`;
  const then = until === undefined ? '' : 'until then, or ';
  return `the cluster is held by ${by} from ${from} since ${utc(since)}${end} (${reason}): ${then}until somebody releases it, nobody can change its hosts`;
}

/** Where hosts had different ones, each with its hosts. */
function setWords({ by, from, reason, since, until, hosts }: ReportHold, several: boolean): string {
  const end = until === undefined ? '' : `, until ${utc(until)}`;
  const where = several ? ` (on ${hosts.join(', ')})` : '';
  return `set by ${by} from ${from} at ${utc(since)}${end}: ${reason}${where}`;
}

/** `2026-11-26 18:00:00 UTC` */
function utc(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')} UTC`;
}
