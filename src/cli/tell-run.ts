import type { FollowedRun } from '../model/followed-run.ts';
import { exitStatus, exitStatusOf, type RunResult, resultWithoutHosts } from '../model/result.ts';
import { notReached, seenRunIfAny } from '../run/again/find-seen-run.ts';
import { followRun, isRunId, phaseNow } from '../run/again/follow-run.ts';
import type { RunIdentity } from '../run/again/identity.ts';
import { resultOfRun } from '../run/again/result-of-run.ts';
import { RunWatch } from '../run/again/run-watch.ts';
import { abortedBy, type RunPhase, resumedBy, type SeenRun } from '../run/again/seen-run.ts';
import { applyRun } from '../run/apply-run.ts';
import { runIdKnown } from '../run/claims/in-the-way.ts';
import type { RunOptions } from '../run/options.ts';
import type { ChangeOptions } from './change-options.ts';
import { type Called, identityOf, runIdTaken } from './run-identity.ts';
import type { Session } from './session.ts';
import { tellWhatIsLeft } from './what-is-left.ts';

/** Whose run it is, for the report. */
export function followedOf(seen: SeenRun, phase: RunPhase): FollowedRun {
  const { run, command, by, from, version, startedAt, resumes } = seen.agreement;
  return { run, command, by, from, version, startedAt, resumes, resumedBy: resumedBy(seen), phase };
}

/** Tells whose run it is that was found, before anything is done about it. */
export function showFollowed(session: Session, command: string, seen: SeenRun): void {
  const before = { ...resultWithoutHosts(command), run: seen.agreement.run, aborted: abortedBy(seen) };
  session.show('followed', before, { followed: followedOf(seen, phaseNow(seen)) });
}

/** Follows a run to its end, and tells how it ended; with the exit status of the run. */
export async function tellRun(
  session: Session,
  found: SeenRun,
  {
    watch,
    command,
    options,
  }: { readonly watch: RunWatch; readonly command: string; readonly options: RunOptions },
): Promise<number> {
  session.environment.phase.interruption = 'it is not followed any longer, and goes on';
  showFollowed(session, command, found);
  const { seen, phase } = await followRun(watch, found, options);
  const later = phase === 'ended' ? resumedBy(seen) : undefined;
  if (later !== undefined) {
    const told = await tellLater(session, { later, first: found.agreement.run }, { command, options });
    if (told !== undefined) return told;
  }
  const result = resultOfRun(seen, phase, { command, file: session.inventory.file });
  const told = { followed: followedOf(seen, phase) };
  if (options.signal.aborted && phase === 'going-on') {
    const { run } = found.agreement;
    const next = `follow it again: clusterproxy follow --inventory ${session.inventory.file} ${run}`;
    const stopped = { code: 'interrupted', message: `the run ${run} goes on`, next };
    return session.end(result, { ...told, exitStatus: exitStatus.interrupted, errors: [stopped] });
  }
  session.show('result', result, told);
  const { run, command: begun, plan } = seen.agreement;
  const aborted = abortedBy(seen) !== undefined;
  if (phase === 'ended' && command === begun && plan !== undefined)
    tellWhatIsLeft(result, { run, aborted }, session);
  return session.end(result, { ...told, exitStatus: exitStatusOf(result, { comparing: false }) });
}

/**
 * Follows the run that went on with the rest of the first, which says what became of all hosts. Undefined if
 * no host remembers it, or it says itself that it is another one.
 */
async function tellLater(
  session: Session,
  { later, first }: { readonly later: string; readonly first: string },
  { command, options }: { readonly command: string; readonly options: RunOptions },
): Promise<number | undefined> {
  if (!isRunId(later)) return undefined;
  const watch = new RunWatch(later, { ...options, limit: [] });
  try {
    const found = seenRunIfAny(later, await watch.first(), session.inventory);
    return found?.agreement.resumes !== first
      ? undefined
      : await tellRun(session, found, { watch, command, options });
  } finally {
    await watch.close();
  }
}

/** How a call is carried out that may have been made before, or the exit status of that. */
export type Once =
  | { readonly told: number }
  | { readonly identity: RunIdentity; readonly start: typeof applyRun };

/**
 * Makes a call repeatable: if an earlier one has begun the run of its id, that is followed, or told how it
 * ended. Throws an OperatorError `run-id-taken` if the id is another call's.
 */
export async function onceOnly(
  session: Session,
  called: Called,
  { options, runOptions }: { readonly options: ChangeOptions; readonly runOptions: RunOptions },
): Promise<Once> {
  const identity = identityOf(called, options, session.inventory, session.environment);
  const first = { command: called.command, options: runOptions };
  const told = options.dryRun ? undefined : await toldBefore(session, identity, first);
  return told === undefined ? { identity, start: startOnce(session, identity) } : { told };
}

/**
 * Whether an earlier call with the same id has begun the run: then it is followed, or told how it ended, with
 * that exit status. Undefined if this call is the first. Throws an OperatorError `run-id-taken` if the id is
 * another call's.
 */
async function toldBefore(
  session: Session,
  { id, call }: RunIdentity,
  { command, options }: { readonly command: string; readonly options: RunOptions },
): Promise<number | undefined> {
  if (id === undefined) return undefined;
  // Whatever this call may change: the run is looked for everywhere.
  const watch = new RunWatch(id, { ...options, limit: [] });
  try {
    const hosts = await watch.first();
    const found = seenRunIfAny(id, hosts, session.inventory);
    if (found !== undefined) {
      refuseOther(found, call);
      return await tellRun(session, found, { watch, command, options });
    }
    const [elsewhere] = hosts.flatMap(({ known }) => known?.elsewhere ?? []);
    if (elsewhere !== undefined) throw runIdTaken(id, `of the cluster ${elsewhere}`);
    if (hosts.some(({ known }) => known === undefined)) {
      session.message(`whether a run ${id} was begun before is not known of all hosts${notReached(hosts)}`);
    }
    return undefined;
  } finally {
    await watch.close();
  }
}

function refuseOther({ agreement }: SeenRun, call: string): void {
  if (agreement.call === call) return;
  const { run, command, by, from, startedAt } = agreement;
  throw runIdTaken(
    run,
    `${command} by ${by} from ${from}, ${startedAt.slice(0, 19).replace('T', ' ')} UTC, with another plan, inventory or options`,
  );
}

/** Begins a run, unless another call with the same id does so at this moment: then that one is followed. */
function startOnce(session: Session, { id, call }: RunIdentity): typeof applyRun {
  return async (planned, options): Promise<RunResult> => {
    const result = await applyRun(planned, options);
    if (id === undefined || !result.hosts.some(({ problem }) => problem?.code === runIdKnown)) return result;
    const watch = new RunWatch(id, { ...options, limit: [] });
    try {
      const found = seenRunIfAny(id, await watch.first(), session.inventory);
      if (found === undefined || found.agreement.call !== call) return result;
      session.message(`another call has just begun the run ${id}; it is followed`);
      const { seen, phase } = await followRun(watch, found, options);
      return resultOfRun(seen, phase, { command: options.command, file: session.inventory.file });
    } finally {
      await watch.close();
    }
  };
}
