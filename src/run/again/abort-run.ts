import { abortOnHost, breakLease } from '../../host/agreement.ts';
import { OperatorError, type Problem } from '../../model/operator-error.ts';
import { exitStatus, type RunResult } from '../../model/result.ts';
import { isOverHere } from '../claims/leases.ts';
import { operatorHere } from '../operator.ts';
import type { RunOptions } from '../options.ts';
import { type Followed, followRun } from './follow-run.ts';
import { onHosts } from './on-hosts.ts';
import { resultOfRun } from './result-of-run.ts';
import type { RunWatch } from './run-watch.ts';
import { type RunPhase, type SeenRun, seenLater, workingHosts } from './seen-run.ts';

/**
 * A controller that is alive has heard by then: it asks every ten seconds (src/run/claims/leases.ts), and its
 * connection may take a while. Milliseconds.
 */
const hearingTime = 45_000;

/** What became of it. */
export interface AbortOutcome {
  readonly result: RunResult;
  readonly exitStatus: number;
  readonly seen: SeenRun;
  readonly phase: RunPhase;
  /** what there is to say to the person in front of the terminal */
  readonly messages: readonly string[];
}

/**
 * Ends a run without breaking anything off: the hosts that are being changed finish, and refuse to begin
 * anything more of it; its controller hears of it and ends as after an interruption. If that is gone, the
 * hosts that it has reserved are free.
 */
export async function abortRun(watch: RunWatch, found: SeenRun, options: RunOptions): Promise<AbortOutcome> {
  const { agreement } = found;
  const due = agreement.hosts.filter((one) => one.due);
  const marks = await onHosts(due, options, async (connection, { machineId }) => {
    const { operator: by, from } = operatorHere();
    const asked = { cluster: agreement.cluster, run: agreement.run, machineId, by, from };
    return (await abortOnHost(connection, asked)) === 'aborted';
  });
  const untold = due.filter((_, index) => typeof marks[index] !== 'boolean').map(({ host }) => host);
  if (untold.length === due.length) throw new OperatorError(nobodyTold(found, marks));
  options.progress({
    kind: 'message',
    text: 'nothing more of it is begun; waiting for its hosts, and for its controller to hear of it',
  });
  // By now they know of it.
  const hosts = found.hosts
    .map(({ host }) => host)
    .filter(({ name }) => due.some(({ host }) => host === name));
  const told = seenLater(found, await watch.again(hosts), undefined);
  const since = Date.now();
  const isSilent = (seen: SeenRun) =>
    !seen.hosts.some(({ known }) => known?.heard) &&
    (Date.now() - since > hearingTime || leasesIn(seen).every((lease) => isOverHere({ lease })));
  const ended = await followRun(watch, told, {
    ...options,
    enough: (seen) => workingHosts(seen.hosts).length === 0 && isSilent(seen),
  });
  return tellEnd(await freed(ended, options), { untold, options });
}

/** With the leases ended of a run whose controller is gone. */
async function freed({ seen, phase }: Followed, options: RunOptions): Promise<Followed> {
  if (phase === 'ended' || options.signal.aborted) return { seen, phase };
  const { cluster, run, hosts } = seen.agreement;
  const due = hosts.filter((one) => one.due);
  await onHosts(due, options, (connection, { machineId }) =>
    breakLease(connection, { cluster, run, machineId }),
  );
  return { seen, phase: 'lost' };
}

interface Ending {
  readonly untold: readonly string[];
  readonly options: RunOptions;
}

function tellEnd({ seen, phase }: Followed, { untold, options }: Ending): AbortOutcome {
  const { file } = options.inventory;
  const { run, drains } = seen.agreement;
  const { operator: by, from } = operatorHere();
  const told = resultOfRun(seen, phase, { command: 'abort', file });
  const result = {
    ...told,
    interrupted: true,
    aborted: told.aborted ?? { by, from, since: Math.floor(Date.now() / 1_000) },
  };
  const gone = `its controller does not answer, so the hosts that it had reserved are free again${drains ? `; hosts that it has left out get people again with: clusterproxy release --inventory ${file} --all` : ''}`;
  const needsPerson = result.hosts.some(({ status }) => status === 'stuck' || status === 'conflict');
  const { needsPerson: person, interrupted, failed, done } = exitStatus;
  return {
    ...{ result, seen, phase },
    exitStatus: needsPerson
      ? person
      : options.signal.aborted
        ? interrupted
        : untold.length > 0
          ? failed
          : done,
    messages: [
      ...(options.signal.aborted
        ? [`the run is aborted; see how it ends with: clusterproxy follow --inventory ${file} ${run}`]
        : phase === 'lost'
          ? [gone]
          : []),
      ...(untold.length > 0
        ? [
            `not told: ${untold.join(', ')}; if the controller is alive and reaches no other host, it may still begin there: run the command again`,
          ]
        : []),
      ...(options.signal.aborted
        ? []
        : [`to go on with what is left: clusterproxy resume --inventory ${file} --aborted ${run}`]),
    ],
  };
}

/** Why a run can't be aborted; what it has queued may still begin. */
export function runEnded({ agreement: { run }, hosts }: SeenRun, file: string): Problem {
  const waiting = hosts
    .filter(({ known }) => known?.stages.some(({ state }) => state === 'queued'))
    .map(({ host }) => host.name);
  if (waiting.length === 0) {
    return {
      code: 'run-ended',
      message: `the run ${run} has ended already; there is nothing to abort`,
      next: `see how it ended: clusterproxy follow --inventory ${file} ${run}`,
    };
  }
  return {
    code: 'run-ended',
    message: `the run ${run} has ended, but what it has queued on ${waiting.join(', ')} still waits there until nobody is there`,
    next: `take that back: clusterproxy withdraw --inventory ${file} ${waiting.join(' ')}`,
  };
}

function leasesIn({ hosts }: SeenRun) {
  return hosts.flatMap(({ known }) => known?.lease ?? []);
}

function nobodyTold({ agreement: { run } }: SeenRun, marks: readonly (boolean | Problem)[]): Problem {
  const [first] = marks.filter((one) => typeof one !== 'boolean');
  return {
    code: 'abort-failed',
    message: `none of the hosts of the run ${run} could be told, so it goes on${first === undefined ? '' : `: ${first.message}`}`,
    next: 'run the command again from where the hosts can be reached; Ctrl-C on the machine of the controller does the same',
  };
}
