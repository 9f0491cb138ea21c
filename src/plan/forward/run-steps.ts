import { FormatError } from '../../formats/format-error.ts';
import type { AcceptedNow, DriftPolicy } from '../../model/accepted.ts';
import type { PlannedAction } from '../../model/action.ts';
import type { InTurns } from '../../model/in-turns.ts';
import { OperatorError } from '../../model/operator-error.ts';
import { heard } from '../../secrets/showable.ts';
import { SetUpByHand } from '../../steps/shared/existing-set-up.ts';
import type { StepModule } from '../../steps/step-module.ts';
import type { EditedText, Found, Managed } from '../../virtual/managed.ts';
import { NotYetKnown } from '../../virtual/not-yet-known.ts';
import { StepHost } from '../../virtual/step-host.ts';
import type { VirtualHost } from '../../virtual/virtual-host.ts';
import { itemId, itemName } from '../items.ts';
import { type LeftPath, leaveAsIs } from './left-as-is.ts';

/** A step with everything filled in, ready to run on a virtual host. */
export interface WantedStep {
  readonly id: string;
  readonly module: StepModule;
  readonly parameters: unknown;
  /** ids of handlers */
  readonly notify: readonly string[];
  /** accounts that may own the folders of its files, or write in them: USER, USER:GROUP or :GROUP */
  readonly folderOf?: readonly string[] | undefined;
  /** number of its stage, from 1; undefined: the first */
  readonly stage?: number | undefined;
  /** what it does where a thing is no longer as last written; undefined: `fix` */
  readonly onDrift?: DriftPolicy | undefined;
}

/** Why a step can't be planned before a stage has been carried out. */
export interface Later {
  /** name of the stage */
  readonly after: string;
  /** what it will write; undefined if that isn't known either */
  readonly paths: readonly string[] | undefined;
}

