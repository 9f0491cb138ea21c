import type { LabHost } from '../lab/host.ts';

/** The start of a handler that has guards, as the log of a run tells it. */
export interface GuardedStart {
  readonly handler: string;
  readonly way: 'forward' | 'back';
  /** what its guard said last; undefined where it was not asked for this start */
  readonly answer: string | undefined;
  /** from that answer to the start; seconds by the host's clock */
  readonly seconds: number;
}

/** What the latest run on a host asked, and what it started. */
export interface Told {
  readonly starts: readonly GuardedStart[];
  /**
   * handlers that were not started in the end, with what their guard said last; nobody is asked twice in a
   * row
   */
  readonly refusals: Readonly<Record<string, string>>;
}

/** Reads the log of the latest run on a host. */
export async function askedAndStarted(host: LabHost): Promise<Told> {
  const log = await host.mustExec('cat "$(ls -d /var/lib/clusterproxy/runs/*/ | tail -n 1)log"');
  const open = new Map<string, { answer: string; at: number }>();
  const starts: GuardedStart[] = [];
  for (const line of log.split('\n')) {
    const [kind, first = '', second = '', third = '', fourth = ''] = line.split('\u001f');
    if (kind === 'guard' && second !== '') open.set(second, { answer: third, at: Number(fourth) });
    const forward = kind === 'handler' && second === 'started';
    const back = kind === 'reverting' && first === 'handler';
    if (!forward && !back) continue;
    const handler = forward ? first : second;
    const asked = open.get(handler);
    open.delete(handler);
    const way = forward ? 'forward' : 'back';
    starts.push({ handler, way, answer: asked?.answer, seconds: Number(third) - (asked?.at ?? Number.NaN) });
  }
  return {
    starts,
    refusals: Object.fromEntries([...open].map(([handler, { answer }]) => [handler, answer])),
  };
}
