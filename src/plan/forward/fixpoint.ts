import { isDeepStrictEqual } from 'node:util';
import type { AcceptedNow } from '../../model/accepted.ts';
import type { InTurns } from '../../model/in-turns.ts';
import { OperatorError, type Problem } from '../../model/operator-error.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { type Evaluation, evaluateEach, isEvaluation, type Resolve, type Wanted } from './evaluate.ts';
import type { StepTrace } from './run-steps.ts';

/**
 * The fixpoint check: all steps run a second time on their own results, over the whole cluster, with facts
 * and recipes computed anew. Each step must then be a no-op, or else the playbook isn't idempotent. Actions
 * count as carried out: none may be due again. Returns the problem of each host that fails. With `only`, only
 * those hosts are checked, while all others are as in `known`.
 */
export function* checkFixpoint(
  resolve: Resolve,
  first: ReadonlyMap<string, Evaluation | Problem>,
  options: {
    readonly only?:
      | { readonly hosts: ReadonlySet<string>; readonly known: ReadonlyMap<string, Snapshot> }
      | undefined;
    /** what stays as it is the second time as well */
    readonly accepted?: readonly AcceptedNow[] | undefined;
  } = {},
): InTurns<ReadonlyMap<string, Problem>> {
  const { only, accepted } = options;
  const planned = [...first].flatMap(([name, one]): readonly (readonly [string, Snapshot])[] =>
    isEvaluation(one) ? [[name, one.host.asSnapshot(one.stages.at(-1)?.name)]] : [],
  );
  if (planned.length === first.size && [...first.values()].every(isAsItWas)) return new Map();
  const all = new Map([...(only?.known ?? []), ...planned]);
  const wanted = resolve(all, only?.hosts);
  const restless = planned.flatMap(([name]) => (isSettled(first.get(name), wanted.get(name)) ? [] : [name]));
  const problems = new Map<string, Problem>();
  yield* evaluateEach(
    () => wanted,
    all,
    (name, again) => {
      const before = first.get(name);
      const problem = isEvaluation(before) ? difference(name, before, again) : undefined;
      if (problem !== undefined) problems.set(name, problem);
    },
    { only: new Set(restless), accepted },
  );
  return problems;
}

/** Whether the steps have left the host exactly as they found it. */
function isAsItWas(one: Evaluation | Problem | undefined): one is Evaluation {
  if (!isEvaluation(one) || one.stages.length !== 1) return false;
  return one.host.asSnapshot() === one.host.snapshot && !one.traces.some((trace) => trace.changed);
}

/**
 * Whether a second time can't differ from the first, so that it can be left out: what the steps get, the host
 * and their parameters, is the same, and that is all they know.
 */
function isSettled(
  one: Evaluation | Problem | undefined,
  again: Wanted | OperatorError | undefined,
): boolean {
  if (!isAsItWas(one) || again === undefined || again instanceof OperatorError) return false;
  return isDeepStrictEqual(ofSteps(one.wanted), ofSteps(again));
}

/** The steps' modules are the same objects each time, and are compared as such. */
function ofSteps({ recipe, stages, steps }: Wanted) {
  return { recipe: recipe?.name, stages, steps };
}

function difference(host: string, first: Evaluation, again: Evaluation | Problem): Problem | undefined {
  if (!isEvaluation(again)) {
    return notIdempotent(host, again.step, `the playbook fails on the planned files: ${again.message}`);
  }
  if (first.wanted.recipe?.name !== again.wanted.recipe?.name) {
    return notIdempotent(
      host,
      undefined,
      `the plan would change the recipe from ${first.wanted.recipe?.name} to ${again.wanted.recipe?.name}`,
    );
  }
  const restless = again.traces.find((trace) => trace.changed);
  if (restless === undefined) return undefined;
  return notIdempotent(
    host,
    restless.step,
    `if run a second time, the step ${restless.step} would ${againWords(restless)}`,
  );
}

function againWords({ paths, actions }: StepTrace): string {
  if (actions.length > 0) return `do ${actions.map(({ action }) => action.name).join(', ')} again`;
  return `change ${paths.join(', ')} again`;
}

function notIdempotent(host: string, step: string | undefined, message: string): Problem {
  return {
    code: 'not-idempotent',
    message,
    next: 'correct the playbook (or your own step module); no host was touched',
    host,
    step,
  };
}
