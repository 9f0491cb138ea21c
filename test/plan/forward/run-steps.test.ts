import { expect, it } from 'vitest';
import { atOnce } from '../../../src/model/in-turns.ts';
import { mergeReads } from '../../../src/model/merge-reads.ts';
import { noReads } from '../../../src/model/reads.ts';
import { runSteps, type WantedStep } from '../../../src/plan/forward/run-steps.ts';
import { stepModules } from '../../../src/steps/registry.ts';
import { VirtualHost } from '../../../src/virtual/virtual-host.ts';
import { snapshotOf } from '../../support/snapshot-from-folder.ts';

function step(id: string, name: string, parameters: unknown): WantedStep {
  const module = stepModules.get(name);
  if (module === undefined) throw new Error(`there is no step module ${name}`);
  return { id, module, parameters: module.parameters.parse(parameters), notify: [] };
}

function dropIn(unit: string): WantedStep {
  const environment = { ROOT_URL: 'https://127.0.0.1/bbb-01' };
  return step(unit, 'systemd-dropin', { unit: `${unit}.service`, environment });
}

const byHand = (unit: string) => `/etc/systemd/system/${unit}.service.d/cluster.conf`;
const text = '[Service]\nEnvironment=ROOT_URL=https://127.0.0.1/bbb-01\n';

function run(steps: readonly WantedStep[], files: Readonly<Record<string, string>>): unknown {
  const reads = mergeReads(
    steps.map(({ module, parameters }) => ({ ...noReads, ...module.reads(parameters as never) })),
  );
  return atOnce(
    runSteps(new VirtualHost(snapshotOf({ files, units: ['a.service', 'b.service'] }, reads)), steps),
  );
}

it('lists what all steps found that was set up by hand', () => {
  const broken = step('broken', 'yaml', { path: '/etc/x.yml', set: { a: 1 } });
  const files = { [byHand('a')]: text, [byHand('b')]: text, '/etc/x.yml': 'a: [\n' };
  expect(() => run([dropIn('a'), broken, dropIn('b')], files)).toThrow(
    expect.objectContaining({
      code: 'set-up-by-hand',
      message: expect.stringMatching(`${byHand('a')}: sets ROOT_URL.*; ${byHand('b')}: sets ROOT_URL`),
      problem: expect.not.objectContaining({ step: expect.anything() }),
    }),
  );
});

it('names the step where only one found something', () => {
  expect(() => run([dropIn('a'), dropIn('b')], { [byHand('b')]: text })).toThrow(
    expect.objectContaining({ problem: expect.objectContaining({ code: 'set-up-by-hand', step: 'b' }) }),
  );
});

it('tells the first of other problems', () => {
  const broken = step('broken', 'yaml', { path: '/etc/x.yml', set: { a: 1 } });
  const files = { [byHand('b')]: text, '/etc/x.yml': 'a: [\n' };
  expect(() => run([broken, dropIn('b')], files)).toThrow(
    expect.objectContaining({ code: 'file-not-understood' }),
  );
});
