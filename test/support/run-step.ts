import { expect } from 'vitest';
import type { HostAction } from '../../src/model/action.ts';
import { sameState } from '../../src/model/change.ts';
import { mergeReads } from '../../src/model/merge-reads.ts';
import { noReads } from '../../src/model/reads.ts';
import { stateIn } from '../../src/model/snapshot.ts';
import { stepModules } from '../../src/steps/registry.ts';
import type { Managed } from '../../src/virtual/managed.ts';
import { StepHost } from '../../src/virtual/step-host.ts';
import { VirtualHost } from '../../src/virtual/virtual-host.ts';
import { type FakeHost, snapshotOf } from './snapshot-from-folder.ts';

export interface Outcome {
  /** text of a file afterwards, undefined if there is no such file */
  text(path: string): string | undefined;
  /** paths that differ from before, sorted */
  readonly changed: readonly string[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  readonly drops: readonly string[];
  readonly managed: readonly Managed[];
  /** what it has done before changing files */
  readonly actions: readonly HostAction[];
  readonly host: VirtualHost;
}

/**
 * Run one step on a host that exists only in memory, then again on its own result, which it must not change.
 */
export function runStep(module: string, parameters: unknown, host: FakeHost): Outcome {
  const step = stepModules.get(module);
  if (step === undefined) throw new Error(`there is no step module ${module}`);
  const parsed = step.parameters.parse(parameters);
  const reads = mergeReads([{ ...noReads, ...step.reads(parsed) }]);
  const snapshot = snapshotOf(host, reads);
  const virtual = new VirtualHost(snapshot);
  const view = new StepHost(virtual, 'the-step');
  step.apply(view, parsed);
  for (const action of view.actions) virtual.act(action);
  const again = new VirtualHost(virtual.asSnapshot());
  const second = new StepHost(again, 'the-step');
  step.apply(second, parsed);
  expect(changedPaths(again), 'a second run changes nothing').toEqual([]);
  expect(second.actions, 'a second run does nothing').toEqual([]);
  expect(second.managed).toEqual(view.managed);
  return {
    text: (path) => textAt(virtual, path),
    changed: changedPaths(virtual),
    warnings: view.warnings,
    notes: view.notes,
    drops: view.drops,
    managed: view.managed,
    actions: view.actions.map(({ action }) => action),
    host: virtual,
  };
}

/** Errors that a module's schema finds in the parameters; empty if there are none. */
export function mistakes(module: string, parameters: unknown): readonly string[] {
  const result = stepModules.get(module)?.parameters.safeParse(parameters);
  return (result?.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

export function changedPaths(host: VirtualHost): readonly string[] {
  const isOther = (path: string) =>
    !sameState(stateIn(host.snapshot, path) ?? { kind: 'absent' }, host.state(path));
  return host.touched.filter(isOther).sort();
}

export function textAt(host: VirtualHost, path: string): string | undefined {
  const state = host.state(path);
  return state.kind === 'file' ? state.content.toString() : undefined;
}
