import type { CrossCheck, PlannedHost } from '../../steps/cross-check.ts';
import type { LoadedPlaybook } from '../../steps/loaded-playbook.ts';
import type { Evaluation } from './evaluate.ts';

/** The checks that a playbook asks for, of those that its step modules bring. */
export function crossChecksOf({
  crossChecks,
  modules,
}: Pick<LoadedPlaybook, 'crossChecks' | 'modules'>): readonly CrossCheck[] {
  const brought = [...modules.values()].flatMap(({ crossCheck }) => crossCheck ?? []);
  return crossChecks.flatMap((name) => brought.find((one) => one.name === name) ?? []);
}

/** What a cross-check sees of a host. */
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
