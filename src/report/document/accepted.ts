import { type Accepted, acceptedAt, type LeftAsIs } from '../../model/accepted.ts';
import { unitOfPath } from '../../model/snapshot.ts';
import { showableLine } from '../../secrets/showable.ts';
import { authorDocument } from './author.ts';
import { diffText } from './diff.ts';
import { cleanName } from './harmless.ts';
import type { ReportDocument, ReportHost } from './schema.ts';

/** What `accept` tells. */
export interface AcceptedTold {
  readonly what: 'list' | 'accepted' | 'ended';
  readonly entries: readonly Accepted[];
}

export function acceptedDocument(told: AcceptedTold | undefined): Pick<ReportDocument, 'accepted'> {
  if (told === undefined) return {};
  const entries = acceptedAt(told.entries, Date.now()).map(({ host, path, key, ended, ...rest }) => ({
    ...{ host: cleanName(host), path: cleanName(path) },
    ...(key === undefined ? {} : { key: showableLine(key) }),
    ...acceptance(rest),
    ...(ended ? { ended: true as const } : {}),
  }));
  return { accepted: { what: told.what, entries } };
}

/** What differs on a host and stays as it is. `offset`: see authorDocument. */
export function leftDocument(left: readonly LeftAsIs[] = [], offset = 0): Pick<ReportHost, 'left'> {
  if (left.length === 0) return {};
  return {
    left: left.map(({ step, items, change, handlers, author }) => ({
      step: cleanName(step),
      path: cleanName(unitOfPath(change.path) ?? change.path),
      items: items.map((item) => ({
        ...(item.key.length === 0 ? {} : { key: showableLine(item.key.join('.')) }),
        because: item.because,
        ...(item.accepted === undefined ? {} : { accepted: acceptance(item.accepted) }),
      })),
      diff: diffText(change),
      handlers: handlers.map(cleanName),
      ...authorDocument(author, offset),
    })),
  };
}

function acceptance({ who, reason, since, until }: Pick<Accepted, 'who' | 'reason' | 'since' | 'until'>) {
  return { who: showableLine(who), reason: showableLine(reason), since, until };
}
