import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inventoryName } from '../../src/demo/cluster.ts';
import { buildProgram, clusterproxy } from '../cli/program.ts';
import { startCluster, type TestCluster } from '../run/cluster.ts';

let cluster: TestCluster;
let inventory: string;
beforeAll(async () => {
  [cluster] = await Promise.all([startCluster(), buildProgram()]);
  inventory = join(cluster.folder, inventoryName);
}, 120_000);
afterAll(() => cluster?.close());

const run = (...argv: readonly string[]) => clusterproxy([...argv, '-i', inventory]);
const file = (name: string) => join(cluster.folder, name);
const read = (name: string) => readFileSync(file(name), 'utf8');
const web = '/etc/bigbluebutton/bbb-web.properties';
const evil = '# <script>alert(1)</script> \x1b[2J \u202egnp.exe @all ```';

it('is written beside what a command shows, and for its owner alone', async () => {
  const [alone, planned] = await Promise.all([
    run('plan'),
    run('plan', '--html', file('plan.html'), '--markdown', file('plan.md')),
  ]);
  expect(planned.status).toBe(0);
  expect(planned.stdout).toBe(alone.stdout);
  expect(statSync(file('plan.html')).mode & 0o777).toBe(0o600);
  expect(read('plan.html')).toContain('<title>Plan for demo</title>');
  expect(read('plan.html')).toContain('All 4 hosts would change');
  expect(read('plan.html')).toContain('443: joining, API and presentations; the proxy relays to it');
  expect(read('plan.md')).toContain('## 🔷 Plan for demo');

  const applied = await run('apply', '--yes', '--html', file('apply.html'), '--run-id', 'first');
  expect(applied.status).toBe(0);
  expect(read('apply.html')).toContain('All 4 hosts were changed.');
  expect(read('apply.html')).toMatch(/<title>handler: restart-bbb-web, /);
  const again = await clusterproxy(['report', 'first', '--html', file('again.html'), '--quiet']);
  expect(again.status).toBe(0);
  expect(read('again.html')).toContain('All 4 hosts were changed.');
  expect(read('again.html')).toContain('How it went');

  const history = await run('history', '--html', file('history.html'), '--markdown', '-');
  expect(history.status).toBe(0);
  expect(history.stdout).toMatch(/^## ✅ History of demo\n/);
  expect(history.stderr).toContain('first: apply by');
  expect(read('history.html')).toContain('One run; the latest is apply by');
});

it('shows what stands in hosts’ files as text', async () => {
  appendFileSync(cluster.path('bbb-02', web), `${evil}\n`);
  cluster.edit('bbb-02', web, (text) => text.replace(/^(defaultHTML5ClientUrl=).*/m, '$1<b>theirs</b>'));
  const checked = await run('check', '--html', file('check.html'), '--markdown', file('check.md'));
  expect(checked.status).toBe(2);
  const page = read('check.html');
  expect(page).toContain('1 of 4 hosts differs');
  expect(page).toContain('# &lt;script&gt;alert(1)&lt;/script&gt; ^[[2J &lt;U+202E&gt;gnp.exe @all');
  expect(page).not.toMatch(/<script|<b>theirs|[\x1b\u202e]/);
  const summary = read('check.md');
  expect(summary).toMatch(/^````diff\n(?:.*\n)*? # <script>alert\(1\)<\/script> .*@all ```\n````$/m);
});

it('is refused before any host is asked, where it can not be written', async () => {
  mkdirSync(file('folder'));
  symlinkSync(file('target.html'), file('link.html'));
  for (const [argv, code] of [
    [['--html', file('nowhere/a.html')], 'report-file'],
    [['--html', file('folder')], 'report-file'],
    [['--html', file('link.html')], 'report-file'],
    [['--html', '/dev/null'], 'report-file'],
    [['--html', inventory], 'usage'],
    [['--html', file('a'), '--markdown', file('a')], 'usage'],
    [['--json', '--markdown', '-'], 'usage'],
    [['--events', '-', '--markdown', '-'], 'usage'],
  ] as const) {
    const refused = await run('plan', ...argv);
    expect(refused.status, argv.join(' ')).toBe(1);
    expect(`${refused.stdout}${refused.stderr}`, argv.join(' ')).toContain(code);
  }
  expect(existsSync(file('target.html'))).toBe(false);
});
