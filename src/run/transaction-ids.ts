import { stageRun } from './run-id.ts';

/** The ids of what a run does to its hosts. */
export interface TransactionIds {
  /**
   * One for the stage of this number on a host, which sorts after those that it has had there: a host that
   * knows an id doesn't begin anything more, it only tells how that ended. Undefined if there is none left.
   */
  readonly next: (host: string, stage: number) => string | undefined;
}

/** As many as `baseRun` and the programs on the hosts take for parts of a run. */
const most = 9;

export function transactionIds(run: string): TransactionIds {
  const last = new Map<string, number>();
  return {
    next: (host, stage) => {
      const number = Math.max(stage, (last.get(host) ?? 0) + 1);
      if (number > most) return undefined;
      last.set(host, number);
      return stageRun(run, number);
    },
  };
}
