import { describe, expect, it } from 'vitest';
import { mergeReads } from '../../../src/model/merge-reads.ts';
import { noReads } from '../../../src/model/reads.ts';
import type { Snapshot } from '../../../src/model/snapshot.ts';
import { textOf } from '../../../src/plan/items.ts';
import { carriedOutHost, edited, planWith, wantedStep } from '../../support/recorded-run.ts';
import { snapshotOf } from '../../support/snapshot-from-folder.ts';

const main = '/etc/caddy/Caddyfile';
const own = '/etc/caddy/clusterproxy/prod.caddy';
const nodesPath = '/etc/caddy/clusterproxy/prod/nodes.caddy';
const glob = '/etc/caddy/clusterproxy/prod/*.caddy';
const hostname = 'bbb-proxy.example.com';

const node = {
  ...{ name: 'bbb-01', hostname: 'bbb-01.example.com', state: 'active', known: true },
  locations: [{ path: '/bbb-01/html5client/', target: 'https://bbb-01.example.com/bbb-01/html5client/' }],
};
const rules = {
  'caddy-locations': { path: nodesPath, cluster: 'prod', server_name: hostname, nodes: [node] },
};

type Steps = Parameters<typeof planWith>[1];

function stepsOf(wanted: Readonly<Record<string, object>>): Steps {
  return Object.entries(wanted).map(([name, parameters]) => wantedStep(name, name, parameters));
}

function hostWith(text: string, steps: Steps): Snapshot {
  const reads = steps.map(({ module, parameters }) => ({ ...noReads, ...module.reads(parameters as never) }));
  const packages = { 'ca-certificates': '20230311' };
  return snapshotOf({ name: 'a', files: { [main]: text }, packages }, mergeReads(reads));
}

const textIn = (host: Snapshot, path: string) => textOf(host.paths.get(path) ?? { kind: 'absent' });

describe.each([
  ['our own site', { 'caddy-server': { path: own, hostname, import: glob } }, ':80 {\n\tfile_server\n}\n'],
  [
    'our own site, without a last line end',
    { 'caddy-server': { path: own, hostname, import: glob } },
    ':80 {\n}',
  ],
  [
    'an operator’s site',
    { 'caddy-import': { default_server_name: hostname, import: glob } },
    `# Mine.\r\n${hostname} {\r\n\troot * /srv\r\n}\r\n`,
  ],
  [
    'an operator’s site without braces',
    { 'caddy-import': { default_server_name: hostname, import: glob } },
    `${hostname}\n\nfile_server`,
  ],
])('a host that leaves: %s', (_, site, text) => {
  const steps = stepsOf({ ...rules, ...site });
  const before = hostWith(text, steps);
  const done = carriedOutHost(planWith(before, steps));

  it('gets every byte back', () => {
    expect(textIn(done, main)).not.toBe(text);
    expect(textIn(done, nodesPath)).toContain('handle @clusterproxy_prod_bbb-01_1 {');
    const after = carriedOutHost(planWith(done, []));
    expect(textIn(after, main)).toBe(text);
    expect(textIn(after, nodesPath)).toBeUndefined();
    expect(textIn(after, own)).toBeUndefined();
    expect(after.ledger?.items).toEqual([]);
  });

  it('keeps what its operator has changed since', () => {
    const since = edited(done, main, (now) => `# Later.\n${now}`);
    expect(textIn(carriedOutHost(planWith(since, [])), main)).toBe(`# Later.\n${text}`);
  });
});
