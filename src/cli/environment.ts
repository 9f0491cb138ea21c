import type { SecretRegister } from '../secrets/register.ts';

/** What the program is given from outside: nothing below src/main.ts touches `process` for these. */
export interface Environment {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** aborted when the operator interrupts (SIGINT, SIGTERM) */
  readonly signal: AbortSignal;
  /** aborted when they interrupt once more: hosts under way are left to themselves */
  readonly leave: AbortSignal;
  /** the secrets of this run, by value; both streams above let none of them through */
  readonly secrets: SecretRegister;
  /** takes a variable away, so that programs that are run don't inherit it */
  readonly forget?: (variable: string) => void;
  readonly phase: {
    /** set once hosts may have been changed: what goes wrong from then on isn't "nothing was touched" any more */
    changing: boolean;
    /** what an interruption comes to, where it isn't about the operator's hosts */
    interruption?: string;
  };
}

/** What every command's registration needs. */
export interface Registration {
  readonly environment: Environment;
  /** takes the exit status of the command that was carried out */
  readonly finish: (exitStatus: number) => void;
}

/** The width that help and reports are made for; undefined where the stream is no terminal. */
export function columnsOf(stream: NodeJS.WriteStream): number | undefined {
  return stream.isTTY ? stream.columns : undefined;
}

/** Whether a stream takes colours: a terminal that can, and nobody asked for none (https://no-color.org). */
export function takesColor(stream: NodeJS.WriteStream, variables: Environment['variables']): boolean {
  return stream.isTTY === true && (variables.NO_COLOR ?? '') === '' && variables.TERM !== 'dumb';
}
