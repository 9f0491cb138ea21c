import { cleanLine } from '../../document/clean-text.ts';
import type { Aborted } from '../../model/claims.ts';
import { isoOf } from '../../model/claims.ts';
import type { FollowedRun } from '../../model/followed-run.ts';
import { showableLine } from '../../secrets/showable.ts';
import type { ReportAborted, ReportFollowed } from './schema.ts';

/** Whose run it is that was followed. */
export function followedDocument(run: FollowedRun): ReportFollowed {
  return {
    run: cleanLine(run.run),
    command: cleanLine(run.command),
    operator: showableLine(run.by),
    from: showableLine(run.from),
    version: cleanLine(run.version),
    startedAt: showableLine(run.startedAt),
    phase: run.phase,
    ...(run.resumes === undefined ? {} : { resumes: cleanLine(run.resumes) }),
  };
}

/** Who has aborted a run, and when. */
export function abortedDocument({ by, from, since }: Aborted): ReportAborted {
  return { by: showableLine(by), from: showableLine(from), since: isoOf(since) };
}
