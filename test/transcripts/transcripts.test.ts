import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram, main } from '../cli/program.ts';
import { startCluster, type TestCluster } from '../run/cluster.ts';
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
      const printed = await run(names.back(step.command), { cwd: cluster.folder, env: environment() });
      steps.push({ ...step, printed: names.in(printed) });
    }
    const now = writeTranscript(steps);
    if (recording) writeFileSync(file, now);
    else expect(now).toBe(text);
  });

  /** As a user has it: the program by its name, no terminal, no colours. */
  function environment(): Readonly<Record<string, string | undefined>> {
    const bin = join(cluster.folder, 'bin');
    mkdirSync(bin, { recursive: true });
    const program = join(bin, 'clusterproxy');
    writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
    chmodSync(program, 0o755);
    return { ...process.env, PATH: `${bin}:${process.env.PATH}`, NO_COLOR: '1', COLUMNS: undefined };
  }
});
