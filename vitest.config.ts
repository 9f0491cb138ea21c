import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { leftOut } from './test/support/long-files.ts';
import { memoryFolder } from './test/support/memory-folder.ts';
import { WaitingFirst } from './test/support/waiting-first.ts';

// What random tests draw from; see test/support/random.ts.
process.env.CLUSTERPROXY_SEED ??= String(Math.floor(Math.random() * 1_000_000));
console.log(`Random tests: CLUSTERPROXY_SEED=${process.env.CLUSTERPROXY_SEED} draws the same again.`);
/** Long files of which `npm test` runs only a part. */
const notNow = [...leftOut(Number(process.env.CLUSTERPROXY_SEED))];

/**
 * Tests that start hosts of their own, as folders behind an ssh server: no root needed, but services take
 * their time.
 */
const withHosts = [
  'test/host/!(follow-reader|manifest|snapshot-parser|stored).test.ts',
  'test/run/{begin,drain}.test.ts',
  'test/run/polls.test.ts',
  'test/run/{holders-now,role-turn}.test.ts',
  'test/run/revert-wave.test.ts',
  'test/run/membership.test.ts',
  'test/run/{off,doors-back,retire-again}.test.ts',
  'test/run/accept.test.ts',
  'test/run/policies/refused.test.ts',
  'test/run/hooks/called.test.ts',
  'test/run/queue/when-idle.test.ts',
  'test/run/reboot.test.ts',
  'test/run/upgrade.test.ts',
  'test/run/outside-proof.test.ts',
  'test/run/whole-run.test.ts',
  'test/fleet/fleet.test.ts',
  'test/engine/engine.test.ts',
  'test/run/windows.test.ts',
  'test/run/forecast.test.ts',
  'test/run/staged-run.test.ts',
  'test/run/own-playbook.test.ts',
  'test/run/two-clusters.test.ts',
  'test/run/claims/*.test.ts',
  'test/run/again/begun-elsewhere.test.ts',
  'test/faults/*.test.ts',
  'test/record/{recorded,traced}.test.ts',
  'test/record/reports.test.ts',
  'test/ssh/kept-connections.test.ts',
  'test/schedule/watch/watch.test.ts',
  'test/report/third-view.test.ts',
  'test/demo/**/*.test.ts',
  'test/terminal/**/*.test.ts',
  'test/transcripts/**/*.test.ts',
  'test/secrets/never-{written,told}.test.ts',
  'test/agent/**/*.test.ts',
  'test/schedule/metrics/written.test.ts',
  'test/schedule/run.test.ts',
  'test/schedule/notify/whole-run.test.ts',
];
/** Records of runs; they are no developer's own. */
const XDG_STATE_HOME = join(memoryFolder() ?? tmpdir(), `clusterproxy-test-state-${process.pid}`);
const lab = 'test/**/*.lab.test.ts';
/** Those with hundreds of runs; `npm run test:long`. */
const longOnly = 'test/**/*.long.test.ts';
const faults = 'test/faults/{matrix,sequences}.lab.test.ts';

/**
 * All kinds run side by side (projects of one group share their workers): those with hosts wait more than
 * they work, the others fill the gaps. What starts first says `WaitingFirst`.
 */
const together = { sequence: { groupOrder: 0 }, maxWorkers: 5 };
const withoutRoot = {
  testTimeout: 300_000,
  hookTimeout: 300_000,
  // Modules are loaded once for all files of a worker; what replaced one (vi.mock) would replace it for other
  // files too.
  isolate: false,
  setupFiles: ['test/support/random.ts'],
  env: { TMPDIR: memoryFolder() ?? tmpdir(), XDG_STATE_HOME },
  ...together,
};

export default defineConfig({
  test: {
    sequence: { sequencer: WaitingFirst },
    projects: [
      {
        test: {
          ...withoutRoot,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [lab, longOnly, ...withHosts],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          ...withoutRoot,
          name: 'hosts',
          include: withHosts,
          exclude: [lab, ...notNow],
        },
      },
      {
        test: {
          name: 'lab',
          include: process.env.CLUSTERPROXY_LONG === '1' ? [lab, longOnly] : [lab],
          exclude: [faults, ...notNow],
          testTimeout: 300_000,
          env: { XDG_STATE_HOME },
          hookTimeout: 600_000,
          ...together,
        },
      },
      {
        test: {
          name: 'faults',
          include: [faults],
          exclude: notNow,
          testTimeout: 300_000,
          env: { XDG_STATE_HOME },
          hookTimeout: 600_000,
          // A host stands still at the moment that is wanted (see wrapper.sh), however busy the machine is.
          ...together,
        },
      },
    ],
  },
});
