import type { Aborted } from '../../model/claims.ts';
import { heard } from '../../secrets/showable.ts';
import type { ApplyOptions } from '../options.ts';

/** The options of a run that ends as after an interruption once somebody has aborted it from elsewhere. */
export interface Abortable {
  readonly options: ApplyOptions;
  /** who has aborted it; undefined: nobody */
  readonly aborted: () => Aborted | undefined;
}

export function abortable(given: ApplyOptions): Abortable {
  const controller = new AbortController();
  let aborted: Aborted | undefined;
  const onAborted = (who: Aborted) => {
    if (aborted !== undefined) return;
    aborted = who;
    const text = `the run was aborted by ${heard(who.by)} from ${heard(who.from)}: no further host is started, and those being changed finish or roll back`;
    given.progress({ kind: 'message', text });
    controller.abort();
  };
  const signal = AbortSignal.any([given.signal, controller.signal]);
  return { options: { ...given, signal, onAborted }, aborted: () => aborted };
}
