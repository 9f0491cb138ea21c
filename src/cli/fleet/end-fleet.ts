import type { FleetDocument } from '../../report/document/fleet-schema.ts';
import type { FleetView } from '../../report/fleet-view.ts';
import type { FleetMeans } from './run-fleet.ts';

/** Shows all clusters at a glance, then each of which there is more to say. */
export function showFleet(document: FleetDocument, view: FleetView): void {
  view.table(document);
  for (const cluster of document.clusters) view.cluster(cluster);
}

/** Ends the command: writes its metrics and reports, and returns the exit status. */
export async function endFleet(
  document: FleetDocument,
  { view, reports, metrics }: Pick<FleetMeans, 'view' | 'reports' | 'metrics'>,
): Promise<number> {
  const measured = (await metrics?.write(document)) ?? document;
  view.end(await reports.write(measured, view));
  return measured.summary.exitStatus;
}
