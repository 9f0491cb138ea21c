import type { ReportChange } from '../document/schema.ts';
import { oneLine } from '../shared/prose.ts';
import type { Style } from './style.ts';

/**
 * Who changed it since the last run: `changed by package bbb-html5 3.0.4, Tuesday 2026-11-24 03:12`. That
 * nobody knows it, with --verbose.
 */
export function authorNotes(
  { author }: { readonly author?: Omit<NonNullable<ReportChange['author']>, 'at'> | undefined },
  { verbose }: Style,
): readonly string[] {
  if (author === undefined) return [];
  const { kind, evidence } = author;
  const name = oneLine(author.name ?? '');
  const when = author.clock === undefined ? '' : `, ${oneLine(author.clock)}`;
  switch (kind) {
    case 'package':
      return [`changed by package ${[name, oneLine(author.version ?? '')].join(' ').trim()}${when}`];
    case 'script':
      return [`changed by the script ${name}${when}`];
    case 'cron':
      return [`changed by a cron job of ${name}${when}`];
    case 'manager':
    case 'person':
      return [`changed by ${name}${when}`];
    case 'unknown':
      return !verbose ? [] : [`changed since the last run${when}; by whom isn't known: ${oneLine(evidence)}`];
  }
}
