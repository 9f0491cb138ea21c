import { scryptSync } from 'node:crypto';
import { type ClusterPlan, stagesOf } from '../../model/plan.ts';
import { stateFingerprint } from '../record.ts';

/**
 * Fingerprints of whatever contains a secret in a plan, one for each change. They must not be stored as they
 * are.
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

/** 64 MB and about 200 ms for each guess (scrypt, RFC 7914); used once per plan. */
const cost = { N: 2 ** 16, r: 8, p: 1, maxmem: 2 ** 27 } as const;

/**
 * One hash over all of them, in hex. The hash of a file gives away a short password in it, since anyone who
 * knows the rest of the file can try all passwords. So this hash is salted and made slow.
 */
export function slowHashOf(states: readonly string[], salt: string): string {
  return scryptSync(states.join('\n'), salt, 32, cost).toString('hex');
}
