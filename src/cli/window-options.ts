import { type Command, InvalidArgumentError, Option } from 'commander';
import type { WeeklyWindow } from '../calendar/windows.ts';
import { parseTime, parseWindow, type WrittenTime } from '../calendar/written.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { RunWindow } from '../run/windows/run-window.ts';
import type { Environment } from './environment.ts';

/** As it stood on the command line. */
interface Typed {
  readonly typed: string;
}

/** When people may be interrupted: for commands that change hosts, and for `plan`, which shows it. */
export interface WindowOptions {
  readonly window: readonly (WeeklyWindow & Typed)[];
  readonly deadline?: WrittenTime & Typed;
  /** not of `plan` */
  readonly now?: boolean;
}

/** Adds the options that say it in advance. */
export function addWindowOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--window <window>',
        "interrupt people only then, such as 'sat,sun 06:00-18:00'; can be repeated, and replaces the windows of the inventory",
      )
        .argParser(another)
        .default([], 'as in the inventory'),
    )
    .addOption(deadlineOption());
}

/** By when a run has to be over. */
export function deadlineOption(): Option {
  return new Option(
    '--deadline <time>',
    'begin no host that could not be done, or put back, before 05:00, 2026-11-27T05:00, or 90m from now',
  ).argParser(time);
}

/** Adds the one by which the operator says that it may be now. */
export function addNowOption(command: Command): Command {
  return command.option(
    '--now',
    'interrupt people outside a window, or on a weekday from 07:00 to 18:00',
    false,
  );
}

/** What they mean for a run that begins at this moment. */
export async function windowOf(
  inventory: Inventory,
  { window, deadline, now = false }: WindowOptions,
  { clock }: Environment,
): Promise<RunWindow> {
  const { runWindow } = await import('../run/windows/run-window.ts');
  return runWindow(inventory, { window, deadline, now }, clock);
}

/** A window as it was typed earlier. Throws for one that isn't one, as `--window` does. */
export function typedWindow(typed: string): WindowOptions['window'][number] {
  const [window] = another(typed, []);
  if (window === undefined) throw new Error(`${typed} is not a window`);
  return window;
}

/** A deadline as it was typed elsewhere. Throws for one that isn't one, as `--deadline` does. */
export function typedDeadline(typed: string): NonNullable<WindowOptions['deadline']> {
  return time(typed);
}

/** Throws what commander reports as a wrong argument. */
function another(value: string, previous: WindowOptions['window']): WindowOptions['window'] {
  const window = parseWindow(value);
  if (window === undefined) {
    throw new InvalidArgumentError(
      "It must be days and times such as 'sat,sun 06:00-18:00', or '22:00-05:00' for every day.",
    );
  }
  return [...previous, { ...window, typed: value }];
}

function time(value: string): WrittenTime & Typed {
  const written = parseTime(value);
  if (written === undefined) {
    throw new InvalidArgumentError('It must be a time such as 05:00, 2026-11-27T05:00 or 90m.');
  }
  return { ...written, typed: value };
}
