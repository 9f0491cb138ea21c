import { cleanLine } from '../../document/clean-text.ts';
import type { Aborted } from '../../model/claims.ts';
import { isoOf } from '../../model/claims.ts';
import type { FollowedRun } from '../../model/followed-run.ts';
import { showableLine } from '../../secrets/showable.ts';
import type { ReportAborted, ReportDocument, ReportFollowed } from './schema.ts';

/** Whose run it is that was followed, and who has aborted it. */
export function followedDocument(
  run: FollowedRun | undefined,
  aborted: Aborted | undefined,
): Pick<ReportDocument, 'followed' | 'aborted'> {
  return {
    ...(run === undefined ? {} : { followed: followedRun(run) }),
    ...(aborted === undefined ? {} : { aborted: abortedRun(aborted) }),
  };
}

function followedRun(run: FollowedRun): ReportFollowed {
  return {
    run: cleanLine(run.run),
    command: cleanLine(run.command),
    operator: showableLine(run.by),
    from: showableLine(run.from),
    version: cleanLine(run.version),
    startedAt: showableLine(run.startedAt),
    phase: run.phase,
    ...(run.resumes === undefined ? {} : { resumes: cleanLine(run.resumes) }),
    ...(run.resumedBy === undefined ? {} : { resumedBy: cleanLine(run.resumedBy) }),
  };
}

function abortedRun({ by, from, since }: Aborted): ReportAborted {
  return { by: showableLine(by), from: showableLine(from), since: isoOf(since) };
}
