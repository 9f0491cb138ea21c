import { atOnce } from '../../src/model/in-turns.ts';
import type { Ledger } from '../../src/model/ledger.ts';
import type { HostPlan } from '../../src/model/plan.ts';
import type { PathState, Snapshot } from '../../src/model/snapshot.ts';
import {
  type Evaluation,
  evaluate,
  isEvaluation,
  type Resolve,
  type Wanted,
} from '../../src/plan/forward/evaluate.ts';
import { planCluster } from '../../src/plan/forward/plan-cluster.ts';
import { letGoCreated, letGoItems, recordChanges, recordItems } from '../../src/plan/record.ts';
import type { RecordedRun } from '../../src/plan/rollback/plan-rollback.ts';
import type { SecretRegister } from '../../src/secrets/register.ts';
import { builtInItemFormats } from '../../src/steps/item-formats.ts';
import { stepModules } from '../../src/steps/registry.ts';
import { VirtualHost } from '../../src/virtual/virtual-host.ts';
import { stageOf } from './host-plan.ts';

/** A step of a module by its name, as in a playbook. */
export function wantedStep(id: string, module: string, parameters: unknown): Wanted['steps'][number] {
  const known = stepModules.get(module);
  if (known === undefined) throw new Error(`there is no step module ${module}`);
  return { id, module: known, parameters: known.parameters.parse(parameters), notify: [] };
}

/** A playbook with only these steps, for any host. */
export function wants(steps: Wanted['steps']): Resolve {
  const wanted: Wanted = {
    recipe: undefined,
    steps,
    handlers: [],
    units: [],
    warnings: [],
    notifyOf: () => [],
  };
  return (snapshots) => new Map([...snapshots].map(([name]) => [name, wanted]));
}

export function evaluated(snapshot: Snapshot, steps: Wanted['steps']): Evaluation {
  const one = atOnce(evaluate(wants(steps), new Map([[snapshot.host, snapshot]]))).get(snapshot.host);
  if (!isEvaluation(one)) throw new Error(`not evaluated: ${one?.message}`);
  return one;
}

/** The plan of one host for these steps. */
export function planWith(snapshot: Snapshot, steps: Wanted['steps'], secrets?: SecretRegister): HostPlan {
  const [plan] = planCluster({
    cluster: 'prod',
    playbook: 'test',
    hosts: [{ name: snapshot.host, role: 'node', snapshot, problem: undefined, durationMs: 0 }],
    resolve: wants(steps),
    crossChecks: [],
    secrets,
  });
  if (plan === undefined || plan.problem !== undefined)
    throw new Error(`not planned: ${plan?.problem?.message}`);
  return plan;
}

/** The host after the plan has been carried out. */
export function carriedOutHost(plan: HostPlan): Snapshot {
  if (plan.snapshot === undefined) throw new Error('not looked at');
  const { changes, ledger } = stageOf(plan);
  const host = new VirtualHost(plan.snapshot);
  for (const change of changes) host.set(change.path, change.after);
  return { ...host.asSnapshot(), ledger };
}

/** What the host remembers about the plan. */
export function recorded(
  plan: HostPlan,
  run = '20261121T074501Z-4f2a9c',
  formats = builtInItemFormats,
): RecordedRun {
  const stage = stageOf(plan);
  return {
    record: {
      schemaVersion: 1,
      run,
      command: 'apply',
      cluster: 'prod',
      host: plan.host,
      operator: 'ada',
      from: 'laptop',
      version: '0.1.0',
      startedAt: '2026-11-21T07:45:01.000Z',
      changes: recordChanges(stage.changes),
      items: recordItems(stage, formats),
      letGo: letGoItems(stage),
      letGoCreated: letGoCreated(stage),
      handlers: stage.handlers.map(({ handler }) => handler),
    },
    originals: new Map(stage.changes.map(({ path, before }) => [path, before])),
  };
}

/** The host with a different text at a path, as if someone had edited it. */
export function edited(snapshot: Snapshot, path: string, edit: (text: string) => string): Snapshot {
  const state = snapshot.paths.get(path);
  if (state?.kind !== 'file') throw new Error(`${path} is no file`);
  const content = Buffer.from(edit(state.content.toString()));
  return { ...snapshot, paths: new Map([...snapshot.paths, [path, { ...state, content }]]) };
}

export function withState(snapshot: Snapshot, path: string, state: PathState): Snapshot {
  return { ...snapshot, paths: new Map([...snapshot.paths, [path, state]]) };
}

export function emptyLedger(run = ''): Ledger {
  return {
    schemaVersion: 1,
    cluster: 'prod',
    playbook: 'test',
    recipe: undefined,
    run,
    items: [],
    created: [],
  };
}
