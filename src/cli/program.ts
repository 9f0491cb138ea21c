import { Command, CommanderError } from 'commander';
import { madeOf } from '../made-of.ts';
import { exitStatus } from '../model/result.ts';
import { registerAbort } from './abort.ts';
import { registerAccept } from './accept.ts';
import { registerApply } from './apply.ts';
import { registerCheck } from './check.ts';
import { registerDemo } from './demo.ts';
import { registerDoctor } from './doctor.ts';
import type { Environment, Registration } from './environment.ts';
import { registerExplain } from './explain.ts';
import { registerFollow } from './follow.ts';
import { registerForecast } from './forecast.ts';
import { registerHistory } from './history.ts';
import { registerHold } from './hold.ts';
import { registerJoin } from './join.ts';
import { registerLeave } from './leave.ts';
import { registerNotify } from './notify.ts';
import { registerPlan } from './plan.ts';
import { registerPlaybook } from './playbook.ts';
import { registerReboot } from './reboot.ts';
import { registerRelease } from './release.ts';
import { registerReport } from './report.ts';
import { registerResume } from './resume.ts';
import { registerRetire } from './retire.ts';
import { registerRollback } from './rollback.ts';
import { registerSchedule } from './schedule.ts';
import { registerStatus } from './status.ts';
import { registerSupport } from './support.ts';
import { registerToday } from './today.ts';
import { registerTrust } from './trust.ts';
import { registerUninstall } from './uninstall.ts';
import { registerUnlock } from './unlock.ts';
import { registerUpgrade } from './upgrade.ts';
import { usageError } from './usage.ts';
import { registerValidate } from './validate.ts';
import { registerVerify } from './verify.ts';
import { registerWatch } from './watch.ts';
import { registerWithdraw } from './withdraw.ts';

const commands = [
  registerValidate,
  registerTrust,
  registerPlan,
  registerForecast,
  registerApply,
  registerCheck,
  registerAccept,
  registerVerify,
  registerDoctor,
  registerRollback,
  registerRetire,
  registerJoin,
  registerLeave,
  registerResume,
  registerFollow,
  registerAbort,
  registerUpgrade,
  registerReboot,
  registerRelease,
  registerWithdraw,
  registerHistory,
  registerReport,
  registerStatus,
  registerToday,
  registerUnlock,
  registerHold,
  registerSchedule,
  registerWatch,
  registerNotify,
  registerUninstall,
  registerExplain,
  registerSupport,
  registerPlaybook,
  registerDemo,
];

const usualColumns = 80;
const widestHelp = 100;

/**
 * Carry out a command line (without `node` and the program's name) and return the exit status. Results go to
 * stdout, progress and messages to stderr. Whatever goes wrong is reported here; nothing is thrown.
 */
export async function execute(argv: readonly string[], environment: Environment): Promise<number> {
  let status: number = exitStatus.done;
  const program = makeProgram({ environment, finish: (exit) => (status = exit) });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitStatus.done;
    const command = commandIn(argv, program);
    if (error instanceof CommanderError && error.code === 'commander.help') return exitStatus.nothingTouched;
    const { reportFailure } = await import('./failure.ts');
    const cause = error instanceof CommanderError ? usageError(error, command) : error;
    return reportFailure(cause, { argv, command, environment });
  }
}

/** The command that a command line names, such as `plan` or `playbook check`; undefined if it names none. */
function commandIn(argv: readonly string[], { commands: known }: Command): string | undefined {
  for (const [index, word] of argv.entries()) {
    const command = known.find((one) => one.name() === word);
    if (command === undefined) continue;
    const below = commandIn(argv.slice(index + 1), command);
    return below === undefined ? word : `${word} ${below}`;
  }
  return undefined;
}

function makeProgram(registration: Registration): Command {
  const { results, messages } = registration.environment.output;
  const helpWidth = Math.min(results.columns || usualColumns, widestHelp);
  const program = new Command('clusterproxy')
    .description(
      'Turns plain servers into one video-conference cluster behind one address, and keeps it that way.',
    )
    .option('-V, --version', 'print the version, and what the program is made of')
    .on('option:version', () => tellVersion(results))
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => results.write(text),
      writeErr: (text) => messages.write(text),
      // Errors are reported in the form of all the others; see failure.ts.
      outputError: () => undefined,
      getOutHelpWidth: () => helpWidth,
      getErrHelpWidth: () => helpWidth,
    })
    .configureHelp({
      // That a switch is off by default says nothing, nor does an empty list.
      optionDescription: ({ description, defaultValue, defaultValueDescription }) =>
        typeof defaultValue === 'number' || typeof defaultValue === 'string'
          ? `${description} (default: ${defaultValueDescription ?? defaultValue})`
          : description,
    })
    .addHelpText('after', examples);
  for (const register of commands) register(program, registration);
  return program;
}

/** As commander's own `version`, which wants the text whenever the program starts. */
function tellVersion(results: { write(text: string): void }): never {
  results.write(`${madeOf()}\n`);
  throw new CommanderError(exitStatus.done, 'commander.version', 'version');
}

const examples = `
Examples:
  clusterproxy validate --inventory prod.yaml   check what needs no host
  clusterproxy trust --inventory prod.yaml      show the hosts' keys, pin them
  clusterproxy plan --inventory prod.yaml       show what would change, and why
  clusterproxy apply --inventory prod.yaml      plan, review, change
  clusterproxy demo                             try it all on this machine

Exit status: 0 done, 1 nothing was touched, 2 a host differs (check), 3 a host
failed, 4 a check from outside failed (verify, check) or a trouble was found
(doctor), 5 a host was deferred, 6 a host needs a person, 130 interrupted.`;
