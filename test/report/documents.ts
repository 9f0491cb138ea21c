import type { ClusterPlan } from '../../src/model/plan.ts';
import type { RunResult } from '../../src/model/result.ts';
import { errorReport, reportDocument, type Told } from '../../src/report/document/document.ts';
import type { ReportDocument } from '../../src/report/document/schema.ts';
import { resultOfPlan } from '../../src/run/result-of-plan.ts';
import { SecretRegister } from '../../src/secrets/register.ts';

/** Report documents of results and plans, for tests of what is shown of them. */

const noSecrets = new SecretRegister();

export function documentOf(result: RunResult, told: Told = {}): ReportDocument {
  return reportDocument(result, told, noSecrets);
}

export function documentOfPlan(plan: ClusterPlan, told: Told = {}): ReportDocument {
  return documentOf(resultOfPlan(plan, 'plan'), { byHand: plan.byHand, ...told });
}

export function documentOfErrors(
  command: string,
  exitStatus: number,
  errors: Parameters<typeof errorReport>[1]['errors'],
): ReportDocument {
  return errorReport(command, { exitStatus, errors }, noSecrets);
}
