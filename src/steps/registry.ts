import type { StepModule } from './step-module.ts';

/** Every step module that a playbook can use. */
const modules: readonly StepModule<unknown>[] = [];

/** The step modules by the word that stands for them in a playbook. */
export const stepModules: ReadonlyMap<string, StepModule> = new Map(
  modules.map((module) => [module.name, module as StepModule]),
);
