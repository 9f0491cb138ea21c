import type { FollowedRun } from '../model/followed-run.ts';
import type { Problem } from '../model/operator-error.ts';
import { type HostPlan, isDue } from '../model/plan.ts';
import { exitStatus, exitStatusOf, type RunResult } from '../model/result.ts';
import type { Told } from '../report/document/document.ts';
import type { ReportDocument } from '../report/document/schema.ts';
import type { Output } from '../report/output.ts';
import { count } from '../report/shared/prose.ts';
import { renderBeforeQuestion } from '../report/terminal/before-question.ts';
import { wrap } from '../report/terminal/prose.ts';
import { makeStyle, type Style } from '../report/terminal/style.ts';
import { applyRun } from '../run/apply-run.ts';
import { hasGuards, presence } from '../run/busy/ask-guards.ts';
import { drainRefusal } from '../run/busy/drain-refusal.ts';
import { policyOf } from '../run/busy/policy.ts';
import { pollsRefusal } from '../run/busy/polls-refusal.ts';
import { heldProblem, holdsIn } from '../run/claims/held.ts';
import { refuseLookOnly } from '../run/look-only.ts';
import type { ApplyOptions } from '../run/options.ts';
import type { PlannedRun } from '../run/planner.ts';
import { putOffNow } from '../run/put-off.ts';
import { isLater } from '../run/queue/later.ts';
import { queueRefusal } from '../run/queue/queue-refusal.ts';
import { withQueues } from '../run/queue/report.ts';
import { resultOfPlan, withDeciding } from '../run/result-of-plan.ts';
import { rolloutOf } from '../run/rollout.ts';
import { newRunId } from '../run/run-id.ts';
import { waveRefusal } from '../run/wave-refusal.ts';
import { isLate, withWindows } from '../run/windows/report.ts';
import { askFirst, whyNotAsked } from './ask-first.ts';
import { refusedByDay, saidFirst } from './by-day.ts';
import { judge, policiesOf } from './policies.ts';
import type { Session } from './session.ts';
import { endVerified } from './verify-after.ts';
import { tellWhatIsLeft } from './what-is-left.ts';

export interface CarryOutOptions extends ApplyOptions {
  /** the operator has agreed already */
  readonly yes: boolean;
  /** stop after the plan */
  readonly dryRun: boolean;
  /** why this plan may not be carried out */
  readonly refusal: Problem | undefined;
  /** programs that have to agree, besides those of the inventory */
  readonly policies?: readonly string[];
  /** ask all checks from outside at the end, as `verify` does */
  readonly verify?: boolean;
  /** how the question begins, before the number of hosts, where it isn't as for every run of the command */
  readonly question?: string | undefined;
  /** of the plan's warnings the one that is said again above the question */
  readonly warning?: string | undefined;
  /** what changes the hosts, where it isn't `applyRun` */
  readonly start?: typeof applyRun;
  /** what follows once the hosts are as planned, also where nothing had to be done to them */
  readonly finish?: (result: RunResult, options: ApplyOptions) => Promise<RunResult>;
  /** of resume: the run with whose rest it goes on */
  readonly followed?: FollowedRun;
}

