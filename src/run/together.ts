import type { HostResult, Status } from '../model/result.ts';

/**
 * Hosts that began together and are to end on one side: all of them stay as changed, or all are put back.
 * Each waits, changed and well, for a word that says which.
 */
export interface Together {
  readonly hosts: readonly string[];
  /**
   * Ends once each of them has come to its beginning, or won't begin: none waits changed for one that drains.
   */
  readonly begin: (host: string) => Promise<void>;
  /**
   * Whether the host may stay as it is. It waits so many seconds, and is put back without a word by then.
   * `isWell`: what was asked about it beforehand.
   */
  readonly word: (host: string, seconds: number, isWell: Promise<boolean>) => Promise<boolean>;
  /** A host has ended, in whatever way. */
  readonly ended: (host: string, status: Status) => void;
  /** the host because of which the others are put back; undefined: none is */
  readonly because: () => string | undefined;
}

/** Nothing was changed on the host, so that it is on neither side. */
const untouched: readonly Status[] = ['deferred', 'in-sync', 'done', 'skipped', 'not-started'];

interface Host {
  state: 'coming' | 'begun' | 'well' | 'ended';
}

export function startTogether(hosts: readonly string[]): Together {
  const all = new Map(hosts.map((host): [string, Host] => [host, { state: 'coming' }]));
  const comers = promised<void>();
  const verdict = promised<boolean>();
  let because: string | undefined;
  const is = (host: string, state: Host['state']) => {
    const one = all.get(host);
    if (one !== undefined) one.state = state;
    const states = [...all.values()].map((other) => other.state);
    if (!states.includes('coming')) comers.resolve();
    if (states.every((other) => other === 'well' || other === 'ended')) verdict.resolve(true);
  };
  const refuse = (host: string) => {
    because ??= host;
    verdict.resolve(false);
  };
  return {
    hosts,
    begin: async (host) => {
      is(host, 'begun');
      await comers.promise;
    },
    word: async (host, seconds, isWell) => {
      if (!(await isWell)) {
        refuse(host);
        return false;
      }
      // The word takes a new connection to each host.
      const reserve = Math.min(15, seconds / 2);
      const late = setTimeout(
        () => refuse([...all].find(([, { state }]) => state !== 'well' && state !== 'ended')?.[0] ?? host),
        Math.max(0, seconds - reserve) * 1_000,
      );
      is(host, 'well');
      try {
        return await verdict.promise;
      } finally {
        clearTimeout(late);
      }
    },
    ended: (host, status) => {
      const was = all.get(host)?.state;
      // What follows the verdict can't change it any more.
      if (was !== 'ended' && !untouched.includes(status) && status !== 'changed' && status !== 'owed') {
        refuse(host);
      }
      is(host, 'ended');
    },
    because: () => because,
  };
}

/** The first value that it is resolved with counts. */
function promised<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}

/** What is on the host now is what the run brought. */
const stays: readonly Status[] = ['changed', 'owed', 'kept'];

/**
 * The results of hosts that began together. One that was put back because of another says so; where they
 * ended on two sides, each says who is where.
 */
export function togetherResults(together: Together, results: readonly HostResult[]): readonly HostResult[] {
  const because = together.because();
  const told = results.map((result) => {
    const { plan, status, problem } = result;
    const own = problem?.code === 'declined' || problem?.code === 'not-confirmed';
    if (because === undefined || because === plan.host || status !== 'rolled-back' || !own) return result;
    return {
      ...result,
      problem: {
        code: 'wave-reverted',
        message: `${because} was not changed as planned, so this host, which was changed together with it, is back as it was`,
        next: `look at what happened on ${because}, then run the command again`,
        host: plan.host,
      },
    };
  });
  const touched = told.filter(({ status }) => !untouched.includes(status));
  const staying = touched.filter(({ status }) => stays.includes(status));
  if (staying.length === 0 || staying.length === touched.length) return told;
  const names = (some: readonly HostResult[]) => some.map(({ plan }) => plan.host).join(', ');
  const others = touched.filter((result) => !staying.includes(result));
  const warning = `the hosts that were changed together did not end the same: as planned: ${names(staying)}; not so: ${names(others)}`;
  return told.map((result) =>
    touched.includes(result) ? { ...result, warnings: [...result.warnings, warning] } : result,
  );
}
