import { describe, expect, it } from 'vitest';
import { mergeReads } from '../../../src/model/merge-reads.ts';
import { noReads } from '../../../src/model/reads.ts';
import type { Snapshot } from '../../../src/model/snapshot.ts';
import type { Wanted } from '../../../src/plan/forward/evaluate.ts';
import { textOf } from '../../../src/plan/items.ts';
import { stageOf } from '../../support/host-plan.ts';
import { carriedOutHost, planWith, wantedStep } from '../../support/recorded-run.ts';
import { type FakeHost, snapshotOf } from '../../support/snapshot-from-folder.ts';

/** A playbook that gives a file of ours another name, or another place, in one of its next versions. */

function hostFor(host: FakeHost, ...plans: readonly Wanted['steps'][]): Snapshot {
  const reads = plans
    .flat()
    .map(({ module, parameters }) => ({ ...noReads, ...module.reads(parameters as never) }));
  return snapshotOf({ name: 'one', ...host }, mergeReads(reads));
}

/** Paths of the first run's plan and of the second's, which nobody is blamed for. */
function renamed(host: FakeHost, before: Wanted['steps'], after: Wanted['steps']) {
  const first = planWith(hostFor(host, before, after), before);
  const done = carriedOutHost(first);
  const second = planWith(done, after);
  expect(second.warnings).toEqual([]);
  expect(stageOf(planWith(carriedOutHost(second), after)).changes).toEqual([]);
  return {
    first: stageOf(first).changes.map(({ action, path }) => `${action} ${path}`),
    second: stageOf(second).changes.map(({ action, path }) => `${action} ${path}`),
    text: (path: string) => {
      const change = stageOf(second).changes.find((one) => one.path === path);
      return change === undefined ? undefined : textOf(change.after);
    },
  };
}

describe('another name', () => {
  it('of a drop-in with variables', () => {
    const folder = '/etc/systemd/system/x.service.d';
    const step = (name: string) => [
      wantedStep('s', 'systemd-dropin', { unit: 'x.service', name, environment: { A: '1' } }),
    ];
    const { second } = renamed({}, step('zz-a.conf'), step('zz-b.conf'));
    expect(second).toEqual([`create ${folder}/zz-b.conf`, `delete ${folder}/zz-a.conf`]);
  });

  it('of a drop-in with options of Java, without those that are no longer wanted', () => {
    const folder = '/etc/systemd/system/x.service.d';
    const override = '[Service]\nEnvironment=JDK_JAVA_OPTIONS=-Xmx1g\n';
    const step = (name: string, options: readonly string[]) => [
      wantedStep('s', 'systemd-dropin', { unit: 'x.service', name, java_options: { options } }),
    ];
    const { second, text } = renamed(
      { files: { [`${folder}/override.conf`]: override } },
      step('zz-a.conf', ['-Da=1', '-Db=1']),
      step('zz-b.conf', ['-Da=2']),
    );
    expect(second).toEqual([`create ${folder}/zz-b.conf`, `delete ${folder}/zz-a.conf`]);
    expect(text(`${folder}/zz-b.conf`)).toMatch(/^Environment="JDK_JAVA_OPTIONS=-Xmx1g -Da=2"$/m);
  });

  it('of the file with the locations of nodes', () => {
    const locations = [
      { path: '/bbb-01/html5client/', target: 'https://bbb-01.example.com/bbb-01/html5client/' },
    ];
    const node = {
      ...{ name: 'bbb-01', hostname: 'bbb-01.example.com', address: '192.0.2.11', state: 'active' },
      ...{ known: true, vars: {}, facts: {}, recipe: { name: '3.0', verify: false, locations } },
    };
    const step = (path: string) => [
      wantedStep('s', 'nginx-locations', { path, server_name: 'p.example.com', nodes: [node] }),
    ];
    const folder = '/etc/nginx/conf.d';
    const { second } = renamed({}, step(`${folder}/a.conf`), step(`${folder}/b.conf`));
    expect(second).toEqual([`create ${folder}/b.conf`, `delete ${folder}/a.conf`]);
  });

  it('of a service of xinetd', () => {
    const files = { '/etc/xinetd.conf': 'includedir /etc/xinetd.d\n', '/etc/services': '' };
    const step = (name: string) => [
      wantedStep('s', 'xinetd-service', {
        name,
        port: 9707,
        server: '/usr/local/bin/agent',
        only_from: ['192.0.2.5'],
      }),
    ];
    const { second } = renamed({ files }, step('agent-a'), step('agent-b'));
    expect(second).toEqual(['create /etc/xinetd.d/agent-b', 'delete /etc/xinetd.d/agent-a']);
  });

  it('of a service of xinetd, which a second one still may not take the port of', () => {
    const files = { '/etc/xinetd.conf': 'includedir /etc/xinetd.d\n', '/etc/services': '' };
    const step = (id: string) =>
      wantedStep(id, 'xinetd-service', {
        name: id,
        port: 9707,
        server: '/usr/local/bin/agent',
        only_from: ['192.0.2.5'],
      });
    for (const after of [
      [step('a'), step('b')],
      [step('b'), step('a')],
    ])
      expect(() => renamed({ files }, [step('a')], after)).toThrow(/already has a service on port 9707/);
  });
});
