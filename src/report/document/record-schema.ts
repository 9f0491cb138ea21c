import { z } from 'zod';

/** An event log of this machine, as `report` lists it. */
export const record = z.object({
  name: z.string().describe('what `clusterproxy report` takes: the id of the run, where there was one'),
  command: z.string(),
  at: z.string().describe('when it began; ISO 8601, UTC'),
  endedAt: z.string().optional().describe('left out: it had not ended by the last line'),
  exitStatus: z.int().optional(),
  inventory: z.string(),
  cluster: z.string(),
  operator: z.string(),
  from: z.string().describe('the machine on which clusterproxy ran'),
  file: z.string(),
});
