/** Somebody wants hosts left alone. Times are seconds since the epoch. */
export interface Claim {
  readonly by: string;
  /** name of the machine on which clusterproxy ran */
  readonly from: string;
  readonly since: number;
  /** undefined: until it is released */
  readonly until: number | undefined;
}

/** Freezes a cluster for everybody. */
export interface Hold extends Claim {
  readonly reason: string;
}

/** Reserves a host for a run over many hosts, from before the first of them is changed to the run's end. */
export interface Lease extends Claim {
  readonly run: string;
  readonly command: string;
  /** which process of which machine it is that renews it; see src/run/claims/this-process.ts */
  readonly process: string;
}

/** Who has said that nothing more of a run is begun, and when. */
export type Aborted = Pick<Claim, 'by' | 'from' | 'since'>;

/** A hold, and the hosts that have it. Any one of them is enough. */
export interface ClusterHold extends Hold {
  readonly hosts: readonly string[];
}

/** The holds that hosts have, each once, the longest first. One is told to all hosts a moment apart. */
export function holdsOf(
  hosts: readonly { readonly host: string; readonly hold: Hold | undefined }[],
): readonly ClusterHold[] {
  const holds = new Map<string, ClusterHold>();
  for (const { host, hold } of hosts) {
    if (hold === undefined) continue;
    const key = JSON.stringify([hold.by, hold.from, hold.reason]);
    const known = holds.get(key);
    holds.set(key, known === undefined ? { ...hold, hosts: [host] } : merged(known, hold, host));
  }
  return [...holds.values()].sort((one, other) => endOf(other) - endOf(one));
}

function merged(known: ClusterHold, { since, until }: Hold, host: string): ClusterHold {
  return {
    ...known,
    since: Math.min(known.since, since),
    until: known.until === undefined || until === undefined ? undefined : Math.max(known.until, until),
    hosts: [...known.hosts, host],
  };
}

function endOf({ until }: Claim): number {
  return until ?? Number.MAX_SAFE_INTEGER;
}

/** `since 2026-11-26 18:00:00 UTC until 2026-11-27 06:00:00 UTC` */
export function spanWords({ since, until }: Pick<Claim, 'since' | 'until'>): string {
  return `since ${utcWords(since)}${until === undefined ? '' : ` until ${utcWords(until)}`}`;
}

/** `2026-11-26 18:00:00 UTC` */
export function utcWords(seconds: number): string {
  return `${isoOf(seconds).slice(0, 19).replace('T', ' ')} UTC`;
}

/** ISO 8601; a host may say any number. */
export function isoOf(seconds: number): string {
  const time = new Date(seconds * 1_000);
  return Number.isNaN(time.getTime()) ? new Date(0).toISOString() : time.toISOString();
}
