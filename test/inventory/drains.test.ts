import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type Problem, problemsOf } from '../../src/model/operator-error.ts';
import { loadInventory } from '../support/load-inventory.ts';

const folder = mkdtempSync(join(tmpdir(), 'clusterproxy-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function mistakes(whenBusy: string, more = ''): Promise<readonly Problem[]> {
  const file = join(folder, 'prod.yaml');
  writeFileSync(
    file,
    `playbook: bigbluebutton
cluster: {name: prod, hostname: bbb.example.com}
when_busy: ${whenBusy}
hosts:${more}
  proxy: [{name: proxy-1}]
  node: [{name: node-1, hostname: n1.example.com}]
`,
  );
  return loadInventory(file).then(() => [], problemsOf);
}

it.each([
  ['drain', '3:12'],
  ['{node: drain}', '3:19'],
])('%s is a mistake where nobody can tell the balancer', async (whenBusy, at) => {
  const [problem, ...others] = await mistakes(whenBusy);
  expect(others).toEqual([]);
  expect(problem?.code).toBe('no-drain');
  expect(`${problem?.location?.line}:${problem?.location?.column}`).toBe(at);
  expect(problem?.next).toContain('hosts.balancer');
});

it.each([
  ['drain', '\n  balancer: [{name: lb}]'],
  ['{node: wait, proxy: drain}', ''],
  ['force', ''],
])('%s is none with these hosts', async (whenBusy, more) => {
  expect(await mistakes(whenBusy, more)).toEqual([]);
});

it('is a mistake for a role that is not there', async () => {
  expect((await mistakes('{nodes: drain}')).map(({ code }) => code)).toEqual(['unknown-role']);
});
