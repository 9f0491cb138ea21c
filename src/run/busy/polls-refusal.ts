import { spanWords } from '../../calendar/words.ts';
import { durationWords } from '../../model/duration.ts';
import type { Problem } from '../../model/operator-error.ts';
import { type PeopleSession, sumOfPeople, sumWords } from '../../model/people.ts';
import { type HostPlan, isDue } from '../../model/plan.ts';
import type { ApplyOptions } from '../options.ts';
import { presence } from './ask-guards.ts';
import { policyOf } from './policy.ts';
import { patienceOf, type TooSilent, tooSilent } from './polled.ts';
import { hostOf } from './waiting.ts';

export type PollsOptions = Pick<ApplyOptions, 'inventory' | 'whenBusy' | 'queue' | 'despitePolls'>;

/**
 * Why nothing is begun: a balancer that hears nothing of a host for too long ends what goes on there, and
 * people are there whom the run doesn't wait for. Undefined where that can't be, or where the operator has
 * said that it may.
 */
export function pollsRefusal(plans: readonly HostPlan[], options: PollsOptions): Problem | undefined {
  const found = plans
    .filter((plan) => isDue(plan) && mayHavePeople(plan))
    .flatMap((plan) => {
      const silent = tooSilentFor(plan, options);
      const who = silent && notWaitedFor(plan, silent, options);
      return silent === undefined || who === undefined ? [] : [{ plan, silent, who }];
    });
  const [first] = found;
  if (first === undefined) return undefined;
  const others = found.slice(1).map(({ plan }) => plan.host);
  return {
    code: 'balancer-ends-sessions',
    message: [
      `it is not empty (${first.who.words}), and may be silent for up to ${spanOf(first.silent.seconds)} while it is changed, and put back if that fails (${first.silent.during.join(', ')})`,
      `; ${hearsNothing(first.silent.polls)}, ${first.silent.polls.ends}`,
      others.length === 0 ? '' : `; it is the same with ${others.join(', ')}`,
    ].join(''),
    next: nextOf(first.who, first.silent),
    host: first.plan.host,
  };
}

/** The same for those who only plan: people may have left by the time that the plan is carried out. */
export function pollsNotes(plans: readonly HostPlan[], options: PollsOptions): readonly string[] {
  const refusal = pollsRefusal(plans, options);
  if (refusal === undefined) return [];
  return [`${refusal.host}: apply would refuse at this moment (${refusal.code}): ${refusal.message}`];
}

/**
 * Whether the guards of a host are asked although people may be interrupted: the balancer would do more to
 * them than that.
 */
export function asksDespiteForce(plan: HostPlan, options: PollsOptions): boolean {
  return tooSilentFor(plan, options) !== undefined;
}

function tooSilentFor(plan: HostPlan, options: PollsOptions): TooSilent | undefined {
  if (options.despitePolls === true) return undefined;
  return tooSilent(plan, hostOf(plan, options), options);
}

/** By any of its guards. */
function mayHavePeople({ guards }: HostPlan): boolean {
  return guards.some(({ state, ignored = [] }) => state !== 'idle' || ignored.length > 0);
}

interface NotWaitedFor {
  readonly words: string;
  /** because the inventory says so */
  readonly ignored: boolean;
}

/** People on a host who would not keep the run from changing it. */
function notWaitedFor(plan: HostPlan, { guard }: TooSilent, options: PollsOptions): NotWaitedFor | undefined {
  const reports = plan.guards.filter((report) => report.guard === guard);
  const found = presence({ guards: reports });
  if (policyOf(plan.role, options) === 'force' && found.kind !== 'empty') {
    return { words: found.words, ignored: false };
  }
  const ignored = reports.flatMap((report) => report.ignored ?? []).filter(hasPeople);
  if (ignored.length === 0) return undefined;
  const [{ description = guard } = {}] = reports;
  return {
    words: `${description} that are ignored: ${sumWords(ignored.length, { ...sumOfPeople(ignored), oldest: undefined })}`,
    ignored: true,
  };
}

/** One that nobody has ever joined can end without anybody noticing. */
function hasPeople({ participants }: PeopleSession): boolean {
  return participants !== 0;
}

function nextOf({ ignored }: NotWaitedFor, { polls: { pause } }: TooSilent): string {
  const wait = ignored
    ? 'no longer have them ignored, so that the run waits for them'
    : 'let people leave first, such as with --when-busy drain';
  const said = 'add --despite-polls, which is recorded with who said so';
  return pause === ''
    ? `${wait}; or, if that may happen, ${said}`
    : `${wait}; or keep the balancer from that for as long as the run takes (${pause}), and ${said}`;
}

function hearsNothing(polls: TooSilent['polls']): string {
  const patience = patienceOf(polls);
  return patience === 0
    ? 'the first time that it gives no answer'
    : `after ${durationWords(patience)} without an answer`;
}

function spanOf(seconds: number): string {
  return spanWords(seconds * 1_000);
}
