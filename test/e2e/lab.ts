import { afterAll, beforeAll } from 'vitest';
import { labAvailable } from '../lab/available.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { buildProgram } from './program.ts';

const availability = await labAvailable();
if (!availability.available) console.warn(`Tests on real hosts are skipped: ${availability.reason}`);

export const noLab = !availability.available;

/** A lab for the tests of one file, and the program; hosts are added by the tests. */
export function useLab(): () => Lab {
  let lab: Lab | undefined;
  beforeAll(async () => {
    await buildProgram();
    lab = await startLab([]);
  });
  afterAll(async () => {
    await lab?.destroy();
  });
  return () => {
    if (lab === undefined) throw new Error('the lab has not been started');
    return lab;
  };
}
