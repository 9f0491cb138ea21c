import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { viewCluster } from '../../src/playbook/resolve/contexts.ts';
import { readsOf } from '../../src/playbook/resolve/reads.ts';
import { type ResolvedHost, resolveHost } from '../../src/playbook/resolve/resolve.ts';
import { StepHost } from '../../src/virtual/step-host.ts';
import { VirtualHost } from '../../src/virtual/virtual-host.ts';
import { loadInventory } from './load-inventory.ts';
import { changedPaths } from './run-step.ts';
import { type FakeHost, snapshotOf } from './snapshot-from-folder.ts';

/** One host after all its steps have run. */
export interface PlannedHost {
  readonly resolved: ResolvedHost;
  readonly virtual: VirtualHost;
  /** paths that differ from before, sorted */
  readonly changed: readonly string[];
  /** ids of the handlers that the changes ask for, in the playbook's order */
  readonly handlers: readonly string[];
  readonly warnings: readonly string[];
}

/** An inventory from its text. */
export async function inventoryFrom(text: string): Promise<Inventory> {
  const folder = mkdtempSync(join(tmpdir(), 'inventory-'));
  try {
    const file = join(folder, 'inventory.yaml');
    writeFileSync(file, text);
    return await loadInventory(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Run every step on hosts that exist only in memory, then again on the result, which must not change. */
export function planPlaybook(
  inventory: Inventory,
  hosts: Readonly<Record<string, FakeHost>>,
): ReadonlyMap<string, PlannedHost> {
  const snapshots = new Map<string, Snapshot>();
  for (const host of inventory.hosts) {
    const fake = hosts[host.name];
    if (fake !== undefined)
      snapshots.set(host.name, snapshotOf({ name: host.name, ...fake }, readsOf(inventory, host)));
  }
  const first = runAll(inventory, snapshots);
  const second = runAll(
    inventory,
    new Map([...first].map(([name, { virtual }]) => [name, virtual.asSnapshot()])),
  );
  for (const [name, { changed, resolved }] of second) {
    expect(changed, `a second run changes nothing on ${name}`).toEqual([]);
    expect(resolved.recipe?.name).toBe(first.get(name)?.resolved.recipe?.name);
  }
  return first;
}

function runAll(
  inventory: Inventory,
  snapshots: ReadonlyMap<string, Snapshot>,
): ReadonlyMap<string, PlannedHost> {
  const cluster = viewCluster(inventory, snapshots);
  return new Map(
    [...snapshots].map(([name, snapshot]) => [name, runHost(resolveHost(cluster, name), snapshot)] as const),
  );
}

function runHost(resolved: ResolvedHost, snapshot: Snapshot): PlannedHost {
  const virtual = new VirtualHost(snapshot);
  const notified = new Set<string>();
  const warnings: string[] = [];
  for (const { id, module, parameters, notify } of resolved.steps) {
    const view = new StepHost(virtual, id);
    module.apply(view, parameters as never);
    if (view.changed) for (const handler of notify) notified.add(handler);
    warnings.push(...view.warnings);
  }
  const handlers = resolved.handlers.map(({ id }) => id).filter((id) => notified.has(id));
  return { resolved, virtual, changed: changedPaths(virtual), handlers, warnings };
}
