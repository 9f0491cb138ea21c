import type { FleetView } from './fleet-view.ts';
import { JsonFleetView } from './json/fleet-view.ts';
import { JsonView } from './json/view.ts';
import type { Output } from './output.ts';
import { TerminalFleetView } from './terminal/fleet-view.ts';
import { TerminalView } from './terminal/view.ts';
import type { View } from './view.ts';

/** What the command line says of how it is to be shown. */
export interface ViewOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  /** no results either, where nothing differs and nothing was done */
  readonly onlyNews?: boolean;
  readonly verbose: boolean;
  /** of a plan no more than what it comes to */
  readonly summary?: boolean;
  /** true: where a terminal takes them */
  readonly color: boolean | 'always';
}

/** The only place that knows which views there are. */
export function chooseView(output: Output, { json, ...options }: ViewOptions): View {
  const terminal = new TerminalView(output, options);
  return json ? new JsonView(output, terminal.aside) : terminal;
}

/** The same for what is told of many clusters. */
export function chooseFleetView(output: Output, { json, ...options }: ViewOptions): FleetView {
  const terminal = new TerminalFleetView(output, options);
  return json ? new JsonFleetView(output, terminal) : terminal;
}
