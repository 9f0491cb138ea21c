import { scryptSync } from 'node:crypto';
import { type ClusterPlan, stagesOf } from '../../model/plan.ts';
import { stateFingerprint } from '../record.ts';

/**
 * Fingerprints of what holds a secret in a plan, one for each change: nothing that may be written down as it
 * is.
 */
export function secretStates(plan: ClusterPlan): readonly string[] {
  return plan.hosts.flatMap((host) =>
    stagesOf(host).flatMap(({ changes }) =>
      changes.flatMap(({ path, before, after, secret }) =>
        secret === undefined
          ? []
          : [JSON.stringify([host.host, path, stateFingerprint(before), stateFingerprint(after)])],
      ),
    ),
  );
}

/** 64 MB and some 200 ms for each guess (scrypt, RFC 7914); once a plan. */
const cost = { N: 2 ** 16, r: 8, p: 1, maxmem: 2 ** 27 } as const;

/**
 * One hash over all of them, hex. A hash of a file is as good as a short password that stands in it: whoever
 * knows the rest of the file can try them all. So this one is salted and made to take long.
 */
export function slowHashOf(states: readonly string[], salt: string): string {
  return scryptSync(states.join('\n'), salt, 32, cost).toString('hex');
}
