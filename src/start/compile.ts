import { join } from 'node:path';
import { Script } from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { keptName, readKept, readTrusted, writeKept } from './kept-code.ts';

export interface Code {
  /** other code has another one */
  readonly name: string;
  /** in ASCII: the text of an expression */
  readonly source: string;
  /** where the text lies, for whoever reads a stack */
  readonly path: string;
  /** the folder in which the build may have left what it has compiled; undefined where there is none */
  readonly beside: string | undefined;
  /** the folder of this account for what can be made anew; undefined where it has none */
  readonly own: string | undefined;
  readonly uid: number;
  /** what of it is about to run, such as `validate` */
  readonly command: string;
}

/**
 * The value of a text of code. What V8 has compiled is kept for the next start: by the build, for the Node.js
 * that built it, and for any other in a folder of the account. Without either it takes longer, and no more.
 */
export function compile({ name, source, path, beside, own, uid, command }: Code): unknown {
  const file = keptName(name);
  const shipped = beside === undefined ? undefined : readKept(join(beside, file));
  const kept = shipped ?? (own === undefined ? undefined : readTrusted(own, file, uid));
  const script = new Script(source, { filename: path, ...(kept && { cachedData: kept.data }) });
  const isTaken = script.cachedDataRejected === false;
  const commands = isTaken ? (kept?.commands ?? []) : [];
  const isComplete = isTaken && (shipped !== undefined || commands.includes(command));
  if (own !== undefined && isMainThread && !isComplete) {
    const keep = () => writeKept(own, { file, uid, ...compiled(script, [...commands, command]) });
    process.once('exit', () => unlessLong(keep));
  }
  return script.runInThisContext();
}

function compiled(script: Script, commands: readonly string[]) {
  return { commands, data: script.createCachedData() };
}

/** V8 forgets what hasn't run for a while. */
const longest = 60_000;

function unlessLong(keep: () => void): void {
  try {
    if (performance.now() < longest) keep();
  } catch {
    // The folder can't be written, or others can change it: the next start takes as long.
  }
}
