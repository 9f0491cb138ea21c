// Runs tests and ends with one line that counts them; exits non-zero if any failed or none ran. Without words
// it runs a sample of the long ones (see test/support/long-files.ts) beside all others, with --all every one.
// Other words are for vitest, such as the names of files.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const words = process.argv.slice(2).filter((word) => word !== '--all');
const sample = process.argv.length === 2 && process.env.CLUSTERPROXY_LONG !== '1';
const seed = process.env.CLUSTERPROXY_SEED ?? String(Math.floor(Math.random() * 1_000_000));
const directory = mkdtempSync(join(tmpdir(), 'clusterproxy-test-'));
const report = join(directory, 'report.json');
const { status } = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...words,
  ],
  {
    stdio: 'inherit',
    env: { ...process.env, CLUSTERPROXY_SEED: seed, CLUSTERPROXY_SAMPLE: sample ? '1' : '' },
  },
);

const counts = readCounts();
rmSync(directory, { recursive: true, force: true });
if (sample) {
  console.log(
    `A sample of the long tests: CLUSTERPROXY_SEED=${seed} npm test draws it again, npm run test:all runs all of them.`,
  );
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = status === 0 && counts.failed === 0 && counts.passed > 0 ? 0 : 1;

function readCounts() {
  try {
    const result = JSON.parse(readFileSync(report, 'utf8'));
    // A file that couldn't be loaded has failed, although none of its tests did.
    const broken = result.testResults.filter(
      (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
    ).length;
    return {
      passed: result.numPassedTests,
      failed: result.numFailedTests + broken,
      skipped: result.numPendingTests + result.numTodoTests,
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
