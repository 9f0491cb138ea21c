import { timeWords } from '../calendar/words.ts';
import type { Problem } from '../model/operator-error.ts';
import type { HostPlan } from '../model/plan.ts';
import { count } from '../report/shared/prose.ts';
import type { ApplyOptions } from '../run/options.ts';
import { interruptsPeople, isLate } from '../run/windows/report.ts';
import { isUsualDay } from '../run/windows/run-window.ts';

type Options = Pick<ApplyOptions, 'window' | 'confirm' | 'confirmTimeout' | 'command'>;

/**
 * What a person has to hear before a yes counts as --now: people are there at this moment, or, of a rollback,
 * no window is open. Undefined where there is nothing to say.
 */
export function saidFirst(plans: readonly HostPlan[], options: Options): string | undefined {
  const { window, command } = options;
  if (window === undefined || window.regardless) return undefined;
  const at = `It is ${timeWords(window.now(), window.zone)} (${window.zone})`;
  if (isUsualDay(window)) {
    const hosts = plans.filter(interruptsPeople);
    return hosts.length === 0 ? undefined : `${at}, and people on ${hostWords(hosts)} would be interrupted.`;
  }
  // In an emergency nobody waits for the night; what was agreed on for that can wait.
  if (command !== 'rollback') return undefined;
  const withoutDeadline = { ...options, window: { ...window, deadline: undefined } };
  const late = plans.filter((plan) => isLate(plan, withoutDeadline));
  return late.length === 0
    ? undefined
    : `${at}, outside a window, and people on ${hostWords(late)} would be interrupted.`;
}

/** Why --yes isn't enough for it; undefined where it is. */
export function refusedByDay(plans: readonly HostPlan[], { window }: Options): Problem | undefined {
  if (window === undefined || !isUsualDay(window)) return undefined;
  const hosts = plans.filter(interruptsPeople);
  if (hosts.length === 0) return undefined;
  return {
    code: 'daytime',
    message: `it is ${timeWords(window.now(), window.zone)} (${window.zone}), and changing ${hostWords(hosts)} interrupts people; on weekdays from 07:00 to 18:00, --yes alone doesn't allow that`,
    next: 'run the command again in the evening, or interrupt people now with --now; `windows:` in the inventory says when they may be interrupted, and `windows: anytime` that it may always be',
  };
}

function hostWords(hosts: readonly HostPlan[]): string {
  const [first] = hosts;
  return hosts.length === 1 && first !== undefined ? first.host : count(hosts.length, 'host');
}
