import { describe, expect, it } from 'vitest';
import { mergeReads } from '../../../src/model/merge-reads.ts';
import { noReads } from '../../../src/model/reads.ts';
import type { Snapshot } from '../../../src/model/snapshot.ts';
import { textOf } from '../../../src/plan/items.ts';
import { selfSigned } from '../../support/certificates.ts';
import { carriedOutHost, edited, planWith, wantedStep } from '../../support/recorded-run.ts';
import { snapshotOf } from '../../support/snapshot-from-folder.ts';
import { certificate, frontend, hostname, locations, packages, path, stockText } from './proxy-parameters.ts';

const pair = selfSigned(hostname);
const operator = `${stockText}
frontend web
    bind 127.0.0.1:8443 ssl crt ${certificate}
    use_backend site if { path_beg /bbb-01/html5client/ }
    default_backend site

backend site
    server a 192.0.2.2:80`;
const nodes = wantedStep('nodes', 'haproxy-locations', { ...locations, adopt: true });
const own = wantedStep('frontend', 'haproxy-frontend', frontend);
const rules = wantedStep('rules', 'haproxy-rules', { cluster: 'prod', hostname, frontend: 'web' });

function fresh(text: string): Snapshot {
  const reads = [nodes, own, rules].map(({ module, parameters }) => ({
    ...noReads,
    ...module.reads(parameters as never),
  }));
  const files = { [path]: text, [certificate]: pair.certificate + pair.key };
  return snapshotOf({ name: 'proxy-1', files, packages }, mergeReads(reads));
}

const done = (snapshot: Snapshot, steps: Parameters<typeof planWith>[1]) =>
  carriedOutHost(planWith(snapshot, steps));
const configuration = (snapshot: Snapshot) => textOf(snapshot.paths.get(path) ?? { kind: 'absent' });

describe('haproxy.cfg of an operator', () => {
  it.each([
    ['our own frontend', [nodes, own]],
    ['rules in the operator’s', [nodes, rules]],
  ])('comes back when the cluster leaves: %s', (_, steps) => {
    for (const text of [
      operator.replace(/^ *use_backend.*\n/m, ''),
      `${stockText}frontend web\r\n    bind :8443\r\n`,
    ]) {
      const set = done(fresh(text), steps);
      expect(configuration(set)).not.toBe(text);
      // What it has been given since stays.
      const since = edited(set, path, (now) => `${now}\nbackend new\n`);
      expect(configuration(done(set, []))).toBe(text);
      expect(configuration(done(since, []))).toBe(`${text}\nbackend new\n`);
    }
  });

  it('has no rules that lead nowhere when a cluster changes from its own frontend to the operator’s', () => {
    const first = done(fresh(operator), [nodes, own]);
    const second = done(first, [nodes, rules]);
    expect(configuration(second)).not.toContain('clusterproxy:https:prod');
    expect(configuration(second)).toContain('# clusterproxy: begin prod rules\n');
    const third = done(second, [nodes, own]);
    expect(configuration(third)).toBe(configuration(first));
  });

  it('keeps what was set up by hand away, and nothing else changes', () => {
    const { changes } = (({ stages }) => stages[0] ?? { changes: [] })(
      planWith(fresh(operator), [nodes, rules]),
    );
    expect(changes.map((change) => change.path)).toEqual([path]);
    const left = done(done(fresh(operator), [nodes, rules]), []);
    expect(configuration(left)).toBe(operator.replace(/^ *use_backend.*\n/m, ''));
  });
});
