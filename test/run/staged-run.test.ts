import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import type { ClusterPlan } from '../../src/model/plan.ts';
import { stagesOf } from '../../src/model/plan.ts';
import { exitStatusOf, type RunResult } from '../../src/model/result.ts';
import { renderPlan } from '../../src/report/terminal/plan.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import { applyRun } from '../../src/run/apply-run.ts';
import { readHistory } from '../../src/run/history-run.ts';
import type { ApplyOptions } from '../../src/run/options.ts';
import { planRun } from '../../src/run/plan-run.ts';
import { resultOfPlan } from '../../src/run/result-of-plan.ts';
import { planRollback } from '../../src/run/rollback-run.ts';
import { group, type Sample, sampleHost, user } from '../host/sample.ts';
import { documentOfPlan } from '../report/documents.ts';
import { loadInventory } from '../support/load-inventory.ts';
import { applyOptions, problems, statuses } from './cluster.ts';

const configuration = '/etc/haproxy/haproxy.cfg';
const playbook = `
name: balancing
description: a balancer, for tests
variables:
  packages: {type: list, default: [haproxy], description: what to install}
  section: {type: string, default: global, description: of the configuration}
roles:
  balancer:
    description: it
    facts: {version: {package: haproxy}}
    stages: [packages, files]
    steps:
      - id: packages
        stage: packages
        package: {names: '{{ vars.packages }}', provides: {units: [haproxy.service]}}
      - id: configuration
        stage: files
        file: {path: ${configuration}, content: "{{ vars.section }}\\n"}
        notify: restart
      - id: running
        stage: files
        unit: {name: haproxy.service, enabled: true, active: true}
    handlers:
      - {id: restart, restart: haproxy.service, settle: 0, timeout: 5}
`;

let sample: Sample;
beforeEach(async () => {
  sample = await sampleHost();
  repository('haproxy', {
    [configuration]: 'stock\n',
    '/usr/lib/systemd/system/haproxy.service': '[Service]\n',
  });
  put('/run/stand-in/repository/haproxy/depends', 'liblua\n');
  put('/run/stand-in/repository/haproxy/units', 'haproxy\n');
  repository('liblua', {});
}, 60_000);
afterEach(() => sample.close());

const at = (path: string) => sample.path(path.slice(1));
const text = (path: string) => readFileSync(at(path), 'utf8');
function put(path: string, content: string): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), content);
}
function repository(name: string, files: Record<string, string>): void {
  put(`/run/stand-in/repository/${name}/version`, '2.6.12\n');
  for (const [path, content] of Object.entries(files))
    put(`/run/stand-in/repository/${name}/files${path}`, content);
}
const isInstalled = (name: string) => text('/var/lib/dpkg/status').includes(`Package: ${name}\n`);

async function inventory(vars: Record<string, unknown> = {}, own = playbook): Promise<Inventory> {
  const { port, hostKey, target } = sample.host;
  const folder = dirname(sample.root);
  writeFileSync(join(folder, 'playbook.yaml'), own);
  const file = join(folder, 'inventory.yaml');
  const ssh = {
    address: '127.0.0.1',
    port,
    host_keys: [hostKey],
    identity_files: [...target.identityFiles],
    user: 'root',
  };
  const data = {
    playbook: './playbook.yaml',
    cluster: { name: 'prod', hostname: 'example.com' },
    vars,
    hosts: { balancer: [{ name: 'lb-1', ssh }] },
  };
  writeFileSync(file, JSON.stringify(data));
  return loadInventory(file);
}

async function apply(of: Inventory, more: Partial<ApplyOptions> = {}): Promise<RunResult> {
  const options = applyOptions(of, more);
  return applyRun(await planRun(options), options);
}

async function rollback(of: Inventory, more: { removePackages: boolean }): Promise<RunResult> {
  const options = applyOptions(of, { command: 'rollback' });
  return applyRun(await planRollback({ ...options, run: undefined, ...more }), options);
}

function shown(plan: ClusterPlan): string {
  const style = makeStyle({ columns: 100, color: false, verbose: false });
  return renderPlan(documentOfPlan(plan), style).join('\n').replaceAll(`${user}:${group}`, 'root:root');
}

