import { randomBytes } from 'node:crypto';
import { OperatorError } from '../../model/operator-error.ts';
import type { Connection, ExecInput, ExecOptions, ExecResult } from '../contract.ts';
import { quote } from '../quote.ts';
import type { SshTarget } from '../target.ts';
import { SudoDialog } from './dialog.ts';
import {
  allowedCommands,
  limited,
  overruled,
  passwordUnusable,
  sudoProblem,
  unanswered,
  wordsOf,
} from './problems.ts';

/**
 * sudo may look up users in a directory and names in a slow DNS; after this time it counts as hung. Seconds.
 */
const patience = 30;

/**
 * A connection whose commands run as root, over either transport. A root login needs no sudo(8). `exec`
 * throws an OperatorError whose code begins with `sudo-` if sudo did not start the command.
 */
export function asRoot(connection: Connection, target: SshTarget): Connection {
  if (target.user === 'root') return connection;
  return {
    exec: (command, input, options) => execAsRoot({ connection, target }, command, input, options),
    close: () => connection.close(),
  };
}

interface Login {
  readonly connection: Connection;
  readonly target: SshTarget;
}

/**
 * sudo's final verdict on a password. A wrong one is not tried twice in a run: a directory (LDAP, Active
 * Directory) locks accounts after a few attempts, and the next connection to this host would make another
 * one.
 */
const refusals = new WeakMap<SshTarget, OperatorError>();

async function execAsRoot(
  login: Login,
  command: string,
  input: ExecInput,
  options: ExecOptions,
): Promise<ExecResult> {
  const { connection, target } = login;
  const refused = refusals.get(target);
  if (refused !== undefined) throw refused;
  const password = await target.sudoPassword?.();
  if (password !== undefined && !isOneLine(password)) throw new OperatorError(passwordUnusable());
  const dialog = new SudoDialog(randomBytes(16).toString('hex'), password);
  const running = connection.exec(sudoCommand(command, dialog), dialog.input(input), {
    ...options,
    onErrorOutput: (chunk) => {
      dialog.take(chunk);
      if (dialog.started) options.onErrorOutput?.(chunk);
    },
  });
  const result = await inTime(running, dialog, () => {
    throw new OperatorError(unanswered(target, patience, dialog.said));
  });
  if (dialog.started) return { ...result, stderr: dialog.afterStart(result.stderr) };
  if (result.code === null) return result;
  const said = wordsOf(dialog.said);
  const problem = sudoProblem(target, { code: result.code, said, passwordSent: dialog.passwordSent });
  if (problem === undefined) return { ...result, stderr: Buffer.from(dialog.said, 'latin1') };
  if (problem.code === 'sudo-password') throw new OperatorError((await onlySome(login)) ?? problem);
  const error = new OperatorError(problem);
  if (problem.code === 'sudo-password-refused') refusals.set(target, error);
  throw error;
}

/**
 * The command as root. `env LC_ALL=C`: sudo's messages are parsed here, and the login shell may not support
 * `NAME=value command`. `-n`: sudo fails instead of asking, since nobody could answer. `-S`: it asks on
 * stderr and reads stdin. Not `-k`: it would make sudo ask unnecessarily. The password is in none of this:
 * anybody on the host can read arguments.
 */
function sudoCommand(command: string, dialog: SudoDialog): string {
  const how = dialog.prompt === undefined ? '-n' : `-S -p ${quote(dialog.prompt)}`;
  return `env LC_ALL=C sudo ${how} -- sh -c ${quote(`echo ${dialog.startMark} >&2; ${command}`)}`;
}

/**
 * What fits in one line of a password: sudo reads up to the line end, and no more than 255 bytes
 * (SUDO_CONV_REPL_MAX).
 */
function isOneLine(password: string): boolean {
  return password !== '' && !/[\n\r\0]/.test(password) && Buffer.byteLength(password) <= 255;
}

/** The time limit applies to sudo alone: once the command has started, its own limit applies. */
async function inTime<Result>(
  running: Promise<Result>,
  dialog: SudoDialog,
  tooLate: () => never,
): Promise<Result> {
  let deadline: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    deadline = setTimeout(resolve, patience * 1_000);
  });
  const begun = dialog.begun.then(() => 'begun');
  try {
    const first = await Promise.race([running.then(() => 'ended'), begun, late]);
    if (first !== undefined) return running;
  } finally {
    clearTimeout(deadline);
  }
  running.catch(() => {});
  return tooLate();
}

/**
 * sudo also says that a password is required to a user who may run some commands without one, but not ours.
 * The list of allowed commands tells the two cases apart, and a rule that asks after all.
 */
async function onlySome({ connection, target }: Login) {
  const limits = { timeout: 10, maximumOutput: 64 * 1024 };
  const list = await connection
    .exec('env LC_ALL=C sudo -n -l', Buffer.alloc(0), limits)
    .catch(() => undefined);
  const allowed = list?.code === 0 ? allowedCommands(list.stdout.toString()) : [];
  if (allowed.length === 0) return undefined;
  return overruled(target, allowed) ?? limited(target, allowed.join('\n'));
}
