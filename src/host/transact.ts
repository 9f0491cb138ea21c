import { setTimeout as sleep } from 'node:timers/promises';
import { OperatorError, type Problem } from '../model/operator-error.ts';
import type { Transaction, TransactionResult, TransactionState } from '../model/transaction.ts';
import type { Connection } from '../ssh/contract.ts';
import { anotherMachine, notThisMachine } from './another-machine.ts';
import { confirm } from './confirm.ts';
import { endingOf, withActions } from './ending.ts';
import { FollowReader } from './follow-reader.ts';
import { revertLimit, timeLimit } from './manifest.ts';
import { bootstrap, framed, newNonce, program } from './program.ts';
import { record } from './records.ts';
import { RunLog, type TransactionEvent } from './run-log.ts';
import { upload } from './upload.ts';

export interface TransactOptions {
  readonly onEvent?: (event: TransactionEvent) => void;
  /**
   * Called once when a host that needs an outside confirmation waits for it: true commits over a new
   * connection; false, or an error, reverts at once. It gets how long the host waits, in seconds. Without it
   * nobody confirms, and the host reverts at the end of the waiting time.
   */
  readonly confirm?: (seconds: number) => Promise<boolean>;
  /** stops following; the host finishes by itself, and the result is `unknown` */
  readonly signal?: AbortSignal;
}

/** Longest pause between two attempts to reach a host again. Milliseconds. */
const longestPause = 10_000;
/** How often an incomplete upload is sent. */
const uploads = 3;

/**
 * Carries out a transaction on its host and returns its outcome. The host works by itself once it has
 * received everything; this only follows the work, over a new connection if one is lost, until the host's own
 * time limits have passed. Throws an OperatorError only if nothing was sent yet: the first connection failed,
 * or the transaction has no valid written form.
 */
export async function transact(
  connectAgain: () => Promise<Connection>,
  transaction: Transaction,
  options: TransactOptions = {},
): Promise<TransactionResult> {
  const startedAt = Date.now();
  const sent = await upload(transaction);
  const texts = { receive: await program('receive'), follow: await program('follow') };
  // A minute for the rest.
  let deadline = startedAt + (timeLimit(transaction) + revertLimit(transaction) + 60) * 1_000;
  const log = new RunLog();
  let mode: 'receive' | 'follow' = 'receive';
  let attempts = 0;
  let failures = 0;
  let lost: Problem | undefined;
  let first = true;
  const answer = onceWaiting(connectAgain, transaction, options);

  while (Date.now() < deadline && !options.signal?.aborted) {
    const nonce = newNonce();
    let connection: Connection | undefined;
    try {
      connection = await connectAgain();
      first = false;
      const lines = log.lines;
      const reader = new FollowReader(nonce, (line) => {
        failures = 0;
        const event = log.add(line);
        if (event === undefined) return;
        options.onEvent?.(event);
        if (event.kind === 'waiting') answer(event.seconds);
        // It can't tell anything until it is back.
        const away = rebootLimit(transaction, event);
        if (away !== undefined) deadline = Math.min(deadline, Date.now() + away * 1_000);
      });
      if (mode === 'receive') attempts++;
      const request =
        mode === 'receive'
          ? sent.request
          : record('follow', transaction.run, lines + 1, transaction.machineId);
      const header = framed(texts[mode], request, nonce);
      // From here on the host may have started, whatever happens to the connection.
      const input = mode === 'receive' ? [header, ...sent.files] : header;
      mode = 'follow';
      await connection.exec(bootstrap, input, {
        timeout: Math.max(1, Math.ceil((deadline - Date.now()) / 1_000)),
        maximumOutput: 64 * 1024 * 1024,
        onOutput: reader.take,
      });
      if (reader.end === 'none') {
        // Nothing arrived completely, so nothing was started.
        if (attempts >= uploads) return result('refused', notReceived());
        mode = 'receive';
        lost = { code: 'connection-lost', message: 'the plan did not arrive completely; sending it again' };
      } else if (reader.end === notThisMachine) {
        // The original machine continues by itself, and its address may come back.
        lost = anotherMachine();
      } else if (reader.end !== undefined) {
        const { state, problem } = endingOf(reader.end, log);
        return result(state, problem);
      } else lost = brokenOff();
    } catch (error) {
      if (!(error instanceof OperatorError) || first) throw error;
      lost = error.problem;
    } finally {
      await connection?.close();
    }
    failures++;
    options.onEvent?.({ kind: 'reconnecting', problem: lost });
    const pause = Math.min(
      longestPause,
      250 * 2 ** Math.min(failures, 10),
      Math.max(0, deadline - Date.now()),
    );
    await sleep(pause, undefined, { signal: options.signal }).catch(() => {});
  }
  return result('unknown', options.signal?.aborted ? interrupted(transaction) : unknown(transaction, lost));

  function result(state: TransactionState, problem: Problem | undefined): TransactionResult {
    return {
      state,
      problem: problem && { ...withActions(problem, log), host: transaction.host },
      started: log.started,
      acted: log.acted,
      upgraded: log.upgraded,
      owed: state === 'committed' ? log.owed : [],
      warnings: log.warnings,
      durationMs: Date.now() - startedAt,
    };
  }
}

