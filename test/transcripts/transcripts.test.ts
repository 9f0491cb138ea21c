import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../cli/program.ts';
import { startCluster, type TestCluster } from '../run/cluster.ts';
import { asUsersHaveIt } from './as-users-have-it.ts';
import { Names, readTranscript, run, type Step, writeTranscript } from './transcript.ts';

const scripts = join(import.meta.dirname, 'scripts');
/** Writes what commands print into the scripts instead of comparing it: review the difference. */
const recording = process.env.CLUSTERPROXY_RECORD === '1';

beforeAll(buildProgram, 120_000);

describe.each(readdirSync(scripts).filter((name) => name.endsWith('.txt')))('%s', (name) => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  }, 120_000);
  afterAll(async () => {
    await cluster?.close();
  });

  it('is what a shell shows', async () => {
    const file = join(scripts, name);
    const text = readFileSync(file, 'utf8');
    const names = new Names(cluster.folder);
    const steps: Step[] = [];
    for (const step of readTranscript(text)) {
      const printed = await run(names.back(step.command), {
        cwd: cluster.folder,
        env: asUsersHaveIt(cluster.folder),
      });
      steps.push({ ...step, printed: names.in(printed) });
    }
    const now = writeTranscript(steps);
    if (recording) writeFileSync(file, now);
    else expect(now).toBe(text);
  });
});
