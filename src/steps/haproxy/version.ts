import type { Query } from '../../model/reads.ts';
import type { StepHost } from '../../virtual/step-host.ts';

/** Asks which HAProxy is installed. */
export const askVersion: Query = { kind: 'command', args: ['haproxy', '-v'] };

/** The first that knows `pathq` and the rest of what is written; see renderHaproxy. */
const least = [2, 2] as const;

/** Refuse a HAProxy that is too old for the file. One that a package will bring isn't known yet. */
export function checkVersion(host: StepHost): void {
  const answer = host.answer(askVersion);
  // Up to 2.3 it calls itself HA-Proxy.
  const [, major, minor] = /^HA-?Proxy version (\d+)\.(\d+)/m.exec(answer?.output ?? '') ?? [];
  if (answer?.status !== 0 || major === undefined || minor === undefined) return;
  if (Number(major) > least[0] || (Number(major) === least[0] && Number(minor) >= least[1])) return;
  throw host.problem(
    'haproxy-too-old',
    `HAProxy ${major}.${minor} is installed here, and the configuration needs ${least.join('.')} or later`,
    `install a newer HAProxy on ${host.snapshot.host}, from the distribution's backports or by an upgrade of the distribution, then plan again`,
  );
}
