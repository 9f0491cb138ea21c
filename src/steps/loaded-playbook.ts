import type { Playbook } from '../model/playbook.ts';
import type { StepModule } from './step-module.ts';

/** A playbook that can be carried out: its contents, and the code that its steps name. */
export interface LoadedPlaybook extends Playbook {
  /** the step modules that its steps can use, by name */
  readonly modules: ReadonlyMap<string, StepModule>;
}
