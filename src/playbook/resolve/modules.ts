import type { LoadedPlaybook } from '../../steps/loaded-playbook.ts';
import type { StepModule } from '../../steps/step-module.ts';

/** The step module of a loaded playbook's step; loading has checked that there is one. */
export function moduleOf(playbook: LoadedPlaybook, name: string): StepModule {
  const module = playbook.modules.get(name);
  if (module === undefined) throw new Error(`there is no step module ${name}`);
  return module;
}
