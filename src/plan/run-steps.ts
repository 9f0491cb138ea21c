import { FormatError } from '../formats/format-error.ts';
import { OperatorError } from '../model/operator-error.ts';
import { type Found, type Managed, StepHost } from '../model/step-host.ts';
import type { VirtualHost } from '../model/virtual-host.ts';
import type { StepModule } from '../steps/step-module.ts';
import { itemId, itemName } from './items.ts';

/** A step with everything filled in, ready to be run on a virtual host. */
export interface WantedStep {
  readonly id: string;
  readonly module: StepModule;
  readonly parameters: unknown;
  /** ids of handlers */
  readonly notify: readonly string[];
}

/** What one step did to a virtual host. */
export interface StepTrace {
  readonly step: string;
  readonly changed: boolean;
  /** paths that it set, changed or not */
  readonly paths: readonly string[];
  readonly managed: readonly Managed[];
  readonly found: ReadonlyMap<Managed, Found>;
  /** it brought over what was set up by hand */
  readonly adopted: boolean;
  readonly warnings: readonly string[];
  readonly notify: readonly string[];
}

/** Run the steps in order on a virtual host. Throws an OperatorError that names the step. */
export function runSteps(host: VirtualHost, steps: readonly WantedStep[]): readonly StepTrace[] {
  const traces = steps.map((step) => runStep(host, step));
  refuseTwoOwners(host, traces);
  return traces;
}

function runStep(host: VirtualHost, step: WantedStep): StepTrace {
  const view = new StepHost(host, step.id);
  try {
    step.module.apply(view, step.parameters as never);
  } catch (error) {
    throw named(error, host, step);
  }
  return traceOf(view, step.notify);
}

export function traceOf(view: StepHost, notify: readonly string[]): StepTrace {
  return {
    step: view.step,
    changed: view.changed,
    paths: [...view.edits.keys()],
    managed: view.managed,
    found: view.found,
    adopted: view.adopted,
    warnings: view.warnings,
    notify,
  };
}

function named(error: unknown, host: VirtualHost, step: WantedStep): unknown {
  if (error instanceof OperatorError) {
    return new OperatorError({ host: host.snapshot.host, step: step.id, ...error.problem });
  }
  if (error instanceof FormatError) {
    const place = error.line === undefined ? '' : ` (line ${error.line})`;
    return new OperatorError({
      code: 'file-not-understood',
      message: `${error.message}${place}`,
      next: 'mend the file on the host by hand, or leave the step out; nothing was changed',
      host: host.snapshot.host,
      step: step.id,
    });
  }
  return error;
}

/** Two steps that own one thing would undo each other for ever. */
function refuseTwoOwners(host: VirtualHost, traces: readonly StepTrace[]): void {
  const owners = new Map<string, string>();
  for (const trace of traces) {
    for (const item of trace.managed) {
      const owner = owners.get(itemId(item));
      if (owner !== undefined && owner !== trace.step) {
        throw new OperatorError({
          code: 'two-owners',
          message: `the steps ${owner} and ${trace.step} both set ${itemName(item)}`,
          next: 'take it out of one of the two steps of the playbook',
          host: host.snapshot.host,
          step: trace.step,
        });
      }
      owners.set(itemId(item), trace.step);
    }
  }
}
