import { endingOf } from '../../host/ending.ts';
import { RunLog } from '../../host/run-log.ts';
import { hasEnded } from '../../host/run-state.ts';
import type { Problem } from '../../model/operator-error.ts';
import { emptyPlan } from '../../model/plan.ts';
import type { HostResult, RunResult } from '../../model/result.ts';
import type { AgreedHost } from '../../plan/saved/agreement.ts';
import { statusOfState } from '../apply-stage.ts';
import { abortedBy, type RunPhase, type SeenOnHost, type SeenRun } from './seen-run.ts';

/** What the words of a result need besides the run. */
export interface TellingOptions {
  /** the command that tells it, as the report names it */
  readonly command: string;
  /** the inventory, as the operator names it */
  readonly file: string;
}

/**
 * How a run ended on its hosts: by its controller's word, as far as it was recorded, else by what the hosts
 * themselves know.
 */
export function resultOfRun(seen: SeenRun, phase: RunPhase, options: TellingOptions): RunResult {
  const { agreement, outcome } = seen;
  const aborted = abortedBy(seen);
  return {
    command: options.command,
    run: agreement.run,
    hosts: agreement.hosts.map((agreed) => resultOnHost(agreed, seen, phase, options)),
    warnings: outcome?.warnings ?? [],
    interrupted: outcome?.interrupted ?? (aborted !== undefined && phase === 'lost'),
    aborted,
  };
}

function resultOnHost(
  agreed: AgreedHost,
  { agreement, outcome, hosts }: SeenRun,
  phase: RunPhase,
  { file }: TellingOptions,
): HostResult {
  const seen = hosts.find(({ host }) => host.name === agreed.host);
  const told = outcome?.hosts.find(({ host }) => host === agreed.host);
  const stages = seen?.known?.stages ?? [];
  // Its controller could not ask for the end any more, or left the host to itself; by now it may be known.
  const isOpen = told?.status === 'unknown' || told?.status === 'queued';
  const isBetterKnown = isOpen && hasEnded(stages.at(-1)?.state ?? '');
  if (told !== undefined && !isBetterKnown) {
    const { status, problem, ran, warnings, durationMs } = told;
    return {
      plan: emptyPlan({ name: agreed.host, role: agreed.role }),
      ...{ status, ran, warnings, durationMs },
      problem: problem && { ...problem, host: agreed.host },
    };
  }
  const result = (rest: Partial<HostResult> & Pick<HostResult, 'status'>): HostResult => ({
    plan: emptyPlan({ name: agreed.host, role: agreed.role }),
    ...{ ran: [], warnings: [], durationMs: 0, problem: undefined },
    ...rest,
  });
  if (!agreed.due) {
    return result({
      status: agreed.status,
      problem: agreed.problem && { ...agreed.problem, host: agreed.host },
    });
  }
  if (stages.length > 0 && seen !== undefined) {
    return withWhatIsLeft(result(endOfStages(seen)), agreed, { phase, run: agreement.run, file });
  }
  if (seen?.known === undefined) {
    return result({
      status: 'unknown',
      problem: seen?.problem ?? {
        code: 'outcome-unknown',
        message: 'the host was not asked: --limit leaves it out, or the inventory no longer has it',
        next: 'use the inventory with which the run was begun, without --limit',
        host: agreed.host,
      },
    });
  }
  return result({
    status: 'not-started',
    problem: controllerLost(agreed, { phase, run: agreement.run, file }),
  });
}

/** What the host itself has to say of its transactions. */
function endOfStages({
  host,
  known,
}: SeenOnHost): Pick<HostResult, 'status' | 'problem' | 'ran' | 'warnings' | 'durationMs'> {
  const logs = (known?.stages ?? []).map(({ state, log: lines }) => {
    const log = new RunLog();
    for (const line of lines) log.add(line);
    return { state, log };
  });
  const last = logs.at(-1);
  if (last === undefined) throw new Error(`${host.name} has no stage`);
  const common = {
    ran: logs.flatMap(({ log }) => log.started),
    warnings: logs.flatMap(({ log }) => log.warnings),
    durationMs: logs.reduce(
      (sum, { log }) => sum + 1_000 * Math.max(0, (log.stateSince ?? 0) - (log.begunAt ?? 0)),
      0,
    ),
  };
  if (!hasEnded(last.state)) {
    return {
      ...common,
      status: 'open',
      problem: {
        code: 'run-open',
        message: `the run is not finished on this host (its state is ${last.state}), and nobody works on it`,
        next: 'the next apply brings it to its end first; clusterproxy status shows it',
        host: host.name,
      },
    };
  }
  const { state, problem } = endingOf(last.state, last.log);
  const isOwed = state === 'committed' && last.log.owed.length > 0;
  const isAborted = problem?.code === 'aborted';
  return {
    ...common,
    status: isAborted ? 'not-started' : isOwed ? 'owed' : statusOfState[state],
    problem: problem && { ...problem, host: host.name },
  };
}

interface Lost {
  readonly phase: RunPhase;
  readonly run: string;
  readonly file: string;
}

function withWhatIsLeft(result: HostResult, agreed: AgreedHost, lost: Lost): HostResult {
  if (lost.phase !== 'lost' || result.status !== 'changed' || agreed.stages <= 1) return result;
  return {
    ...result,
    status: 'failed',
    problem: controllerLost(agreed, lost, 'not all of its stages were carried out'),
  };
}

function controllerLost(
  { host }: AgreedHost,
  { phase, run, file }: Lost,
  what = 'nothing was done on this host',
): Problem {
  return phase === 'lost'
    ? {
        code: 'controller-lost',
        message: `${what}: the controller of the run is gone, and nobody goes on with it`,
        next: `go on with what is left: clusterproxy resume --inventory ${file} ${run}`,
        host,
      }
    : {
        code: 'not-started',
        message: `${what} so far`,
        next: `follow the run: clusterproxy follow --inventory ${file} ${run}`,
        host,
      };
}
