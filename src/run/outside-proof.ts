import { setTimeout as sleep } from 'node:timers/promises';
import type { DecidingCheck } from '../model/deciding-check.ts';
import type { Problem } from '../model/operator-error.ts';
import { isForBrowser } from '../model/outside-check.ts';
import type { HostPlan, Stage } from '../model/plan.ts';
import type { HostResult } from '../model/result.ts';
import { heard } from '../secrets/showable.ts';
import { askCheck, isAsked, notAsked } from '../verify/ask.ts';
import { inBatches } from '../verify/browser/batches.ts';
import {
  type AskedBefore,
  askAfter,
  askBefore,
  isProved,
  type Judged,
  type Questioner,
  unaskedBefore,
} from '../verify/deciding.ts';
import { regardlessOfTime } from '../verify/judge-certificate.ts';
import type { DecidingChecks } from './deciding-checks.ts';
import type { ApplyOptions } from './options.ts';
import { nothingAsked, proofProblem, proofWarnings } from './proof-words.ts';
import { questionLimits } from './question-limits.ts';

/** How one host's change is proved from outside. */
export interface Proof {
  /** why the host must not be changed: nothing could be proved afterwards */
  readonly refusal: Problem | undefined;
  /** asks until everything passes, or the host that waits so many seconds must be told */
  readonly confirm: (seconds: number) => Promise<boolean>;
  /** a handler was put off because people are there */
  readonly owed: (handler: string) => void;
  /** the result with what came of the checks; nothing is asked any more */
  readonly end: (result: HostResult) => HostResult;
}

/** Asks before a stage of a host is carried out. Undefined if checks from outside don't decide. */
export type Prove = (plan: HostPlan, stage: Stage) => Promise<Proof | undefined>;

/** How this program proves what a run does, host by host. */
export function outsideProofs(options: ApplyOptions, deciding: DecidingChecks | undefined): Prove {
  const { asking, confirm, leave } = options;
  if (confirm === 'host' || asking === undefined || deciding === undefined) return async () => undefined;
  const limit = questionLimits();
  const inBrowser = asking.browser && inBatches(asking.browser);
  const askingUntil =
    (signal: AbortSignal): Questioner['ask'] =>
    async ({ check, ...whose }) => {
      if (isForBrowser(check)) {
        return inBrowser?.({ ...whose, check, signal }) ?? notAsked('no browser is asked');
      }
      if (!isAsked(check)) return notAsked('it is asked in a meeting');
      const asked = await limit(check.question, () => askCheck(check, { ...asking, signal: leave }));
      return regardlessOfTime(asked, asking.now());
    };
  return async (plan, stage) => {
    const checks = deciding(plan, stage, confirm);
    const ended = new AbortController();
    const signal = AbortSignal.any([leave, ended.signal]);
    const ask = askingUntil(signal);
    const pause = (milliseconds: number) =>
      sleep(Math.max(0, milliseconds), undefined, { signal }).catch(() => undefined);
    if (checks.length > 0) {
      const detail = 'asking from outside what passes before the change';
      options.progress({ kind: 'host', host: plan.host, phase: 'checking', detail });
    }
    // Nobody waits for the browser yet, so an interrupt closes it.
    const beforehand = askingUntil(AbortSignal.any([signal, options.signal]));
    const before = await askBefore(checks, { ask: beforehand, pause });
    return new HostProof({ plan, checks, before, ask, pause, ended, progress: options.progress });
  };
}

interface Given extends Questioner {
  readonly plan: HostPlan;
  readonly checks: readonly DecidingCheck[];
  readonly before: AskedBefore;
  readonly ended: AbortController;
  readonly progress: ApplyOptions['progress'];
}

class HostProof implements Proof {
  readonly #given: Given;
  readonly #owed: string[] = [];
  #judged: readonly Judged[] | undefined;
  #told = '';

  constructor(given: Given) {
    this.#given = given;
  }

  get refusal(): Problem | undefined {
    const { before, plan } = this.#given;
    const unasked = unaskedBefore(before);
    return unasked && nothingAsked(plan.host, unasked);
  }

  readonly confirm = async (seconds: number): Promise<boolean> => {
    const { checks, before, ask, pause } = this.#given;
    // The word takes a new connection to the host.
    const reserve = Math.min(15, seconds / 2) * 1_000;
    const judged = await askAfter(checks, before, {
      ask,
      pause,
      reached: pause(seconds * 1_000 - reserve),
      last: pause(seconds * 1_000 - (reserve * 2) / 3),
      onWaiting: (failing) => this.#tell(failing),
    });
    if (this.#given.ended.signal.aborted) return false;
    this.#judged = judged;
    return isProved(judged);
  };

  readonly owed = (handler: string): void => {
    this.#owed.push(handler);
  };

  readonly end = (result: HostResult): HostResult => {
    this.#given.ended.abort();
    const judged = this.#judged;
    if (judged === undefined) return result;
    const deciding = judged.map(({ host, id, title, always, outcome }) => {
      return { host, id, title, always, outcome };
    });
    const { problem, warnings } = result;
    return {
      ...result,
      deciding,
      problem: isProved(judged)
        ? problem
        : proofProblem(judged, { result, owed: this.#owed, host: this.#given.plan.host }),
      warnings: [...warnings, ...proofWarnings(judged, this.#given.plan.host)],
    };
  };

  #tell(failing: readonly Judged[]): void {
    const words = failing.map(({ id, asked }) => `${id} (${heard(asked?.found ?? '')})`).join(', ');
    if (words === '' || words === this.#told) return;
    this.#told = words;
    const { progress, plan } = this.#given;
    const detail = `not everything passes from outside yet: ${words}`;
    progress({ kind: 'host', host: plan.host, phase: 'checking', detail });
  }
}
