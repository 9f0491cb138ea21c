import type { AcceptedNow } from '../../model/accepted.ts';
import type { InTurns } from '../../model/in-turns.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { type Evaluation, evaluate, isEvaluation, type Resolve } from './evaluate.ts';
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
  const second = yield* evaluate(resolve, new Map([...(only?.known ?? []), ...planned]), {
    only: only?.hosts,
    accepted,
  });
  const problems = [...second].flatMap(([name, again]) => {
    const before = first.get(name);
    const problem = isEvaluation(before) ? difference(name, before, again) : undefined;
    return problem === undefined ? [] : [[name, problem] as const];
  });
  return new Map(problems);
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
