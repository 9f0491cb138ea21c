import type { Value } from '../formats/keyed-format.ts';
import type { InventoryHost } from '../inventory/inventory.ts';
import type { Ledger } from '../model/ledger.ts';
import { type HostPlan, type Stage, stagesOf } from '../model/plan.ts';
import type { Status } from '../model/result.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type {
  SupportChange,
  SupportHost,
  SupportKey,
  SupportMachine,
  SupportTexts,
} from '../model/support-bundle.ts';
import {
  firstTouches,
  itemFormats,
  oneOf,
  runIdIn,
  runStates,
  systems,
  unitWords,
  versionIn,
} from './closed-lists.ts';
import { nginxStructure } from './nginx-structure.ts';
import type { Words } from './words.ts';

/** What is known of a host. */
export interface KnownHost {
  readonly host: InventoryHost;
  readonly plan: HostPlan;
  readonly status: Status;
  readonly facts: Readonly<Record<string, Value>>;
}

export function hostPart({ host, plan, status, facts }: KnownHost, words: Words): SupportHost {
  const { snapshot } = plan;
  const stages = stagesOf(plan);
  const planned = stages.flatMap(({ changes }) => changes);
  return {
    host: words.host(host.name),
    role: words.name(host.role),
    retired: host.state === 'retired',
    status,
    recipe: plan.recipe === undefined ? undefined : words.name(plan.recipe.name, 'recipe'),
    isRecipeForced: host.recipe !== undefined,
    connection: {
      transport: host.ssh.transport ?? 'auto',
      become: host.ssh.become ?? 'none',
      jumps: host.ssh.proxyJump !== undefined && host.ssh.proxyJump !== 'none',
    },
    machine: snapshot === undefined ? undefined : machinePart(snapshot, words),
    facts: factsPart(facts, words),
    packages: [...(snapshot?.packages ?? [])].map(([name, version]) => {
      return { name: words.name(name), version: versionIn(version) };
    }),
    units: [...(snapshot?.units ?? [])].map(([unit, { load, active, sub, enabled }]) => ({
      unit: words.name(unit),
      load: oneOf(unitWords, load),
      active: oneOf(unitWords, active),
      sub: oneOf(unitWords, sub),
      enabled: oneOf(unitWords, enabled),
    })),
    keys: keysPart(snapshot?.ledger, stages, words),
    planned: planned.map(({ path, kind, action, steps }): SupportChange => {
      return { path: words.path(path), kind, action, steps: steps.map((step) => words.name(step)) };
    }),
    handlers: stages.flatMap(({ handlers }) =>
      handlers.map(({ handler, owed }) => ({ handler: words.name(handler.id), owed: owed !== undefined })),
    ),
    guards: plan.guards.map(({ guard, state, sessions }) => {
      return { guard: words.name(guard), state, sessions: sessions.length };
    }),
    warnings: textsPart(plan.warnings, words.vocabulary.sentences),
    unsettled: plan.unsettled.map(({ run, state, alive }) => {
      return { run: runOf(run, words), state: oneOf(runStates, state), alive: alive === true };
    }),
    nginx: snapshot === undefined ? [] : nginxPart(snapshot, words),
  };
}

/** A run's id says when the run began; anything else in its place gets a placeholder. */
export function runOf(run: string, words: Words): string {
  return runIdIn(run) ?? words.unknown('run', run);
}

function machinePart(snapshot: Snapshot, words: Words): SupportMachine {
  const { os, systemdVersion, packageManager, user, lookOnly, clockOffset, freeSpace, failedUnits } =
    snapshot;
  return {
    os: oneOf(systems, os.id),
    osVersion: versionIn(os.name.replace(/^[^0-9]*/, '')),
    systemd: systemdVersion,
    packageManager: packageManager ?? 'none',
    isRoot: user === 'root',
    isLookOnly: lookOnly === true,
    clockOffset: Math.round(clockOffset),
    freeSpace: [...freeSpace].map(([path, percent]) => ({ path: words.path(path), percent })),
    failedUnits: textsPart(failedUnits, words.vocabulary.names),
  };
}

/** A fact of an operator's own playbook may be anything, so only those of ours are told. */
function factsPart(facts: Readonly<Record<string, Value>>, words: Words): SupportHost['facts'] {
  return Object.entries(facts)
    .filter(([name]) => words.vocabulary.facts.has(name))
    .map(([name, value]) => ({ name, value: factValue(value, words) }));
}

function factValue(value: Value, words: Words): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'string') return 'set';
  if (value === '') return 'empty';
  if (words.vocabulary.keys.has(value)) return value;
  const version = versionIn(value);
  return version === value ? version : 'set';
}

function keysPart(ledger: Ledger | undefined, stages: readonly Stage[], words: Words): readonly SupportKey[] {
  const changes = stages.flatMap((stage) => stage.changes);
  return (ledger?.items ?? []).map(({ step, path, format, key, first }) => ({
    step: words.name(step),
    path: words.path(path),
    format: oneOf(itemFormats, format),
    key: words.key(key),
    first: oneOf(firstTouches, first.kind),
    isPlanned: changes.some((change) => change.path === path && change.steps.includes(step)),
  }));
}

function textsPart(texts: readonly string[], known: ReadonlySet<string>): SupportTexts {
  const ours = texts.filter((text) => known.has(text));
  return { known: ours, others: texts.length - ours.length };
}

/** nginx's files by their place: below a folder of its name, or by their ending. */
function nginxPart({ paths }: Snapshot, words: Words): SupportHost['nginx'] {
  return [...paths].flatMap(([path, state]) => {
    const file = state.kind === 'symlink' ? state.resolved : state.kind === 'file' ? state : undefined;
    if (file === undefined || !/\/nginx\/|\.nginx$/.test(path) || path.endsWith('mime.types')) return [];
    const lines = nginxStructure(file.content.toString('utf8'), words);
    return [{ path: words.path(path), lines }];
  });
}
