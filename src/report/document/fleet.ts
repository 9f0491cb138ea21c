import type { Problem } from '../../model/operator-error.ts';
import { exitStatus, worstOf } from '../../model/result.ts';
import { ownLine } from '../../secrets/showable.ts';
import type { FleetCluster, FleetDocument } from './fleet-schema.ts';
import { cleanName, type Masker } from './harmless.ts';
import { errorDocument } from './problem.ts';

/** What a command over many clusters tells. */
export interface FleetTold {
  readonly command: string;
  readonly clusters: readonly FleetCluster[];
  readonly warnings: readonly string[];
  readonly errors: readonly Problem[];
  readonly interrupted: boolean;
  /** hosts may have been changed */
  readonly changed: boolean;
}

/** Exit statuses of a cluster that count as its failure; one whose people were left alone has not failed. */
const failures: readonly number[] = [
  exitStatus.nothingTouched,
  exitStatus.failed,
  exitStatus.verifyFailed,
  exitStatus.needsPerson,
  // Of one whose run somebody has aborted; with the fleet itself, no further one begins anyway.
  exitStatus.interrupted,
];

/** Whether a cluster has failed, by how its own command ended. */
export function hasFailed({ document }: Pick<FleetCluster, 'document'>): boolean {
  return failures.includes(document.summary.exitStatus);
}

/** Makes what the clusters' commands have told into one document, in which no cluster's secrets are. */
export function fleetDocument(told: FleetTold, secrets: Masker): FleetDocument {
  const { command, warnings, errors, interrupted } = told;
  const clusters = told.clusters.map((one) => ({
    ...one,
    inventory: cleanName(one.inventory),
    cluster: one.cluster === null ? null : cleanName(one.cluster),
  }));
  return secrets.maskAll({
    ...{ schemaVersion: 1 as const, command, clusters },
    summary: {
      exitStatus: statusOf(told),
      clusters: clusters.length,
      hosts: clusters.reduce((sum, { document }) => sum + document.summary.hosts, 0),
      failed: clusters.filter(hasFailed).length,
      notBegun: clusters.filter(({ turn }) => turn === 'not-begun').length,
      interrupted,
    },
    warnings: warnings.map(ownLine),
    ...(errors.length === 0 ? {} : { errors: errors.map(errorDocument) }),
  });
}

/**
 * The worst of all clusters counts. That nothing was touched is true of the fleet only if it is of all of
 * them: where hosts were changed, a cluster that could not be is one that failed.
 */
function statusOf({ clusters, errors, interrupted, changed }: FleetTold): number {
  const all = clusters.flatMap(({ turn, document }) =>
    turn === 'not-begun' ? [] : [document.summary.exitStatus],
  );
  const worst = worstOf(
    ...all,
    ...(errors.length > 0 ? [exitStatus.nothingTouched] : []),
    ...(interrupted ? [exitStatus.interrupted] : []),
  );
  return changed && worst === exitStatus.nothingTouched ? exitStatus.failed : worst;
}
