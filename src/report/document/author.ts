import { cleanLine } from '../../document/clean-text.ts';
import type { Author } from '../../model/author.ts';
import { ownLine } from '../../secrets/showable.ts';
import { cleanName } from './harmless.ts';
import type { ReportChange } from './schema.ts';

/**
 * Who changed something. `offset`: seconds by which the host's clock is ahead of ours, by which times are
 * told. What hosts say is cleaned where it is read, and once more here.
 */
export function authorDocument(author: Author | undefined, offset: number): Pick<ReportChange, 'author'> {
  if (author === undefined) return {};
  const { kind, name, version, at, clock, evidence } = author;
  return {
    author: {
      kind,
      ...(name === undefined ? {} : { name: cleanName(name) }),
      ...(version === undefined ? {} : { version: cleanName(version) }),
      ...(at === undefined ? {} : { at: new Date(Math.round(at - offset) * 1000).toISOString() }),
      ...(clock === undefined ? {} : { clock: cleanLine(clock) }),
      evidence: ownLine(evidence),
    },
  };
}
