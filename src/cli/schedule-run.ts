import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatorError, type Problem } from '../model/operator-error.ts';
import { exitStatus } from '../model/result.ts';
import { loadInventory } from '../playbook/resolve/load-inventory.ts';
import { chooseView } from '../report/choose-view.ts';
import { errorReport } from '../report/document/document.ts';
import type { Environment } from './environment.ts';
import { withMetrics } from './metrics.ts';
import { refuseIdleLooks, type ScheduleRunOptions } from './schedule-options.ts';
import { carryOutRound, stateOf } from './schedule-round.ts';
import { recordUnusable } from './schedule-unusable.ts';

/** What the timer calls. Another run of the same schedule is refused. */
export async function runSchedule(options: ScheduleRunOptions, given: Environment): Promise<number> {
  refuseIdleLooks(options);
  const environment = await withCredentials(given);
  return withMetrics(options, environment, async (metrics) => {
    const inventory = await loadInventory(options.inventory, environment.secrets).catch(
      async (error: unknown) => {
        // What it is about is told below, whatever becomes of this.
        await recordUnusable(options, error, environment).catch(() => undefined);
        throw error;
      },
    );
    const status = await carryOutRound({ options, inventory, metrics }, environment);
    if (status !== 'busy') return status;
    return refuse(alreadyRunning(stateOf(options, inventory, environment)), options, environment);
  });
}

/**
 * Files of LoadCredential= stand for environment variables of their names (systemd.exec(5)). They get into no
 * environment: programs that are run don't inherit them.
 */
export async function withCredentials(environment: Environment): Promise<Environment> {
  const folder = environment.variables.CREDENTIALS_DIRECTORY;
  if (folder === undefined) return environment;
  const names = await readdir(folder).catch((): readonly string[] => []);
  const found = await Promise.all(
    names.map(async (name) => {
      const value = (await readFile(join(folder, name), 'utf8')).replace(/\r?\n$/, '');
      environment.secrets.add(value);
      return [name, value] as const;
    }),
  );
  const variables: Record<string, string | undefined> = {
    ...Object.fromEntries(found),
    ...environment.variables,
  };
  const forget = (name: string) => {
    delete variables[name];
    environment.forget?.(name);
  };
  // What is looked up when it is asked for, such as standard input, stays so.
  return Object.create(environment, {
    variables: { value: variables, enumerable: true },
    forget: { value: forget, enumerable: true },
  }) as Environment;
}

/** Another run of the same schedule is at work. */
export function alreadyRunning(folder: string): Problem {
  return new OperatorError({
    code: 'schedule-running',
    message: 'another run of this schedule is at work on this machine; nothing was done',
    next: 'wait until it has ended',
    detail: folder,
  }).problem;
}

function refuse(
  problem: Problem,
  options: ScheduleRunOptions,
  { output, secrets, inventory }: Environment,
): number {
  const report = { exitStatus: exitStatus.failed, errors: [problem], taken: inventory };
  chooseView(output, options).end(errorReport('schedule run', report, secrets));
  return exitStatus.failed;
}