/** How long a host that begins to restart may take until it is back; seconds. */
function rebootLimit({ actions }: Transaction, event: TransactionEvent): number | undefined {
  if (event.kind !== 'action' || event.phase !== 'started') return undefined;
  return actions.find(({ name, run }) => run.kind === 'reboot' && name === event.action)?.timeout;
}

/** Sends the controller's decision over its own connections, as soon as it is asked for; at most once. */
function onceWaiting(
  connectAgain: () => Promise<Connection>,
  transaction: Transaction,
  { confirm: check, signal, onEvent }: TransactOptions,
): (seconds: number) => void {
  let asked = false;
  return (seconds) => {
    if (asked || check === undefined) return;
    asked = true;
    const until = Date.now() + seconds * 1_000;
    const speak = async () => {
      const word = (await check(seconds).catch(() => false)) ? 'commit' : 'revert';
      while (Date.now() < until && !signal?.aborted) {
        try {
          const connection = await connectAgain();
          try {
            await confirm(connection, { run: transaction.run, machineId: transaction.machineId, word });
            return;
          } finally {
            await connection.close();
          }
        } catch (error) {
          if (!(error instanceof OperatorError) || error.problem.code === 'not-waiting') return;
          onEvent?.({ kind: 'reconnecting', problem: error.problem });
          await sleep(500, undefined, { signal }).catch(() => {});
        }
      }
    };
    // The host's log tells the decision, whoever made it.
    speak().catch(() => undefined);
  };
}

function brokenOff(): Problem {
  return { code: 'connection-lost', message: 'the connection was lost; the host continues by itself' };
}

function notReceived(): Problem {
  return {
    code: 'connection-lost',
    message: `the connection was lost on each of the ${uploads} attempts to send the plan; nothing was changed`,
    next: 'check the network between here and the host, then run the command again',
  };
}

function interrupted(transaction: Transaction): Problem {
  return {
    code: 'interrupted',
    message:
      transaction.confirm === 'outside'
        ? 'the run was interrupted; without a confirmation the host puts everything back by itself'
        : 'the run was interrupted; the host completes it by itself',
    next: `run clusterproxy check to see the state of the host afterwards (run ${transaction.run})`,
  };
}

function unknown(transaction: Transaction, lost: Problem | undefined): Problem {
  return {
    code: 'outcome-unknown',
    message: 'the host can no longer be asked for the outcome; it commits or reverts by itself',
    next: `run clusterproxy status to see it as soon as the host answers again (run ${transaction.run})`,
    detail: lost === undefined ? undefined : [lost.message, lost.detail ?? ''].join('\n').trim(),
  };
}
