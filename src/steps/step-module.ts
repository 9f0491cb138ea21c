export type { StepModule } from '../virtual/step-module.ts';
