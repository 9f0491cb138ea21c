import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Tests with hosts of their own wait most of the time, for services that have to stay up: more at once than processors.
    maxWorkers: 4,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.lab.test.ts', 'test/demo/**'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          // No root needed either, but it lasts as long as somebody would watch it.
          name: 'demo',
          include: ['test/demo/**/*.test.ts'],
          testTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'lab',
          include: ['test/**/*.lab.test.ts'],
          // Hosts are shared between tests and the machine has few cores: one file after the other.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
