import { defineConfig } from 'vitest/config';

/** Tests that start hosts of their own, as folders behind an ssh server: no root needed, but services take their time. */
const withHosts = [
  'test/host/**/*.test.ts',
  'test/run/whole-run.test.ts',
  'test/run/staged-run.test.ts',
  'test/run/own-playbook.test.ts',
  'test/run/two-clusters.test.ts',
  'test/faults/*.test.ts',
  'test/demo/**/*.test.ts',
  'test/terminal/**/*.test.ts',
  'test/secrets/never-written.test.ts',
  'test/agent/**/*.test.ts',
];
const lab = 'test/**/*.lab.test.ts';
const faults = 'test/faults/*.lab.test.ts';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [lab, ...withHosts],
          testTimeout: 60_000,
          // As many as the smallest machine that is meant has cores.
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'hosts',
          include: withHosts,
          exclude: [lab],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          // They wait more than they work.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'lab',
          include: [lab],
          exclude: [faults],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          // Real hosts wait more than they work; each file has hosts of its own.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'faults',
          include: [faults],
          // Each has the machine to itself: several hosts at once, and moments that must not be missed.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 600_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