/** Shows a plan, asks, carries it out, shows what came of it; returns the exit status. */
export async function carryOut(
  given: PlannedRun,
  session: Session,
  options: CarryOutOptions,
): Promise<number> {
  const plan = refuseLookOnly(given.plan);
  const planned = withDeciding(resultOfPlan(plan, options.command), given.planner.deciding, options.confirm);
  const holds = holdsIn(plan);
  const shown = {
    ...{ byHand: plan.byHand, notes: plan.notes, holds },
    ...{
      rollout: withQueues(
        withWindows(rolloutOf(plan.hosts, options), plan.hosts, options),
        plan.hosts,
        options,
      ),
      force: options.whenBusy === 'force',
    },
    ...(options.followed === undefined ? {} : { followed: options.followed }),
  };
  const whereIsPlan = session.environment.output.watch();
  session.show('plan', planned, shown);
  let told: typeof shown & Pick<Told, 'policies'> = shown;
  const stop = (exitStatus: number, ...errors: readonly Problem[]) =>
    session.end(planned, { ...told, exitStatus, errors });

  if (planned.interrupted || session.environment.signal.aborted) return stop(exitStatus.interrupted);
  const refusal =
    options.refusal ??
    drainRefusal(plan.hosts, options) ??
    waveRefusal(plan.hosts, options) ??
    queueRefusal(plan.hosts, options) ??
    pollsRefusal(plan.hosts, options);
  if (refusal !== undefined) return stop(exitStatus.nothingTouched, refusal);
  const due = plan.hosts.filter(isDue);
  if (due.length > 0) {
    const policies = policiesOf(session.inventory, options.policies ?? []);
    const { verdicts, refused } = await judge(session, { result: planned, told, policies });
    if (verdicts.length > 0) told = { ...shown, policies: verdicts };
    if (session.environment.signal.aborted) return stop(exitStatus.interrupted);
    if (refused.length > 0) return stop(exitStatus.nothingTouched, ...refused);
  }
  if (due.length === 0 || options.dryRun) {
    if (due.length > 0) session.message('dry run: nothing was changed');
    const exitStatus = exitStatusOf(planned, { comparing: false });
    if (options.dryRun) return stop(exitStatus);
    if (options.finish === undefined) return endVerified(session, planned, { ...told, exitStatus }, options);
  }
  const held = heldProblem(holds, session.inventory);
  if (held !== undefined) return stop(exitStatus.failed, held);
  if (due.length === 0) return finished(planned, session, told, options);
  // The rollout has just told that these aren't changed, because too many would be out.
  const heldBack = new Set(told.rollout.flatMap((role) => role.held));
  const notHeldBack = due.filter(({ host }) => !heldBack.has(host));
  const queued = notHeldBack.filter((host) => isLater(host, options));
  const able = notHeldBack.filter((host) => !queued.includes(host));
  const refused = options.yes ? refusedByDay(able, options) : undefined;
  if (refused !== undefined) return stop(exitStatus.nothingTouched, refused);
  const first = saidFirst(able, options);
  // Nobody is asked about hosts that are deferred in any case.
  const begun = first === undefined ? able.filter((host) => !isLate(host, options)) : able;
  const hosts = count(begun.length, 'host');
  // Guards are asked anew in the run, and people may have gone by then.
  const busy = putOffNow(begun, told.rollout, (host) => isPutOff(host, options)).length;
  const question = questionOf(options, { begun: begun.length - busy, busy, queued: queued.length });
  const above = [
    ...sumFor(session, {
      ...{ where: whereIsPlan(), warning: options.warning },
      document: () => session.document(planned, told),
    }),
    ...(first === undefined ? [] : asParagraph(first, session)),
  ];
  const answer = await askFirst(session, {
    yes: options.yes || begun.length + queued.length === 0,
    question: [...above, question].join('\n'),
    otherwise: `${hosts} would be changed${queued.length === 0 ? '' : `, and ${count(queued.length, 'host')} queued`}`,
    next: `confirm with --yes${first === undefined ? '' : ' and --now'}, or only show the plan with --dry-run`,
  });
  if (typeof answer !== 'string') return stop(exitStatus.nothingTouched, answer);
  if (answer !== 'yes') {
    session.message('nothing was changed');
    return stop(answer === 'interrupted' ? exitStatus.interrupted : exitStatus.nothingTouched);
  }
  const run = options.identity?.id ?? newRunId();
  const forbidden = await session.hooks?.begin(session.document({ ...planned, run }, told), run);
  if (session.environment.signal.aborted) return stop(exitStatus.interrupted);
  if (forbidden !== undefined && forbidden.length > 0) return stop(exitStatus.nothingTouched, ...forbidden);
  session.environment.phase.changing = true;
  try {
    const own = { ...agreedOn(options, first), freshId: run, hostEnded: hostEnds(session, options) };
    const result = await (options.start ?? applyRun)({ ...given, plan }, own);
    return await finished(result, session, told, options);
  } catch (error) {
    await session.hooks?.failed(error);
    throw error;
  }
}

