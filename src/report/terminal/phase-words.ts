import type { HostPhase, ProgressEvent } from '../../model/progress.ts';

export type HostEvent = Extract<ProgressEvent, { kind: 'host' }>;

const words: Readonly<Record<HostPhase, string>> = {
  waiting: 'waiting',
  draining: 'draining',
  connecting: 'connecting',
  uploading: 'uploading the new files',
  unpacking: 'sending and unpacking',
  fetching: 'fetching and unpacking',
  prepared: 'prepared',
  acting: 'carrying out',
  swapped: 'the new files are in place',
  validating: 'validating',
  handler: 'running a handler',
  checking: 'checking that it works',
  settling: 'seeing whether it stays up',
  confirming: 'waiting for the confirmation that it stays changed',
  queued: 'queued: it begins by itself once nobody is there',
  'put-off': 'put off',
  later: 'done but for what comes last',
  done: 'done',
};

/** Phases whose detail names only what they are about; any other says what is being done by itself. */
const named: readonly HostPhase[] = [
  'unpacking',
  'fetching',
  'acting',
  'validating',
  'put-off',
  'later',
  'done',
];

/**
 * What is being done on a host: `carrying out: certificate`, `running meetings: 2, with 28 people; waits
 * until 16:02`. What matters comes first, as a table shows the beginning.
 */
export function phaseWords({ phase, detail }: Pick<HostEvent, 'phase' | 'detail'>): string {
  if (detail === undefined) return words[phase];
  return named.includes(phase) ? `${words[phase]}: ${detail}` : detail;
}

/** The same with the host's name before it. */
export function hostWords(event: HostEvent): string {
  return `${event.host}: ${phaseWords(event)}`;
}
