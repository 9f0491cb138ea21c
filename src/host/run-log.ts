import type { Problem } from '../model/operator-error.ts';
import { sessionWords } from '../model/people.ts';
import type { UpgradedPackage } from '../model/upgrade.ts';
import { heard } from '../secrets/showable.ts';
import { fieldSeparator, printable } from './records.ts';

/** An event of a run that a host reported while it worked on it. */
export type TransactionEvent =
  | { readonly kind: 'state'; readonly state: string }
  | { readonly kind: 'guard'; readonly guard: string }
  /** every new file is in its place */
  | { readonly kind: 'swapped' }
  | { readonly kind: 'validate'; readonly command: string }
  | {
      readonly kind: 'handler';
      readonly handler: string;
      readonly phase: 'started' | 'finished' | 'reverting';
    }
  /** postponed because people are connected */
  | { readonly kind: 'owed'; readonly handler: string }
  /** an action that is done before any file is changed */
  | {
      readonly kind: 'action';
      readonly action: string;
      readonly phase: 'started' | 'finished' | 'unneeded';
      /** the last of its output */
      readonly output: string;
    }
  | { readonly kind: 'unit'; readonly unit: string; readonly enabled: string; readonly active: string }
  /** another package manager is running */
  | { readonly kind: 'waiting-for-packages'; readonly holder: string }
  /** another run holds the lock; this one waits for it */
  | { readonly kind: 'waiting-for-lock'; readonly holder: string }
  /** activated and healthy: the host waits this number of seconds for the controller's confirmation */
  | { readonly kind: 'waiting'; readonly seconds: number }
  /** services have to stay up for this number of seconds */
  | { readonly kind: 'settling'; readonly seconds: number }
  /** an earlier unfinished run is completed first */
  | { readonly kind: 'settling-other'; readonly run: string }
  /** nothing more of the run is to be begun, here or elsewhere */
  | { readonly kind: 'aborted'; readonly by: string; readonly from: string; readonly since: number }
  | { readonly kind: 'warning'; readonly message: string }
  | { readonly kind: 'reconnecting'; readonly problem: Problem };

/**
 * Limit for warnings and the like: nobody reads more, and a host that sends them without end must not fill
 * our memory.
 */
const most = 1_000;

/** The log of a run so far, added line by line. */
export class RunLog {
  readonly started: string[] = [];
  readonly warnings: string[] = [];
  readonly conflicts: string[] = [];
  readonly failures: string[] = [];
  /** ids of handlers that were postponed because people are connected; the new files stay in place */
  readonly owed: string[] = [];
  /** who is connected, in words, and by name */
  owedBecause: { readonly words: string; readonly detail: string } | undefined;
  /** what an upgrade made of packages */
  readonly upgraded: UpgradedPackage[] = [];
  /** names of actions that were begun, whatever became of them */
  readonly acted: string[] = [];
  /** names of actions that were carried out: their effects stay, whatever the outcome of the run */
  readonly done: string[] = [];
  /** packages that they installed */
  readonly installed: string[] = [];
  cause: Problem | undefined;
  /** seconds since the epoch by the host's clock */
  begunAt: number | undefined;
  stateSince: number | undefined;
  /** number of lines added, so that following can continue after them */
  lines = 0;

  add(line: string): TransactionEvent | undefined {
    this.lines++;
    const fields = line.split(fieldSeparator).map(readable);
    const [kind = '', first = '', second = '', third = '', fourth = ''] = fields;
    switch (kind) {
      case 'state':
        if (first === 'queued' || first === 'running') this.#beginAnew();
        this.#timed(second);
        return { kind: 'state', state: first };
      case 'guard':
        // If it has more fields it is the answer: HANDLER, none|busy|unknown, and when.
        return second === '' && third === '' ? { kind: 'guard', guard: first } : undefined;
      case 'swapped':
        return { kind: 'swapped' };
      case 'validate':
        return { kind: 'validate', command: first };
      case 'handler':
        if (second === 'started') note(this.started, first);
        return { kind: 'handler', handler: first, phase: second === 'started' ? 'started' : 'finished' };
      case 'reverting':
        return first === 'unit' ? undefined : { kind: 'handler', handler: second, phase: 'reverting' };
      case 'owed':
        note(this.owed, first);
        this.owedBecause ??= { words: second, detail: withoutNames(third.trim()) };
        return { kind: 'owed', handler: first };
      case 'act':
        if (second === 'started') note(this.acted, first);
        if (second === 'finished') this.done.push(first);
        return {
          kind: 'action',
          action: first,
          phase: second === 'started' || second === 'unneeded' ? second : 'finished',
          output: third.trim(),
        };
      case 'installed':
        this.installed.push(first);
        return undefined;
      case 'upgraded':
        if (this.upgraded.length < 2 * most)
          this.upgraded.push({ name: first, before: second, after: third });
        return undefined;
      case 'unit':
        return { kind: 'unit', unit: first, enabled: second, active: third };
      case 'waiting-for-packages':
        return { kind: 'waiting-for-packages', holder: first };
      case 'waiting-for-lock':
        return { kind: 'waiting-for-lock', holder: first };
      case 'waiting':
        return { kind: 'waiting', seconds: Number(first) };
      case 'settling-time':
        return { kind: 'settling', seconds: Number(first) };
      case 'settling':
        return { kind: 'settling-other', run: first };
      case 'aborted':
        return { kind: 'aborted', since: Number(first) || 0, by: second, from: third };
      case 'warning':
        note(this.warnings, first);
        return { kind: 'warning', message: first };
      case 'conflict':
        note(this.conflicts, `${first}: ${second}`);
        return undefined;
      case 'stuck':
        note(this.failures, `${first}: ${second}`);
        return undefined;
      case 'problem':
        this.cause ??= {
          code: first,
          message: second,
          next: third === '' ? undefined : third,
          detail: fourth.trim() === '' ? undefined : withoutNames(fourth.trim()),
        };
        return undefined;
      default:
        return undefined;
    }
  }

  /** A run that waits until nobody is there may have begun before, and have been put off. */
  #beginAnew(): void {
    this.cause = undefined;
    this.begunAt = undefined;
    this.owedBecause = undefined;
    for (const list of [this.started, this.warnings, this.owed, this.done]) list.length = 0;
  }

  #timed(seconds: string): void {
    // More digits are no time, and with enough of them there is nothing to count with.
    if (!/^[0-9]{1,11}$/.test(seconds)) return;
    this.begunAt ??= Number(seconds);
    this.stateSince = Number(seconds);
  }
}

function note(list: string[], entry: string): void {
  if (list.length < most) list.push(entry);
}

/** Versions before 0.3 wrote who was there into the log: `Maths, class 7b (participants: 27)`. */
function withoutNames(detail: string): string {
  return detail.replace(/^.* \(participants: ([0-9?]{1,9})\)$/gm, (_, participants: string) => {
    return `- ${sessionWords(participants === '?' ? {} : { participants: Number(participants) })}`;
  });
}

/** Line ends are sent as U+001E. What a host says goes into sentences of ours. */
function readable(field: string): string {
  return heard(printable(field.replaceAll('\u001e', '\n')));
}
