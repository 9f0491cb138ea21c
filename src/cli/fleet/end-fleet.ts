import type { FleetDocument } from '../../report/document/fleet-schema.ts';
import type { FleetView } from '../../report/fleet-view.ts';

/** Shows all clusters at a glance, then each of which there is more to say. */
export function showFleet(document: FleetDocument, view: FleetView): void {
  view.table(document);
  for (const cluster of document.clusters) view.cluster(cluster);
}

/** Ends the command, and returns the exit status. */
export function endFleet(document: FleetDocument, view: FleetView): number {
  view.end(document);
  return document.summary.exitStatus;
}
