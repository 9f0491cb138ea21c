import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inventoryName } from '../../../src/demo/cluster.ts';
import { buildProgram, clusterproxy } from '../../cli/program.ts';
import { startCluster, type TestCluster } from '../cluster.ts';

/** One cluster for all tests of this file, on which nothing is ever changed. */
let cluster: TestCluster;
let before: Readonly<Record<string, string>>;
beforeAll(async () => {
  [cluster] = await Promise.all([startCluster(), buildProgram()]);
  before = cluster.etc('bbb-01');
}, 120_000);
afterAll(() => cluster.close());

/** An inventory with a policy that answers with the text. */
function inventoryWith(answer: string): string {
  const program = join(cluster.folder, 'policy.sh');
  writeFileSync(program, `#!/bin/sh\ncat >plan.json\ncat <<'END'\n${answer}\nEND\n`);
  chmodSync(program, 0o755);
  const file = join(cluster.folder, 'with-policy.yaml');
  const text = readFileSync(join(cluster.folder, inventoryName), 'utf8');
  writeFileSync(file, `${text}\npolicies: [./policy.sh]\n`);
  return file;
}
const seen = () => JSON.parse(readFileSync(join(cluster.folder, 'plan.json'), 'utf8'));

it('carries out nothing that a policy of the inventory denies, whoever says yes', async () => {
  const file = inventoryWith('{"deny": ["exams"]}');
  const apply = await clusterproxy(['apply', '-i', file, '--yes', '--now', '--json']);
  expect(apply.status).toBe(1);
  const document = JSON.parse(apply.stdout);
  expect(document.errors).toMatchObject([
    { code: 'denied', message: 'the policy ./policy.sh does not allow this: exams; nothing was changed' },
  ]);
  expect(document.policies).toEqual([{ policy: './policy.sh', deny: ['exams'], warn: [] }]);
  expect(cluster.etc('bbb-01')).toEqual(before);
  // What it got is what --json prints of the plan.
  const { policies: _policies, errors: _errors, summary, ...rest } = document;
  const { summary: asked, ...plan } = seen();
  const times = (text: unknown) => JSON.stringify(text).replace(/"durationMs":\d+/g, '');
  expect(times(plan)).toBe(times(rest));
  expect({ ...asked, exitStatus: 1 }).toEqual(summary);
  expect(plan.hosts[0].changes.length).toBeGreaterThan(0);
});

it('is told by the plan, and by a dry run', async () => {
  const file = inventoryWith('{"deny": ["exams"]}');
  const plan = await clusterproxy(['plan', '-i', file]);
  expect([plan.status, plan.stderr]).toEqual([1, expect.stringContaining('does not allow this: exams')]);
  expect((await clusterproxy(['apply', '-i', file, '--dry-run'])).status).toBe(1);
});

it('goes on after a warning, and asks those of the command line as well', async () => {
  const file = inventoryWith('{"warn": ["it is late"]}');
  const plan = await clusterproxy(['plan', '-i', file]);
  expect([plan.status, plan.stderr]).toEqual([
    0,
    expect.stringContaining('the policy ./policy.sh warns: it is late'),
  ]);
  const more = await clusterproxy(['plan', '-i', file, '--policy', '/bin/false', '--json']);
  expect(more.status).toBe(1);
  expect(JSON.parse(more.stdout)).toMatchObject({
    errors: [{ code: 'policy-failed' }],
    policies: [{ warn: ['it is late'] }, { policy: '/bin/false', failed: 'it exited with 1' }],
  });
});