describe('a run in stages', { timeout: 120_000 }, () => {
  it('is shown as far as it can be known, carried out, and leaves nothing to do', async () => {
    const of = await inventory();
    const { plan } = await planRun(applyOptions(of));
    expect(shown(plan)).toMatchInlineSnapshot(`
      "lb-1: balancer

        stage packages:

        install haproxy (packages)
          apt-get install haproxy
          Debian and its derivatives start a package's services as soon as it is installed
          a rollback leaves it in place, unless you give --remove-packages

        stage files:

        create directory /etc/haproxy (configuration)
          known after packages: created unless that stage creates it
          new directory, mode 0755, owner root:root

        create /etc/haproxy/haproxy.cfg (configuration)
          known after packages: if that brings one, this replaces it
          new file, mode 0644, owner root:root
          --- /dev/null
          +++ b/etc/haproxy/haproxy.cfg
          @@ -0,0 +1 @@
          +global

        set unit haproxy.service (running)
          at boot: enabled
          now: active
          known after packages: what it will be then

        then, in this order:
          restart: restart haproxy.service (asked for by configuration)

      1 host: 1 would change; 1 action, 1 file, 1 link or directory, 1 unit, 1 restart"
    `);
    const result = await apply(of);
    expect(problems(result)).toEqual([]);
    expect(statuses(result)).toEqual({ 'lb-1': 'changed' });
    expect(result.hosts.flatMap(({ ran }) => ran)).toEqual(['restart']);
    expect(text(configuration)).toBe('global\n');
    const [host] = result.hosts;
    // What was done, not what was planned: the package brought a file.
    expect(
      host &&
        stagesOf(host.plan).map(({ changes }) => changes.map(({ action, path }) => `${action} ${path}`)),
    ).toEqual([[], [`modify ${configuration}`]]);
    const { plan: again } = await planRun(applyOptions(of));
    expect(statuses(resultOfPlan(again, 'plan'))).toEqual({ 'lb-1': 'in-sync' });
    const { runs } = await readHistory(applyOptions(of));
    expect(runs).toHaveLength(1);
    expect(
      runs[0]?.hosts[0]?.records.map(({ run, actions }) => [run, actions?.map(({ name }) => name)]),
    ).toEqual([
      [result.run, ['install haproxy']],
      [`${result.run}-2`, []],
    ]);
  });

  it('is undone without its packages, which are named, or with them where that is asked for', async () => {
    const of = await inventory();
    await apply(of);
    const options = { ...applyOptions(of), run: undefined, removePackages: false };
    expect(shown((await planRollback(options)).plan)).toContain('--remove-packages');
    const kept = await rollback(of, { removePackages: false });
    expect(problems(kept)).toEqual([]);
    // What the package brought was there before our first touch.
    expect(text(configuration)).toBe('stock\n');
    expect(isInstalled('haproxy')).toBe(true);
    await apply(of);
    expect(text(configuration)).toBe('global\n');
  });

  it('is undone with its packages and what they needed', async () => {
    const of = await inventory();
    await apply(of);
    const result = await rollback(of, { removePackages: true });
    expect(problems(result)).toEqual([]);
    expect(statuses(result)).toEqual({ 'lb-1': 'changed' });
    expect(text(configuration)).toBe('stock\n');
    expect([isInstalled('haproxy'), isInstalled('liblua')]).toEqual([false, false]);
  });

  it('ends with exit status 3 and nothing changed where packages can not be had', async () => {
    const of = await inventory({ packages: ['haproxy', 'hapoxy'] });
    const result = await apply(of);
    expect(statuses(result)).toEqual({ 'lb-1': 'failed' });
    expect(exitStatusOf(result, { comparing: false })).toBe(3);
    expect(problems(result).join()).toContain('E: Unable to locate package hapoxy');
    expect(existsSync(at(configuration))).toBe(false);
  });

  it('keeps the stages before one that fails, and says so', async () => {
    put('/run/stand-in/fail-haproxy', '');
    const of = await inventory();
    const result = await apply(of);
    expect(statuses(result)).toEqual({ 'lb-1': 'rolled-back' });
    expect(problems(result).join()).toContain('stage files: ');
    expect(problems(result).join()).toContain('the stages before it are done');
    expect(text(configuration)).toBe('stock\n');
    expect(isInstalled('haproxy')).toBe(true);
  });

  it('does not begin a stage that is otherwise than what was agreed on, and without an agreement does', async () => {
    // A fact that only the package makes known.
    const of = await inventory({}, playbook.replace('vars.section', 'facts.version'));
    const strict = await apply(of, { exactly: true });
    expect(statuses(strict)).toEqual({ 'lb-1': 'failed' });
    expect(problems(strict).join()).toContain('stage-differs');
    expect(problems(strict).join()).toContain(`${configuration} would become something other than planned`);
    expect(text(configuration)).toBe('stock\n');
    const free = await apply(of);
    expect(statuses(free)).toEqual({ 'lb-1': 'changed' });
    expect(text(configuration)).toBe('2.6.12\n');
  });

  it('carries out what was agreed on, whatever the package brought', async () => {
    const result = await apply(await inventory(), { exactly: true });
    expect(problems(result)).toEqual([]);
    expect(text(configuration)).toBe('global\n');
  });

  it('ends where an action has no effect', async () => {
    put('/run/stand-in/repository/balancer/virtual', '');
    put('/run/stand-in/repository/balancer/depends', 'haproxy\n');
    const result = await apply(await inventory({ packages: ['balancer'] }));
    expect(statuses(result)).toEqual({ 'lb-1': 'failed' });
    expect(problems(result).join()).toContain('action-without-effect');
    // One of two: what is left of it has another name.
    const more = await apply(await inventory({ packages: ['balancer', 'liblua'] }));
    expect(problems(more).join()).toContain('install balancer was carried out');
  });
});
