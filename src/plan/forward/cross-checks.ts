import type { CrossCheck, PlannedHost } from '../../steps/cross-check.ts';
import type { LoadedPlaybook } from '../../steps/loaded-playbook.ts';
import type { Evaluation } from './evaluate.ts';

/** Runs the cross-checks that a playbook asks for, out of those that its step modules provide. */
export function crossChecksOf({
  crossChecks,
  modules,
}: Pick<LoadedPlaybook, 'crossChecks' | 'modules'>): readonly CrossCheck[] {
  const brought = [...modules.values()].flatMap(({ crossCheck }) => crossCheck ?? []);
  return crossChecks.flatMap((name) => brought.find((one) => one.name === name) ?? []);
}

/** A host as seen by a cross-check. */
export function plannedHost({ wanted, traces, host }: Evaluation): PlannedHost {
  return {
    host,
    steps: wanted.steps.map(({ id, module, parameters }) => ({
      module: module.name,
      parameters,
      managed: traces.filter(({ step }) => step === id).flatMap(({ managed }) => managed),
    })),
  };
}
