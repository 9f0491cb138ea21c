import type { PastRun, RunOnHost } from '../model/history.ts';
import type { SupportRun } from '../model/support-bundle.ts';
import { changeActions, changeKinds, oneOf, recordedCommands, runStates, versionIn } from './closed-lists.ts';
import { type KnownCodes, knownCode } from './error-part.ts';
import { runOf } from './host-part.ts';
import type { Words } from './words.ts';

/** A run as hosts remember it. A host's record may say anything, whatever its type says. */
export function runPart(run: PastRun, words: Words, codes: KnownCodes): SupportRun {
  return {
    run: runOf(run.run, words),
    command: oneOf(recordedCommands, run.command),
    version: versionIn(run.version),
    operator: words.unknown('user', run.operator),
    from: words.unknown('machine', run.from),
    undoes: run.undoes === undefined ? undefined : runOf(run.undoes, words),
    undoneBy: run.undoneBy === undefined ? undefined : runOf(run.undoneBy, words),
    hosts: run.hosts.map((host) => onHost(host, words, codes)),
  };
}

function onHost(host: RunOnHost, words: Words, codes: KnownCodes): SupportRun['hosts'][number] {
  return {
    host: words.host(host.host),
    role: words.name(host.role),
    state: oneOf(runStates, host.state),
    changes: host.records.flatMap(({ changes }) =>
      changes.map(({ path, kind, action, steps }) => ({
        path: words.path(path),
        kind: oneOf(changeKinds, kind),
        action: oneOf(changeActions, action),
        steps: steps.map((step) => words.name(step)),
      })),
    ),
    handlers: host.ran.map((handler) => words.name(handler)),
    error: host.problem === undefined ? undefined : knownCode(host.problem.code, codes),
    warnings: host.warnings.length,
    seconds: host.durationMs === undefined ? undefined : Math.round(host.durationMs / 1000),
  };
}
