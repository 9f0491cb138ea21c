import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { contract } from '../../../src/schedule/metrics/contract.ts';
import { metricsText } from '../../../src/schedule/metrics/metrics-text.ts';
import { changeOf, documentOf, hostOf } from './known.ts';

const root = join(import.meta.dirname, '../../..');
const examples = join(root, 'examples/monitoring');
const names: readonly string[] = contract.map(({ name }) => name);
const textOf = (file: string) => readFileSync(join(examples, file), 'utf8');
const namesIn = (text: string) => [...new Set(text.match(/clusterproxy_\w+/g) ?? [])];

/** All queries of the dashboard, with its variables replaced. */
function queries(dashboard: string): readonly string[] {
  const { panels } = JSON.parse(textOf(dashboard)) as {
    panels: { targets: { expr: string }[] }[];
  };
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr.replaceAll('$cluster', '.*')));
}

it('the page lists the contract', () => {
  const page = readFileSync(join(root, 'docs/metrics.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(clusterproxy_\w+)` \| (.*?) \| (.*) \|$/gm)];
  expect(rows.map(([, name, labels, help]) => [name, labels?.replaceAll('`', '').split(', '), help])).toEqual(
    contract.map(({ name, labels, help }) => [name, labels, help]),
  );
});

it.each(['alerts.yaml', 'alerts.test.yaml', 'dashboard.json'])(
  '%s names metrics of the contract only',
  (file) => {
    expect(namesIn(textOf(file))).not.toEqual([]);
    expect(names).toEqual(expect.arrayContaining(namesIn(textOf(file))));
  },
);

it('every metric that is worth a look is on the dashboard or in a rule', () => {
  const used = namesIn(textOf('alerts.yaml') + textOf('dashboard.json'));
  expect(names.filter((name) => !used.includes(name))).toEqual(['clusterproxy_last_run_exit_status']);
});

it.each(['alerts.yaml', 'door.yaml'])('every rule of %s has a severity', (file) => {
  const { groups } = parse(textOf(file)) as { groups: { rules: { alert?: string; labels: object }[] }[] };
  for (const { labels } of groups.flatMap(({ rules }) => rules.filter(({ alert }) => alert !== undefined)))
    expect([{ severity: 'page' }, { severity: 'ticket' }, { severity: 'info' }]).toContainEqual(labels);
});

const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;
if (!hasPromtool) console.log('promtool is missing: tests by it are skipped (sh scripts/setup.sh --lab)');

describe.skipIf(!hasPromtool)('judged by promtool', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'clusterproxy-promtool-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function promtool(words: readonly string[], input = '') {
    const { status, stdout, stderr } = spawnSync('promtool', [...words], {
      cwd: examples,
      input,
      encoding: 'utf8',
    });
    return { status, said: stdout + stderr };
  }

  it('the metrics are in good form', async () => {
    const host = hostOf('bbb-01', { status: 'deferred', changes: [changeOf('/etc/a')] });
    const text = await metricsText(documentOf([host, hostOf('proxy-1', { role: 'proxy' })]));
    expect(promtool(['check', 'metrics'], text)).toEqual({ status: 0, said: '' });
    expect(promtool(['check', 'metrics'], `${text}clusterproxy_x{ 1\n`).status).not.toBe(0);
  });

  it.each(['alerts', 'door'])('the rules of %s are in good form, and tell what they should', (name) => {
    const checked = promtool(['check', 'rules', '--lint-fatal', `${name}.yaml`]);
    expect(checked.status, checked.said).toBe(0);
    const tested = promtool(['test', 'rules', `${name}.test.yaml`]);
    expect(tested.status, tested.said).toBe(0);
  });

  it.each(['dashboard.json', 'door.json'])('so are the queries of %s', (dashboard) => {
    const rules = queries(dashboard).map((expr, index) => ({ record: `one_${index}`, expr }));
    expect(rules.length).toBeGreaterThan(9);
    const file = join(folder, 'queries.yaml');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    const checked = promtool(['check', 'rules', '--lint=none', file]);
    expect(checked.status, checked.said).toBe(0);
  });
});