/** What one step did to a virtual host. */
export interface StepTrace {
  readonly step: string;
  readonly changed: boolean;
  /** paths that it set, changed or not */
  readonly paths: readonly string[];
  readonly managed: readonly Managed[];
  readonly found: ReadonlyMap<Managed, Found>;
  /** paths where it has taken away whatever an earlier run managed */
  readonly released: ReadonlySet<string>;
  readonly editedTexts: ReadonlyMap<Managed, EditedText>;
  /** it took over what was set up by hand */
  readonly adopted: boolean;
  /** what it would change, and what stays as it is */
  readonly left: readonly LeftPath[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  /** what people lose here of hosts that aren't part of the cluster any more; in words */
  readonly drops: readonly string[];
  readonly notify: readonly string[];
  /** accounts besides root in whose folders its paths may be */
  readonly folderOf: readonly string[];
  readonly actions: readonly PlannedAction[];
  /** it did nothing, because what it needs to know isn't known yet */
  readonly later: Later | undefined;
}

/**
 * Run the steps in order on a virtual host. Throws an OperatorError that names the step; what was set up by
 * hand is looked for by all steps first, so that an operator who decides about it knows of all of it.
 */
export function* runSteps(
  host: VirtualHost,
  steps: readonly WantedStep[],
  accepted: readonly AcceptedNow[] = [],
): InTurns<readonly StepTrace[]> {
  const byHand: SetUpByHand[] = [];
  const traces: StepTrace[] = [];
  for (const step of steps) {
    try {
      traces.push(yield* runStep(host, step, accepted));
    } catch (error) {
      if (error instanceof SetUpByHand) byHand.push(error);
      // After a step that hasn't done its part, anything else may be its consequence.
      else if (byHand.length === 0) throw error;
    }
    yield;
  }
  const [first, ...more] = byHand;
  if (first === undefined) return traces;
  const { host: name = '', step } = first.problem;
  const found = [...new Set(byHand.flatMap((one) => one.found))];
  throw new SetUpByHand(found, { host: name, ...(more.length === 0 ? { step } : {}) });
}

function* runStep(host: VirtualHost, step: WantedStep, accepted: readonly AcceptedNow[]): InTurns<StepTrace> {
  const view = new StepHost(host, step.id);
  try {
    const { module } = step;
    if (module.applyInTurns === undefined) module.apply(view, step.parameters as never);
    else yield* module.applyInTurns(view, step.parameters as never);
  } catch (error) {
    const later = laterOf(error, view, step);
    if (later === undefined && !(error instanceof SetUpByHand)) throw named(error, host, step);
    view.undo();
    if (later === undefined) throw error;
    return { ...traceOf(view, step.notify, step.folderOf), later };
  }
  const left = leaveAsIs(host, view, { accepted, onDrift: step.onDrift ?? 'fix' });
  for (const action of view.actions) host.act(action);
  return { ...traceOf(view, step.notify, step.folderOf), left };
}

/**
 * Whether the step failed for lack of something that an action brings, or may bring: then it is planned after
 * that action has been carried out. Undefined for an error that no action fixes.
 */
function laterOf(error: unknown, view: StepHost, step: WantedStep): Later | undefined {
  if (error instanceof NotYetKnown) return { after: error.after, paths: writtenBy(step, view) };
  const after = view.snapshot.pending?.after;
  if (!(error instanceof OperatorError) || !view.uncertain || after === undefined) return undefined;
  return { after, paths: writtenBy(step, view) };
}

/** What the step's module declares that it writes, or what the step has managed or set so far. */
function writtenBy({ module, parameters }: WantedStep, view: StepHost): readonly string[] | undefined {
  if (module.writes !== undefined) return module.writes(parameters as never);
  const [begun] = [...view.managed.map(({ path }) => path), ...view.edits.keys()];
  return begun === undefined ? undefined : [begun];
}

export function traceOf(
  view: StepHost,
  notify: readonly string[],
  folderOf: readonly string[] = [],
): StepTrace {
  return {
    step: view.step,
    changed: view.changed,
    paths: [...view.edits.keys()],
    managed: [...view.managed],
    found: view.found,
    released: view.released,
    editedTexts: view.editedTexts,
    adopted: view.adopted,
    left: [],
    // The reasons for its warnings may have changed by then; the plan made at that time repeats them if
    // needed.
    warnings: view.uncertain ? [] : view.warnings,
    notes: view.uncertain ? [] : view.notes,
    drops: [...view.drops],
    notify,
    folderOf,
    actions: [...view.actions],
    later: undefined,
  };
}

function named(error: unknown, host: VirtualHost, step: WantedStep): unknown {
  if (error instanceof OperatorError) {
    const { problem } = error;
    const message = step.module.file === undefined ? problem.message : heard(problem.message);
    return new OperatorError({ host: host.snapshot.host, step: step.id, ...problem, message });
  }
  if (error instanceof FormatError) {
    return new OperatorError({
      code: 'file-not-understood',
      message: heard(error.message),
      next: 'fix the file on the host by hand, or leave the step out; nothing was changed',
      host: host.snapshot.host,
      step: step.id,
    });
  }
  if (step.module.file === undefined) return error;
  return new OperatorError({
    code: 'module-failed',
    message: `the step module ${step.module.name} failed: ${heard(error instanceof Error ? error.message : String(error))}`,
    next: `fix ${step.module.file}; nothing was changed`,
    host: host.snapshot.host,
    step: step.id,
    detail: error instanceof Error ? error.stack : undefined,
  });
}

/** Two steps that own the same thing would undo each other forever. */
export function refuseTwoOwners(host: VirtualHost, traces: readonly StepTrace[]): void {
  const owners = new Map<string, string>();
  for (const trace of traces) {
    for (const item of trace.managed) {
      const owner = owners.get(itemId(item));
      if (owner !== undefined && owner !== trace.step) {
        throw new OperatorError({
          code: 'two-owners',
          message: `the steps ${owner} and ${trace.step} both set ${itemName(item)}`,
          next: 'remove it from one of the two steps of the playbook',
          host: host.snapshot.host,
          step: trace.step,
        });
      }
      owners.set(itemId(item), trace.step);
    }
  }
}

/** Ids of the things that stay as they are, although a step would change them. */
export function leftIds(traces: readonly StepTrace[]): ReadonlySet<string> {
  return new Set(traces.flatMap(({ left }) => left.flatMap(({ items }) => items.map(itemId))));
}
