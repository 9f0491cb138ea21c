import type { Problem } from '../model/operator-error.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { type Evaluation, evaluate, isEvaluation, type Resolve } from './evaluate.ts';

/**
 * The fixpoint check: all steps run a second time on what they made, over the whole cluster, facts and recipes computed
 * anew. Each step must be a no-op then, else the playbook isn't idempotent. Returns the problem of each host that fails.
 */
export function checkFixpoint(
  resolve: Resolve,
  first: ReadonlyMap<string, Evaluation | Problem>,
): ReadonlyMap<string, Problem> {
  const planned = [...first].flatMap(([name, one]): readonly (readonly [string, Snapshot])[] =>
    isEvaluation(one) ? [[name, one.host.asSnapshot()]] : [],
  );
  const second = evaluate(resolve, new Map(planned));
  const problems = [...second].flatMap(([name, again]) => {
    const before = first.get(name);
    const problem = isEvaluation(before) ? difference(name, before, again) : undefined;
    return problem === undefined ? [] : [[name, problem] as const];
  });
  return new Map(problems);
}

function difference(host: string, first: Evaluation, again: Evaluation | Problem): Problem | undefined {
  if (!isEvaluation(again)) {
    return notIdempotent(host, again.step, `on the planned files the playbook fails: ${again.message}`);
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
    `run a second time, the step ${restless.step} would change ${restless.paths.join(', ')} again`,
  );
}

function notIdempotent(host: string, step: string | undefined, message: string): Problem {
  return {
    code: 'not-idempotent',
    message,
    next: 'the playbook (or a step module of your own) has to be mended; no host was touched',
    host,
    step,
  };
}
