import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DemoCluster, inventoryName, makeCluster, sampleHosts } from '../../src/demo/cluster.ts';
import type { SampleHost } from '../../src/demo/sample-host.ts';
import type { Inventory } from '../../src/inventory/inventory.ts';
import type { ClusterPlan } from '../../src/model/plan.ts';
import type { ProgressEvent } from '../../src/model/progress.ts';
import type { RunResult, Status } from '../../src/model/result.ts';
import { detailOf } from '../../src/report/document/problem.ts';
import { applyRun } from '../../src/run/apply-run.ts';
import { type ApplyOptions, usualApply } from '../../src/run/options.ts';
import { planRun } from '../../src/run/plan-run.ts';
import { planRollback } from '../../src/run/rollback-run.ts';
import { SecretRegister } from '../../src/secrets/register.ts';
import { createConnector } from '../../src/ssh/connector.ts';
import { loadInventory } from '../support/load-inventory.ts';

/** The made-up cluster over real ssh connections, driven by the functions that commands call. */
export interface TestCluster {
  readonly folder: string;
  readonly demo: DemoCluster;
  inventory(edit?: (text: string) => string): Promise<Inventory>;
  /** a file of a host, below its root */
  path(host: string, path: string): string;
  text(host: string, path: string): string;
  edit(host: string, path: string, edit: (text: string) => string): void;
  /** every file below /etc of a host, with its text */
  etc(host: string): Readonly<Record<string, string>>;
  plan(inventory: Inventory, options?: Partial<ApplyOptions>): Promise<ClusterPlan>;
  apply(inventory: Inventory, options?: Partial<ApplyOptions>): Promise<RunResult>;
  rollback(
    inventory: Inventory,
    options?: Partial<ApplyOptions> & { readonly run?: string; readonly removePackages?: boolean },
  ): Promise<RunResult>;
  close(): Promise<void>;
}

export function applyOptions(inventory: Inventory, more: Partial<ApplyOptions> = {}): ApplyOptions {
  return {
    ...usualApply,
    inventory,
    limit: [],
    parallel: 4,
    signal: new AbortController().signal,
    leave: new AbortController().signal,
    connect: createConnector().connect,
    secrets: new SecretRegister(),
    progress: (_event: ProgressEvent) => undefined,
    prune: false,
    command: 'apply',
    maxFailures: 0,
    ...more,
  };
}

export async function startCluster(samples: readonly SampleHost[] = sampleHosts): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'clusterproxy-run-'));
  const demo = await makeCluster(folder, samples);
  const path = (host: string, name: string) => join(folder, 'hosts', host, name);
  const playbook = join(folder, 'bigbluebutton.yaml');
  const quick = withoutWaiting(readFileSync(playbook, 'utf8'));
  writeFileSync(playbook, quick);
  writeFileSync(join(folder, 'slow.yaml'), withoutEnd(quick));
  for (const host of demo.hosts.keys()) pretendToListen(path(host, '/proc/net'));
  const cluster: TestCluster = {
    folder,
    demo,
    path,
    inventory: async (edit = (text) => text) => {
      const file = join(folder, 'edited.yaml');
      writeFileSync(file, edit(readFileSync(join(folder, inventoryName), 'utf8')));
      return loadInventory(file);
    },
    text: (host, name) => readFileSync(path(host, name), 'utf8'),
    edit: (host, name, edit) => writeFileSync(path(host, name), edit(readFileSync(path(host, name), 'utf8'))),
    etc: (host) => {
      const entries = readdirSync(path(host, '/etc'), { recursive: true, withFileTypes: true });
      return Object.fromEntries(
        entries
          .filter((entry) => !entry.isSymbolicLink())
          .map((entry) => {
            const name = join(entry.parentPath, entry.name);
            return [name.slice(path(host, '').length), entry.isFile() ? readFileSync(name, 'latin1') : ''];
          }),
      );
    },
    plan: async (inventory, more) => (await planRun(applyOptions(inventory, more))).plan,
    apply: async (inventory, more) => {
      const options = applyOptions(inventory, more);
      return applyRun(await planRun(options), options);
    },
    rollback: async (inventory, more = {}) => {
      const options = applyOptions(inventory, { ...more, command: 'rollback' });
      const planned = await planRollback({
        ...options,
        run: more.run,
        removePackages: more.removePackages ?? false,
      });
      return applyRun(planned, options);
    },
    close: async () => {
      await demo.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return cluster;
}

/** What is waited for is of no interest here, nor what a service answers. */
export function withoutWaiting(playbook: string): string {
  return playbook
    .replace(/^ +- http:\n(?: {14}.*\n)+/gm, '')
    .replace(/settle: \d+/g, 'settle: 0')
    .replace(/(- nginx-workers\n +timeout: \d+\n)(?! +settle)/g, '$1        settle: 0\n');
}

/** With the cluster's values bbb-web's handler never comes to its end; with any others it does nothing. */
function withoutEnd(playbook: string): string {
  const file = '"$CLUSTERPROXY_ROOT/etc/bigbluebutton/bbb-web.properties"';
  const wait = `while grep -q bbb-proxy ${file}; do sleep 0.1; done`;
  const restart = "restart: '{{ names.short }}-web.service'";
  if (!playbook.includes(restart)) throw new Error(`the playbook has no handler with ${restart}`);
  return playbook.replace(restart, `command: [sh, -c, '${wait}']`);
}

/**
 * Nothing real runs on these hosts; handlers ask who listens. Form: proc_net_tcp in the kernel's
 * documentation.
 */
export function pretendToListen(folder: string): void {
  const ports = [4100, 8085, 8090, 8378, 9001];
  const lines = ports.map((port, index) => {
    const number = port.toString(16).toUpperCase().padStart(4, '0');
    return `   ${index}: 00000000:${number} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1\n`;
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'tcp'), lines.join(''));
}

export function statuses(result: RunResult): Readonly<Record<string, Status>> {
  return Object.fromEntries(result.hosts.map(({ plan, status }) => [plan.host, status]));
}

export function problems(result: RunResult): readonly string[] {
  return result.hosts.flatMap(({ problem }) =>
    problem === undefined
      ? []
      : [`${problem.host}: ${problem.code}: ${problem.message} ${detailOf(problem) ?? ''}`],
  );
}
