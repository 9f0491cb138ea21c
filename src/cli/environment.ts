import type { TakenInventory } from '../model/taken-inventory.ts';
import type { EventLog } from '../record/event-log.ts';
import type { ReportFiles } from '../record/report-files.ts';
import type { Traces } from '../record/traces/traces.ts';
import type { Output } from '../report/output.ts';
import type { StartThread } from '../run/planning/elsewhere.ts';
import type { Clock } from '../run/windows/run-window.ts';
import type { SecretRegister } from '../secrets/register.ts';

/** What the program is given from outside: nothing below src/process.ts touches `process` for these. */
export interface Environment {
  readonly stdin: NodeJS.ReadStream;
  /** the only way out for words; it lets none of the secrets through */
  readonly output: Output;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** the only clock that decides when hosts are changed */
  readonly clock: Clock;
  /** aborted when the operator interrupts (SIGINT, SIGTERM) */
  readonly signal: AbortSignal;
  /** aborted when they interrupt once more: hosts under way are left to themselves */
  readonly leave: AbortSignal;
  /**
   * From now on there is something to be brought to an end: signals abort `signal`. Until then they end the
   * program as they end any other.
   */
  readonly attend: () => Promise<void>;
  /** does what SIGINT does: Ctrl-C is a mere key while a passphrase is typed */
  readonly interrupt: () => void;
  /** starts this program on a thread of its own; undefined where it runs from its sources */
  readonly startThread?: StartThread | undefined;
  /** the secrets of this run, by value */
  readonly secrets: SecretRegister;
  /** takes a variable away, so that programs that are run don't inherit it */
  readonly forget?: (variable: string) => void;
  /** takes what the command tells, for others and for later; undefined: nobody does */
  readonly events?: EventLog | undefined;
  /** has a trace of each command sent, where somebody wants one; undefined: nobody does */
  readonly traces?: Traces | undefined;
  /** writes reports as HTML and Markdown, where somebody wants them; undefined: nobody does */
  readonly reports?: ReportFiles | undefined;
  /** of a command over an inventory: which one it took; see take-inventory.ts */
  inventory?: TakenInventory;
  readonly phase: {
    /**
     * set once hosts may have been changed: what goes wrong from then on isn't "nothing was touched" any more
     */
    changing: boolean;
    /** what an interruption comes to, where it isn't about the operator's hosts */
    interruption?: string;
    /** what became of the command once it was interrupted, where more than nothing was changed */
    interrupted?: string;
  };
}

/** What every command's registration needs. */
export interface Registration {
  readonly environment: Environment;
  /** takes the exit status of the command that was carried out */
  readonly finish: (exitStatus: number) => void;
}
