export type { StepModule } from '../model/step-module.ts';
