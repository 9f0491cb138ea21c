import type { FleetCluster, FleetDocument } from './document/fleet-schema.ts';
import type { View } from './view.ts';

/** How a command over many clusters is shown: the only thing that it talks to. */
export interface FleetView {
  /** a stage begins in which so many clusters are worked on */
  stage(clusters: number): void;
  /** a cluster's command begins; who watches that */
  begin(name: string): View;
  /** it has ended */
  ended(name: string, cluster: Pick<FleetCluster, 'document'>): void;
  /** the stage is over */
  endStage(): void;
  /** a cluster as its own command would show it, below its name */
  cluster(cluster: FleetCluster): void;
  /** all clusters at a glance */
  table(document: FleetDocument): void;
  /** all of it, once the command has ended */
  end(document: FleetDocument): void;
  /** a sentence for the person in front of the terminal, and not among the results */
  message(text: string): void;
}
