import type { AcceptedNow } from '../../model/accepted.ts';
import type { Handler } from '../../model/handler.ts';
import type { InTurns } from '../../model/in-turns.ts';
import type { Ledger, ManagedItem } from '../../model/ledger.ts';
import { OperatorError, type Problem, problemsOf } from '../../model/operator-error.ts';
import type { PathState, Snapshot } from '../../model/snapshot.ts';
import { builtInItemFormats } from '../../steps/item-formats.ts';
import { type ItemFormats, isWholePath } from '../../virtual/managed.ts';
import { VirtualHost } from '../../virtual/virtual-host.ts';
import { itemId } from '../items.ts';
import { leftByEarlierRun } from './earlier-run.ts';
import { nextLedger } from './ledger.ts';
import { restoreNoLongerWanted } from './no-longer-wanted.ts';
import { leftIds, refuseTwoOwners, runSteps, type StepTrace, type WantedStep } from './run-steps.ts';

/** What a playbook wants on one host, with everything filled in. */
export interface Wanted {
  readonly recipe: { readonly name: string; readonly reason: string } | undefined;
  /** in the playbook's order, which follows their stages */
  readonly steps: readonly WantedStep[];
  /** in the playbook's order; only those that apply */
  readonly handlers: readonly Handler[];
  /** units that must be active afterwards if they were active before */
  readonly units: readonly string[];
  /** what its playbook's health checks found */
  readonly warnings: readonly string[];
  /** why its services serve nobody at present; undefined if the playbook's checks find nothing */
  readonly down?: string | undefined;
  /** the handlers notified by a step of the playbook, whether or not the step applies to this host */
  notifyOf(step: string): readonly string[];
  /** the accounts that a step of the playbook, even one that this host doesn't get, names for its folders */
  folderOf?(step: string): readonly string[];
  /** names of the stages of its role, in order; empty if it has only one */
  readonly stages?: readonly string[] | undefined;
  /**
   * formats for reading things that its steps, or those of an earlier run, manage; undefined: those of the
   * built-in steps
   */
  readonly formats?: ItemFormats | undefined;
}

/**
 * Turns what is known about all hosts into what is wanted on each, or on those in `only`; a host that can't
 * be resolved gets its problem.
 */
export type Resolve = (
  snapshots: ReadonlyMap<string, Snapshot>,
  only?: ReadonlySet<string>,
) => ReadonlyMap<string, Wanted | OperatorError>;

/** One stage of a host, after its steps ran on a virtual host in the state that the previous stage leaves. */
export interface StageEvaluation {
  /** counts from 1 */
  readonly number: number;
  /** empty if the role has only one */
  readonly name: string;
  readonly host: VirtualHost;
  readonly traces: readonly StepTrace[];
  /** the ledger once it is carried out, without the names of cluster and playbook */
  ledger(): InTurns<Ledger>;
}

/** One host after all its steps ran on a virtual host. */
export interface Evaluation {
  readonly wanted: Wanted;
  /** the state in which the last stage leaves it */
  readonly host: VirtualHost;
  /** of all stages */
  readonly traces: readonly StepTrace[];
  /** at least one */
  readonly stages: readonly StageEvaluation[];
}

export interface EvaluateOptions {
  /** the hosts to evaluate; undefined: all */
  readonly only?: ReadonlySet<string> | undefined;
  /** whether a text contains one of the inventory's secrets */
  readonly holdsSecret?: ((text: string) => boolean) | undefined;
  /** differences that stay as they are */
  readonly accepted?: readonly AcceptedNow[] | undefined;
}

/** Run every host's steps on its virtual host. */
export function* evaluate(
  resolve: Resolve,
  snapshots: ReadonlyMap<string, Snapshot>,
  options: EvaluateOptions = {},
): InTurns<ReadonlyMap<string, Evaluation | Problem>> {
  const evaluations = new Map<string, Evaluation | Problem>();
  yield* evaluateEach(resolve, snapshots, (name, one) => void evaluations.set(name, one), options);
  return evaluations;
}

/**
 * The same for whoever has no use for all of it at once: each host's is handed over as soon as it is there,
 * and what isn't kept of it is gone before the next host's turn.
 */
export function* evaluateEach(
  resolve: Resolve,
  snapshots: ReadonlyMap<string, Snapshot>,
  take: (name: string, one: Evaluation | Problem) => InTurns<void> | undefined | void,
  options: EvaluateOptions = {},
): InTurns<void> {
  const { only, holdsSecret, accepted = [] } = options;
  const wanted = resolve(snapshots, only);
  const meant = [...snapshots].filter(([name]) => only === undefined || only.has(name));
  for (const [name, snapshot] of meant) {
    yield name;
    const of = wanted.get(name);
    const isWanted = of !== undefined && !(of instanceof OperatorError);
    const here = accepted.filter(({ host }) => host === name);
    const one = isWanted
      ? yield* evaluateHost(snapshot, of, { holdsSecret, accepted: here })
      : problemOf(name, of);
    const more = take(name, one);
    if (more !== undefined) yield* more;
  }
}

