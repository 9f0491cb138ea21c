import { nginxPaths } from '../nginx-paths.ts';
import type { CrossCheck } from './plan-cluster.ts';

/** The checks over a whole planned cluster that a playbook can ask for, by name. */
export const crossChecks: ReadonlyMap<string, CrossCheck> = new Map([['nginx-paths', nginxPaths]]);

export function crossChecksOf(names: readonly string[]): readonly CrossCheck[] {
  return names.flatMap((name) => crossChecks.get(name) ?? []);
}
