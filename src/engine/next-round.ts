import { exitStatus } from '../model/result.ts';
import type { ReportDocument } from '../report/document/schema.ts';

/** So often a change goes on whose worker was lost, before somebody has to look into it. */
const mostLosses = 5;

export interface Rounds {
  /** rounds that have ended without an end of the change because their worker was gone, with this one */
  readonly losses: number;
  /** hosts that were put off may be tried again */
  readonly hasTime: boolean;
}

/**
 * What follows a round of a change, by how it ended. `again`: its worker was stopped or killed, and what is
 * left is done by the next one. `later`: hosts were put off. `over`: it is done, has failed, or was aborted.
 */
export function nextRound(document: ReportDocument, { losses, hasTime }: Rounds): 'over' | 'again' | 'later' {
  if (isLost(document)) return losses < mostLosses ? 'again' : 'over';
  return document.summary.exitStatus === exitStatus.deferred && hasTime ? 'later' : 'over';
}

/** Its worker was stopped, or is gone; a run that somebody has aborted stays so. */
export function isLost({ summary, followed, aborted }: ReportDocument): boolean {
  if (aborted !== undefined) return false;
  return summary.interrupted || followed?.phase === 'lost';
}

/** The id of a round's run: the first is the change's own, so that it is found by that. */
export function runOfRound(change: string, round: number): string {
  // Behind a dash alone, a digit would be a stage of the run.
  return round === 1 ? change : `${change}-r${round}`;
}
