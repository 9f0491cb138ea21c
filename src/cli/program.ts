import { Command, CommanderError, type Option } from 'commander';
import { madeOf } from '../made-of.ts';
import { exitStatus } from '../model/result.ts';
import { registerAbort } from './abort.ts';
import { registerAccept } from './accept.ts';
import { registerApply } from './apply.ts';
import { registerCheck } from './check.ts';
import { completing, registerCompletion } from './completion.ts';
import { registerConfig } from './config.ts';
import { registerDemo } from './demo.ts';
import { registerDocs } from './docs.ts';
import { registerDoctor } from './doctor.ts';
import type { Environment, Registration } from './environment.ts';
import { registerExplain } from './explain.ts';
import { registerFleet } from './fleet.ts';
import { registerFollow } from './follow.ts';
import { registerForecast } from './forecast.ts';
import { registerHistory } from './history.ts';
import { registerHold } from './hold.ts';
import { registerInit } from './init.ts';
import { registerJoin } from './join.ts';
import { registerLeave } from './leave.ts';
import { registerMonitoring } from './monitoring.ts';
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
import { registerSchema } from './schema.ts';
import { registerStatus } from './status.ts';
import { registerSupport } from './support.ts';
import { takeInventories } from './take-inventory.ts';
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
import { registerWorker } from './worker.ts';

const commands = [
  registerInit,
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
  registerMonitoring,
  registerNotify,
  registerFleet,
  registerWorker,
  registerUninstall,
  registerExplain,
  registerDocs,
  registerConfig,
  registerSchema,
  registerCompletion,
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
    if (argv[0] === completing) {
      const { completeWords } = await import('./completion/complete.ts');
      await completeWords(argv.slice(1), program, environment);
      return status;
    }
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitStatus.done;
    const command = commandIn(argv, program);
    if (error instanceof CommanderError && error.code === 'commander.help') return exitStatus.nothingTouched;
    const { reportFailure } = await import('./failure.ts');
    const cause = error instanceof CommanderError ? usageError(error, command, program) : error;
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
      optionDescription,
    })
    .addHelpText('after', examples);
  for (const register of commands) register(program, registration);
  takeInventories(program, registration.environment);
  return program;
}

/** That a switch is off by default says nothing, nor does an empty list. */
export function optionDescription({ description, defaultValue, defaultValueDescription }: Option): string {
  return typeof defaultValue === 'number' || typeof defaultValue === 'string'
    ? `${description} (default: ${defaultValueDescription ?? defaultValue})`
    : description;
}

/** A command of the program by its whole name, such as `schedule install`; groups of commands as well. */
export interface NamedCommand {
  readonly name: string;
  readonly command: Command;
}

/** All commands as they stand in the help; nothing is carried out. */
export function commandTree(program: Command = describedProgram()): readonly NamedCommand[] {
  const below = (command: Command, before: string): readonly NamedCommand[] =>
    command.commands.flatMap((one) => {
      const name = `${before}${one.name()}`;
      return [{ name, command: one }, ...below(one, `${name} `)];
    });
  return below(program, '');
}

/** The program with all that it understands, to be looked at. */
export function describedProgram(): Command {
  const nowhere = { write: () => undefined, isTerminal: false, columns: undefined, takesColor: false };
  const environment = { output: { results: nowhere, messages: nowhere } } as unknown as Environment;
  return makeProgram({ environment, finish: () => undefined });
}

/** What the program exits with, wrapped for a help text. */
export const exitStatuses = `Exit status: 0 done, 1 nothing was touched, 2 a host differs (check), 3 a host
failed, 4 a check from outside failed (verify, check) or a trouble was found
(doctor), 5 a host was deferred, 6 a host needs a person, 130 interrupted.`;

/** As commander's own `version`, which wants the text whenever the program starts. */
function tellVersion(results: { write(text: string): void }): never {
  results.write(`${madeOf()}\n`);
  throw new CommanderError(exitStatus.done, 'commander.version', 'version');
}

const examples = `
Examples:
  clusterproxy init --inventory prod.yaml       write an inventory
  clusterproxy validate --inventory prod.yaml   check what needs no host
  clusterproxy trust --inventory prod.yaml      show the hosts' keys, pin them
  clusterproxy plan --inventory prod.yaml       show what would change, and why
  clusterproxy apply --inventory prod.yaml      plan, review, change
  clusterproxy demo                             try it all on this machine

${exitStatuses}`;
