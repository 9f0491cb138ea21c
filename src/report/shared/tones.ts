import type { ReportStatus } from '../document/schema.ts';

/** What a state comes to at a glance: all is well, something changes, somebody waits, somebody is needed. */
export type Tone = 'good' | 'change' | 'wait' | 'bad' | 'off';

const tones: Readonly<Record<ReportStatus, Tone>> = {
  'in-sync': 'good',
  done: 'good',
  changed: 'good',
  'would-change': 'change',
  drifted: 'change',
  deferred: 'wait',
  owed: 'wait',
  queued: 'wait',
  'not-started': 'wait',
  off: 'off',
  skipped: 'off',
  'rolled-back': 'bad',
  failed: 'bad',
  unreachable: 'bad',
  damaged: 'bad',
  unknown: 'bad',
  open: 'bad',
  kept: 'bad',
  conflict: 'bad',
  stuck: 'bad',
};

export function toneOf(status: ReportStatus): Tone {
  return tones[status];
}

/** The same of how a run ended on a host, as that remembers it. */
export function toneOfEnd(state: string): Tone {
  if (state === 'committed') return 'good';
  if (state === 'deferred' || state === 'queued') return 'wait';
  return state === 'refused' || state === 'abandoned' ? 'off' : 'bad';
}

/** The worst of several. */
export function worstTone(all: readonly Tone[]): Tone {
  const order: readonly Tone[] = ['bad', 'change', 'wait', 'good', 'off'];
  return order.find((tone) => all.includes(tone)) ?? 'off';
}
