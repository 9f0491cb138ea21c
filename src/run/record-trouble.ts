import type { Problem } from '../model/operator-error.ts';
import type { HostResult, Status } from '../model/result.ts';

/** A host's plan doesn't show these: it is made from the ledger, not from the records of single runs. */
const ofRecords: readonly string[] = ['record-damaged', 'record-newer'];

const settled: readonly Status[] = ['in-sync', 'done', 'would-change'];

export function isAboutRecords(problem: Problem | undefined): boolean {
  return ofRecords.includes(problem?.code ?? '');
}

/**
 * Hosts as they are, with what is wrong with the records of their runs. A host that has a problem of its own
 * keeps that.
 */
export function withRecordTrouble(
  hosts: readonly HostResult[],
  troubled: readonly HostResult[],
): readonly HostResult[] {
  return hosts.map((one) => {
    if (one.problem !== undefined) return one;
    const trouble = troubled.find(
      ({ plan, problem }) => plan.host === one.plan.host && isAboutRecords(problem),
    );
    if (trouble === undefined) return one;
    const { problem } = trouble;
    const isSettled = settled.includes(one.status);
    const status = isSettled ? trouble.status : one.status;
    return { ...one, status, problem, plan: { ...one.plan, problem } };
  });
}