/** People are on a host by the look at it, and it is put off while they are. */
function isPutOff(host: HostPlan, options: CarryOutOptions): boolean {
  const isRefused = policyOf(host.role, options) === 'refuse';
  return isRefused && hasGuards(host) && presence(host).kind !== 'empty';
}

/** Has hooks called for each host that has ended. */
function hostEnds(session: Session, { command }: ApplyOptions): ApplyOptions['hostEnded'] {
  const { hooks } = session;
  if (hooks === undefined) return undefined;
  return (host, run) => {
    const { plan, status } = host;
    const alone = { command, run, hosts: [host], warnings: [], interrupted: false };
    hooks.hostEnded({ run, host: plan.host, status, document: () => session.document(alone, {}) });
  };
}

async function finished(
  run: RunResult,
  session: Session,
  told: Told,
  options: CarryOutOptions,
): Promise<number> {
  const result = (await options.finish?.(run, options)) ?? run;
  session.show('result', result, told);
  const { id, options: resumable } = options.identity ?? {};
  if (id !== undefined && resumable !== undefined && result.run !== undefined) {
    tellWhatIsLeft(result, { run: id, aborted: result.aborted !== undefined }, session);
  }
  const exitStatus = exitStatusOf(result, { comparing: false });
  return endVerified(session, result, { ...told, exitStatus }, options);
}

/** In lines that fit the terminal on which somebody is asked. */
function asParagraph(text: string, session: Session): readonly string[] {
  return wrap(text, { columns: styleOf(session).columns, first: '', hanging: 2 });
}

/** What a plan comes to, for somebody who doesn't see it any more. */
function sumFor(
  session: Session,
  {
    where,
    warning,
    document,
  }: {
    readonly where: ReturnType<ReturnType<Output['watch']>>;
    readonly warning: string | undefined;
    document(): ReportDocument;
  },
): readonly string[] {
  if (where === 'in-sight' || whyNotAsked(session) !== undefined) return [];
  return renderBeforeQuestion(document(), styleOf(session), { isElsewhere: where === 'elsewhere', warning });
}

function styleOf({ environment: { output } }: Session): Style {
  return makeStyle({ columns: output.messages.columns, color: false, verbose: false });
}

/** A yes on a terminal, after it was said what that means at this time, is as good as --now. */
function agreedOn(options: CarryOutOptions, said: string | undefined): CarryOutOptions {
  if (said === undefined || options.yes || options.window === undefined) return options;
  const queue = options.queue && { ...options.queue, window: options.window };
  return { ...options, window: { ...options.window, regardless: true }, queue };
}

/** `Apply these changes to 2 hosts, and queue 1 host?` */
function questionOf(
  { command, question }: Pick<CarryOutOptions, 'command' | 'question'>,
  { begun, busy, queued }: { readonly begun: number; readonly busy: number; readonly queued: number },
): string {
  const later = count(queued, 'host');
  if (begun + busy === 0 && queued > 0) return `Queue these changes on ${later}?`;
  const empty = 'if nobody is there by then';
  const number =
    begun === 0 && busy > 0
      ? `${count(busy, 'host')} ${empty}`
      : `${count(begun, 'host')}${busy === 0 ? '' : `, and ${busy} more ${empty}`}`;
  const hosts = `${question ?? verbs[command] ?? 'Apply these changes to'} ${number}`;
  return `${hosts}${queued === 0 ? '' : `, and queue them on ${later}`}?`;
}

const verbs: Readonly<Record<string, string>> = {
  rollback: 'Roll back',
  reboot: 'Restart',
  upgrade: 'Upgrade',
  retire: 'Carry this out on',
  join: 'Carry this out on',
  leave: 'Carry this out on',
  uninstall: 'Remove what clusterproxy stores on',
};