/**
 * What other hosts, and a second time, depend on: without the texts of each edit, of which a host has many
 * more than files, and which only its own plan tells of.
 */
export function inShort(one: Evaluation): Evaluation {
  const short = (trace: StepTrace): StepTrace => ({ ...trace, found: new Map(), editedTexts: new Map() });
  return { ...one, traces: one.traces.map(short), stages: one.stages.map(stageInShort) };
}

function stageInShort({ number, name, host }: StageEvaluation): StageEvaluation {
  const ledger = () => {
    throw new Error(`the ledger of ${host.snapshot.host} is asked for after its plan is made`);
  };
  return { number, name, host, traces: [], ledger };
}

export function isEvaluation(one: Evaluation | Problem | undefined): one is Evaluation {
  return one !== undefined && 'traces' in one;
}

function* evaluateHost(
  snapshot: Snapshot,
  wanted: Wanted,
  { holdsSecret, accepted = [] }: Pick<EvaluateOptions, 'holdsSecret' | 'accepted'>,
): InTurns<Evaluation | Problem> {
  const names = wanted.stages ?? [''];
  const knowledge = {
    holdsSecret,
    formats: wanted.formats ?? builtInItemFormats,
    leftByEarlierRun: (path: string, now: PathState) => leftByEarlierRun(snapshot, path, now),
  };
  const stages: StageEvaluation[] = [];
  let before = snapshot;
  try {
    for (const [index, name] of names.entries()) {
      const earlier = stages.flatMap(({ traces }) => traces);
      const place = { number: index + 1, name, isLast: index === names.length - 1, accepted };
      const stage = yield* evaluateStage(new VirtualHost(before, knowledge), wanted, place, earlier);
      stages.push(stage);
      if (!place.isLast) before = { ...stage.host.asSnapshot(name), ledger: yield* stage.ledger() };
    }
  } catch (error) {
    return problemOf(snapshot.host, error);
  }
  const last = stages.at(-1);
  if (last === undefined) throw new Error('a role without a stage');
  return { wanted, host: last.host, traces: stages.flatMap(({ traces }) => traces), stages };
}

interface StagePlace {
  readonly number: number;
  readonly name: string;
  readonly isLast: boolean;
  readonly accepted: readonly AcceptedNow[];
}

/**
 * What is no longer wanted is removed in the last stage, since it isn't known before whether it is still
 * wanted.
 */
function* evaluateStage(
  host: VirtualHost,
  wanted: Wanted,
  { isLast, accepted, ...stage }: StagePlace,
  earlier: readonly StepTrace[],
): InTurns<StageEvaluation> {
  const steps = wanted.steps.filter((step) => (step.stage ?? 1) === stage.number);
  const own = yield* runSteps(host, steps, accepted);
  refuseTwoOwners(host, [...earlier, ...own]);
  const isLater = belongsToLater([...earlier, ...own]);
  const managed = [...earlier, ...own].flatMap((trace) => trace.managed);
  const { notifyOf, folderOf } = wanted;
  const released = new Set([...earlier, ...own].flatMap((trace) => [...trace.released]));
  const restored = isLast
    ? yield* restoreNoLongerWanted(host, managed, { notifyOf, folderOf, isLater, released })
    : [];
  const traces = [...own, ...restored];
  const leftHere = leftIds(own);
  const looksAfter = new Set(earlier.flatMap((trace) => trace.managed.map(itemId)));
  const kept = (host.snapshot.ledger?.items ?? []).filter(
    (item) => !isLast || looksAfter.has(itemId(item)) || isLater(item) || leftHere.has(itemId(item)),
  );
  const names = { cluster: '', playbook: '', recipe: wanted.recipe?.name, run: '' };
  return { ...stage, host, traces, ledger: () => nextLedger(host, traces, names, kept) };
}

/**
 * Whether something of the ledger belongs to a step that can't be planned yet, or is a file as a whole that
 * such a step will write in the place of another one.
 */
function belongsToLater(traces: readonly StepTrace[]): (item: ManagedItem) => boolean {
  const later = traces.filter((trace) => trace.later !== undefined);
  const steps = new Set(later.map(({ step }) => step));
  const paths = new Set(later.flatMap((trace) => trace.later?.paths ?? []));
  return (item) => steps.has(item.step) || (isWholePath(item) && paths.has(item.path));
}

function problemOf(host: string, error: unknown): Problem {
  const [problem] = problemsOf(error ?? new Error('the playbook has no steps for this host'));
  return { host, code: 'unexpected', message: '', ...problem };
}
