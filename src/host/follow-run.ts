import { setTimeout as sleep } from 'node:timers/promises';
import { OperatorError } from '../model/operator-error.ts';
import type { Connection } from '../ssh/contract.ts';
import { notThisMachine } from './another-machine.ts';
import { FollowReader } from './follow-reader.ts';
import { bootstrap, framed, newNonce, program } from './program.ts';
import { record } from './records.ts';
import { RunLog, type TransactionEvent } from './run-log.ts';

export interface FollowOptions {
  readonly machineId: string;
  /** nobody is waited for any longer; milliseconds since the epoch */
  readonly until: number;
  readonly signal: AbortSignal;
  readonly onEvent: (event: TransactionEvent) => void;
}

/** Between two attempts to reach a host. Milliseconds. */
const pause = 5_000;

/**
 * Follows a run that somebody else has started, over as many connections as it takes, and returns the state
 * in which it ended: undefined if it goes on, or can't be asked.
 */
export async function followRun(
  connectAgain: () => Promise<Connection>,
  run: string,
  { machineId, until, signal, onEvent }: FollowOptions,
): Promise<string | undefined> {
  const log = new RunLog();
  while (Date.now() < until && !signal.aborted) {
    const nonce = newNonce();
    const reader = new FollowReader(nonce, (line) => {
      const event = log.add(line);
      if (event !== undefined) onEvent(event);
    });
    let connection: Connection | undefined;
    try {
      connection = await connectAgain();
      const request = record('follow', run, log.lines + 1, machineId);
      await connection.exec(bootstrap, framed(await program('follow'), request, nonce), {
        timeout: Math.max(1, Math.ceil((until - Date.now()) / 1_000)),
        maximumOutput: 64 * 1024 * 1024,
        onOutput: reader.take,
      });
    } catch (error) {
      // It goes on by itself, and can be asked again.
      if (!(error instanceof OperatorError)) throw error;
    } finally {
      connection?.close().catch(() => undefined);
    }
    if (reader.end !== undefined && reader.end !== notThisMachine) return reader.end;
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}
