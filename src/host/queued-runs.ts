import type { QueueAnswer, QueuedRun } from '../model/queue.ts';
import { heard } from '../secrets/showable.ts';
import { fieldSeparator, printable } from './records.ts';

/** The runs of a cluster that wait on a host, from the facts of its probe; their times by our clock. */
export function queuedIn(
  facts: readonly string[][],
  asking: string | undefined,
  offset: number,
): readonly QueuedRun[] {
  return facts.flatMap(([kind, run = '', cluster = '', who = '', ...rest]) => {
    if (kind !== 'queued' || (asking !== undefined && cluster !== asking)) return [];
    return [queuedRun(rest, { run: printable(run), who: who === '' ? undefined : printable(who) }, offset)];
  });
}

/** The same from the record of one run that the host remembers, by the host's clock. */
export function readQueued(text: string, run: string): QueuedRun {
  return queuedRun(text.split(fieldSeparator), { run, who: undefined }, 0);
}

/** The fields that queue-facts.sh tells. */
function queuedRun(
  fields: readonly string[],
  named: Pick<QueuedRun, 'run' | 'who'>,
  offset: number,
): QueuedRun {
  const [since, until, idleFor, from, to, ...asked] = fields;
  const time = (text: string | undefined) => timeOf(text, offset);
  const begins = time(from);
  const ends = time(to);
  return {
    ...named,
    since: time(since) ?? 0,
    until: time(until) ?? 0,
    idleFor: timeOf(idleFor, 0) ?? 0,
    slot: begins === undefined || ends === undefined ? undefined : { from: begins, to: ends },
    asked: answer(asked, time),
  };
}

function answer(
  [idleSince, at, verdict, heldBack, words = '']: readonly string[],
  time: (text: string | undefined) => number | undefined,
): QueueAnswer | undefined {
  const asked = time(at);
  if (asked === undefined || (verdict !== 'none' && verdict !== 'busy' && verdict !== 'unknown')) {
    return undefined;
  }
  return {
    ...{ at: asked, verdict, idleSince: time(idleSince) },
    heldBack: obstacles.find((one) => one === heldBack),
    words: heard(printable(words.replaceAll('\u001e', '\n'))).trim(),
  };
}

const obstacles = ['held', 'leased', 'locked', 'window', 'failed'] as const;

/** More digits are no time. */
function timeOf(text: string | undefined, offset: number): number | undefined {
  return text !== undefined && /^[0-9]{1,11}$/.test(text) ? Math.round(Number(text) - offset) : undefined;
}
