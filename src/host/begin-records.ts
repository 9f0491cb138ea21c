import { interruptsPeople } from '../model/handler.ts';
import type { Transaction } from '../model/transaction.ts';
import { record } from './records.ts';

/** When it is too late for the host to begin, and what must not begin then; see begin.sh. */
export function beginRecords({ beginBefore, handlers }: Transaction): readonly string[] {
  if (beginBefore === undefined) return [];
  const { at, code, message, next } = beginBefore;
  return [
    record('begin-before', Math.floor(at), code, message, next),
    ...handlers.filter(interruptsPeople).map(({ id }) => record('interrupts', id, '')),
  ];
}

/**
 * How long it waits for what, and when it may begin; see queued.sh. `limits`: how long it may work, and put
 * everything back; seconds.
 */
export function queueRecords(
  { queue, handlers }: Transaction,
  limits: readonly [number, number],
): readonly string[] {
  if (queue === undefined) return [];
  const { idleFor, every, until, since, slots } = queue;
  const whole = (seconds: number) => Math.floor(seconds);
  return [
    record('queue', idleFor, every, whole(until), whole(since), ...limits),
    ...slots.map(({ from, to }) => record('queue-slot', Math.ceil(from), whole(to))),
    ...handlers.filter(interruptsPeople).map(({ id }) => record('interrupts', id, '')),
  ];
}
