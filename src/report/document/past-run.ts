import { cleanLine } from '../../document/clean-text.ts';
import type { PastRun, RunOnHost } from '../../model/history.ts';
import { unitOfPath } from '../../model/snapshot.ts';
import type { UpgradedPackage } from '../../model/upgrade.ts';
import { ownLine, showableLine } from '../../secrets/showable.ts';
import { cleanName } from './harmless.ts';
import { errorDocument } from './problem.ts';
import { queuedDocument } from './queued.ts';
import type { ReportPastRun, ReportRun } from './schema.ts';

/** Who did what, when and from where. */
export function runDocument(run: PastRun): ReportRun {
  return {
    run: cleanLine(run.run),
    command: cleanLine(run.command),
    operator: showableLine(run.operator),
    from: showableLine(run.from),
    version: cleanLine(run.version),
    startedAt: showableLine(run.startedAt),
  };
}

/** A run as the hosts remember it, and what became of it on each of them. */
export function pastRunDocument(run: PastRun): ReportPastRun {
  return {
    ...runDocument(run),
    ...(run.now ? { now: true as const } : {}),
    ...(run.despitePolls ? { despitePolls: true as const } : {}),
    ...(run.undoes === undefined ? {} : { undoes: cleanLine(run.undoes) }),
    ...(run.undoneBy === undefined ? {} : { undoneBy: cleanLine(run.undoneBy) }),
    hosts: run.hosts.map(runOnHostDocument),
  };
}

function runOnHostDocument(host: RunOnHost): ReportPastRun['hosts'][number] {
  const { upgraded = [] } = host;
  return {
    name: cleanName(host.host),
    role: cleanName(host.role),
    state: cleanLine(host.state),
    changes: host.records.flatMap(({ changes, actions = [] }, index) => [
      ...actions.map(({ name, step }) => ({
        path: showableLine(name),
        kind: 'action' as const,
        action: 'create' as const,
        steps: [cleanName(step)],
        stage: index + 1,
      })),
      // A host's record may say anything, whatever its type says.
      ...changes.map(({ path, kind, action, steps }) => ({
        path: cleanName(unitOfPath(path) ?? path),
        kind: cleanName(kind) as typeof kind,
        action: cleanName(action) as typeof action,
        steps: steps.map(cleanName),
        stage: index + 1,
      })),
    ]),
    handlers: host.ran.map(cleanName),
    ...(host.undoneBy === undefined ? {} : { undoneBy: cleanLine(host.undoneBy) }),
    ...(host.problem === undefined || host.state === 'committed'
      ? {}
      : { error: errorDocument(host.problem) }),
    warnings: host.warnings.map(ownLine),
    ...(host.queued === undefined ? {} : { queued: queuedDocument(host.queued) }),
    ...(upgraded.length === 0 ? {} : { upgraded: upgraded.map(upgradedDocument) }),
    ...(host.durationMs === undefined ? {} : { durationMs: Math.round(host.durationMs) }),
  };
}

/** A package whose version isn't what it was, as its host tells. */
export function upgradedDocument({ name, before, after }: UpgradedPackage): UpgradedPackage {
  return { name: showableLine(name), before: showableLine(before), after: showableLine(after) };
}
