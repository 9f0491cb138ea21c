import type { RunResult } from '../../model/result.ts';
import { type RunOutcome, storedText } from '../../plan/saved/agreement.ts';
import type { SecretRegister } from '../../secrets/register.ts';
import { storedProblem } from './agreement-of.ts';

/** How a run ended, as its hosts store it. */
export function outcomeOf(result: RunResult, secrets: Pick<SecretRegister, 'maskAll'>): Buffer {
  const { aborted, interrupted } = result;
  const content: RunOutcome = {
    schemaVersion: 1,
    endedAt: new Date().toISOString(),
    interrupted,
    ...(aborted === undefined ? {} : { aborted }),
    warnings: [...result.warnings],
    hosts: result.hosts.map(({ plan, status, problem, ran, warnings, durationMs }) => ({
      ...{ host: plan.host, status },
      ...(problem === undefined ? {} : { problem: storedProblem(problem) }),
      ...{ ran: [...ran], warnings: [...warnings], durationMs },
    })),
  };
  return storedText(secrets.maskAll(content));
}
