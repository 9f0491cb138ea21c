import type { FleetDocument } from '../../report/document/fleet-schema.ts';
import type { FleetView } from '../../report/fleet-view.ts';
import type { FleetMeans } from './run-fleet.ts';

/** Shows all clusters at a glance, then each of which there is more to say. */
export function showFleet(document: FleetDocument, view: FleetView): void {
  view.table(document);
  for (const cluster of document.clusters) view.cluster(cluster);
}

/** Ends the command: writes its reports, and returns the exit status. */
export async function endFleet(
  document: FleetDocument,
  { view, reports }: Pick<FleetMeans, 'view' | 'reports'>,
): Promise<number> {
  view.end(await reports.write(document, view));
  return document.summary.exitStatus;
}
