import type { Command } from 'commander';
import type { Inventory } from '../inventory/inventory.ts';
import { OperatorErrors, type Problem, problemsOf } from '../model/operator-error.ts';
import type { TroubleResult } from '../model/trouble.ts';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions, limitOfLooking, pagerOption } from './options.ts';
import type { Session } from './session.ts';

export function registerDoctor(program: Command, { environment, finish }: Registration): void {
  const command = addCommonOptions(
    program
      .command('doctor')
      .description(
        'Looks for known troubles of the hosts and their product: for each the fact that shows it, and what fixes it. Exit 4 if there is one. Changes nothing.',
      ),
    limitOfLooking,
  )
    .addOption(pagerOption())
    .action(async (options: CommonOptions) => finish(await doctor(options, environment)));
  addExample(command, 'clusterproxy doctor --inventory prod.yaml');
}

/** How long a server list and a host may take to answer. Milliseconds. */
const patience = 8_000;

async function doctor(options: CommonOptions, environment: Environment): Promise<number> {
  const [{ doctorRun }, { networkFromHere }, { loadWhatIsRight }, { exitStatus, resultWithoutHosts }] =
    await Promise.all([
      import('../run/doctor-run.ts'),
      import('../verify/network.ts'),
      import('../playbook/resolve/load-inventory.ts'),
      import('../model/result.ts'),
    ]);
  const { inventory, problems } = await loadWhatIsRight(options.inventory, environment.secrets);
  if (inventory === undefined) throw new OperatorErrors(problems);
  const { session, missing } = await openAnyway(options, environment, inventory);
  const errors = [...problems, ...missing];
  const { signal } = environment;
  const { troubles, unlooked } = await doctorRun({
    ...session.runOptions({ prune: false }),
    now: Date.now,
    network: networkFromHere({ signal, patience }),
  });
  const result = { ...resultWithoutHosts('doctor'), interrupted: signal.aborted };
  const status = signal.aborted
    ? exitStatus.interrupted
    : statusOf(troubles, { unlooked, errors }, exitStatus);
  session.show('troubles', result, { troubles, errors, exitStatus: status });
  return session.end(result, { troubles, errors, exitStatus: status });
}

/** Without a secret for ssh some hosts can't be reached, and the others can. */
async function openAnyway(
  options: CommonOptions,
  environment: Environment,
  inventory: Inventory,
): Promise<{ readonly session: Session; readonly missing: readonly Problem[] }> {
  const { openSession } = await import('./session.ts');
  try {
    return {
      session: await openSession('doctor', options, environment, 'server-lists', inventory),
      missing: [],
    };
  } catch (error) {
    const missing = problemsOf(error);
    if (!missing.every(({ code }) => code.startsWith('secret-'))) throw error;
    await environment.attend();
    return { session: await openSession('doctor', options, environment, 'nothing', inventory), missing };
  }
}

/** A host that could not be looked at is a trouble as well, but of it nothing was found out. */
function statusOf(
  troubles: readonly TroubleResult[],
  { unlooked, errors }: { readonly unlooked: ReadonlySet<string>; readonly errors: readonly Problem[] },
  status: { readonly done: number; readonly failed: number; readonly verifyFailed: number },
): number {
  const isAny = troubles.some(({ host, outcome }) => outcome === 'found' && !unlooked.has(host));
  if (isAny || errors.length > 0) return status.verifyFailed;
  return unlooked.size > 0 ? status.failed : status.done;
}
