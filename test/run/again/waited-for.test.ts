import { describe, expect, it } from 'vitest';
import type { RunKnown } from '../../../src/host/agreement.ts';
import type { ProgressEvent } from '../../../src/model/progress.ts';
import type { Agreement } from '../../../src/plan/saved/agreement.ts';
import type { SeenRun } from '../../../src/run/again/seen-run.ts';
import { waitedFor, waitingTeller } from '../../../src/run/again/waited-for.ts';
import type { Presence } from '../../../src/run/busy/ask-guards.ts';
import type { RunOptions } from '../../../src/run/options.ts';
import { loadInventoryText } from '../../support/load-inventory.ts';

const inventory = await loadInventoryText(`playbook: bigbluebutton
cluster: {name: prod, hostname: bbb.example.com}
windows: anytime
hosts:
  proxy: [{name: proxy-1}]
  node:
    - {name: bbb-01, hostname: bbb-01.example.com}
    - {name: bbb-02, hostname: bbb-02.example.com}
`);
const restarts = ['reload-nginx', 'restart-bbb-web'];

/** A run with these states of each host's stages, and the handlers of its plan. */
function runWith(
  states: Readonly<Record<string, readonly string[]>>,
  {
    whenBusy = 'wait',
    handlers = restarts,
    after = 10,
    code = 'busy',
  }: {
    whenBusy?: 'wait' | 'drain';
    handlers?: readonly string[];
    /** for how long its hosts are as they are, in seconds */
    after?: number;
    /** why hosts were put off */
    code?: string;
  } = {},
): SeenRun {
  const hosts = inventory.hosts.filter(({ name }) => name in states);
  const known = (name: string) =>
    ({
      now: 1_000_000,
      lease: {
        ...{ by: 'a', from: 'b', command: 'apply', run: 'r', process: 'p' },
        since: 1_000_000 - after,
      },
      stages: (states[name] ?? []).map((state) => ({ state, alive: false, run: 'r', log: logOf(state) })),
    }) as unknown;
  const logOf = (state: string) => [
    ...(state === 'deferred' ? [`problem\u001f${code}\u001fpeople are there`] : []),
    `state\u001f${state}\u001f${1_000_000 - after}`,
  ];
  const agreement = {
    hosts: hosts.map(({ name, role }) => ({ host: name, role, due: true, stages: 1 })),
    options: { whenBusy, waitTimeout: 1_800, drainTimeout: 3_600 },
    plan: { hosts: hosts.map(({ name }) => ({ host: name, stages: [{ handlers }] })) },
  } as unknown as Agreement;
  return {
    ...{ agreement, outcome: undefined },
    hosts: hosts.map((host) => ({ host, known: known(host.name) as RunKnown, problem: undefined })),
  };
}
const namesIn = (seen: SeenRun) => waitedFor(seen, { inventory }).map(({ host }) => host.name);

describe('hosts of a run that may be waited for', () => {
  it('are those whose role has its turn, and that have not begun', () => {
    expect(namesIn(runWith({ 'proxy-1': ['open'], 'bbb-01': [], 'bbb-02': [] }))).toEqual([]);
    expect(namesIn(runWith({ 'proxy-1': ['committed'], 'bbb-01': ['open'], 'bbb-02': [] }))).toEqual([
      'bbb-02',
    ]);
    expect(namesIn(runWith({ 'bbb-01': ['committed'], 'bbb-02': ['deferred'] }))).toEqual(['bbb-02']);
    expect(namesIn(runWith({ 'bbb-01': ['committed'], 'bbb-02': ['reverted'] }))).toEqual([]);
  });

  it('are none of a role after which others have begun', () => {
    const later = { 'bbb-01': ['open'], 'bbb-02': [] };
    expect(namesIn(runWith({ 'proxy-1': ['deferred'], ...later }))).toEqual(['bbb-02']);
    expect(namesIn(runWith({ 'proxy-1': [], ...later }))).toEqual(['bbb-02']);
  });

  it('are none that were put off for good', () => {
    expect(namesIn(runWith({ 'bbb-01': ['committed'], 'bbb-02': ['deferred'] }, { after: 1_799 }))).toEqual([
      'bbb-02',
    ]);
    expect(namesIn(runWith({ 'bbb-01': ['committed'], 'bbb-02': ['deferred'] }, { after: 1_800 }))).toEqual(
      [],
    );
    const closed = runWith({ 'bbb-02': ['deferred'] }, { code: 'outside-window' });
    expect(namesIn(closed)).toEqual([]);
    // Not begun anew with one stage done.
    expect(namesIn(runWith({ 'bbb-02': ['committed', 'deferred'] }))).toEqual([]);
  });

  it('are those of the next role once the time of one is up in which nothing is done', () => {
    const all = { 'proxy-1': ['deferred'], 'bbb-01': [], 'bbb-02': [] };
    expect(namesIn(runWith(all, { code: 'outside-window' }))).toEqual(['bbb-01', 'bbb-02']);
    expect(namesIn(runWith({ ...all, 'proxy-1': [] }, { after: 1_799 }))).toEqual([]);
    expect(namesIn(runWith({ ...all, 'proxy-1': [] }, { after: 1_800 }))).toEqual(['bbb-01', 'bbb-02']);
    expect(namesIn(runWith({ ...all, 'proxy-1': [] }, { after: 3_599 }))).toEqual(['bbb-01', 'bbb-02']);
    expect(namesIn(runWith({ ...all, 'proxy-1': [] }, { after: 3_600 }))).toEqual([]);
  });

  it('are those of which guards are asked, which are the ones that are asked here', () => {
    const nodes = { 'bbb-01': [], 'bbb-02': [] };
    expect(namesIn(runWith(nodes, { handlers: ['reload-nginx'] }))).toEqual([]);
    const [first] = waitedFor(runWith(nodes), { inventory });
    expect(first?.guards.map(({ id }) => id)).toEqual(['meetings']);
  });

  it('are none where the run does otherwise with people', () => {
    expect(namesIn(runWith({ 'bbb-01': [], 'bbb-02': [] }, { whenBusy: 'drain' }))).toEqual([]);
  });

  it('are those that are drained, as a balancer was told by the run', () => {
    const states = { 'proxy-1': [], 'bbb-01': [], 'bbb-02': [] };
    const drained = runWith(states, { whenBusy: 'drain' });
    const out = new Set(['bbb-02']);
    const [only, ...others] = waitedFor(drained, { inventory }, out);
    expect(others).toEqual([]);
    expect(only).toMatchObject({ host: { name: 'bbb-02' }, how: 'gets nobody new, and waits 1h' });
    expect(only?.guards.map(({ id }) => id)).toEqual(['meetings']);
    // Once it has begun, its own log tells.
    const begun = runWith({ ...states, 'bbb-02': ['open'] }, { whenBusy: 'drain' });
    expect(waitedFor(begun, { inventory }, out)).toEqual([]);
    expect(waitedFor(runWith({ 'bbb-02': [] }), { inventory }, out)[0]?.how).toBe('waits 30m');
  });

  it('are none of a run that is no apply', () => {
    const seen = runWith({ 'bbb-01': [] });
    expect(namesIn({ ...seen, agreement: { ...seen.agreement, plan: undefined } })).toEqual([]);
  });
});

describe('what is told of hosts that may be waited for', () => {
  /** What is told when the guards say these things one after the other, at looks 10 s apart. */
  async function told(
    ...looks: readonly (readonly [SeenRun, Presence, ReadonlySet<string>?])[]
  ): Promise<readonly string[]> {
    const events: ProgressEvent[] = [];
    const options = {
      ...{ inventory, parallel: 2, signal: new AbortController().signal },
      progress: (event: ProgressEvent) => void events.push(event),
    } as unknown as RunOptions;
    let found: Presence = { kind: 'empty' };
    let now = 0;
    let out: ReadonlySet<string> | undefined;
    const tell = waitingTeller(options, {
      ...{ ask: async () => found, askOut: async () => out, now: () => now },
    });
    for (const [seen, presence, taken] of looks) {
      [found, out] = [presence, taken];
      await tell(seen);
      now += 10_000;
    }
    return events.map((event) =>
      event.kind === 'host'
        ? `${event.host} ${event.phase}: ${event.detail ?? ''}`
        : event.kind === 'message'
          ? event.text
          : event.kind,
    );
  }
  const seen = runWith({ 'bbb-01': ['committed'], 'bbb-02': [] });
  const busy: Presence = { kind: 'busy', words: 'running meetings: 2' };
  const empty: Presence = { kind: 'empty' };

  it('is each time once, and also that nobody is there any more', async () => {
    expect(await told([seen, empty], [seen, busy], [seen, busy], [seen, empty], [seen, empty])).toEqual([
      'bbb-02 waiting: running meetings: 2; waits 30m at most',
      'bbb-02 waiting: nobody is there any more',
    ]);
    const begun = runWith({ 'bbb-01': ['committed'], 'bbb-02': ['open'] });
    expect(await told([seen, busy], [begun, empty])).toHaveLength(1);
  });

  it('is the same of one that is drained, also where the balancer could not be asked for once', async () => {
    const drained = runWith({ 'bbb-01': ['committed'], 'bbb-02': [] }, { whenBusy: 'drain' });
    const out = new Set(['bbb-02']);
    const waits = 'bbb-02 waiting: running meetings: 2; gets nobody new, and waits 1h at most';
    expect(await told([drained, busy, new Set()], [drained, busy, out], [drained, busy])).toEqual([waits]);
    expect(await told([drained, busy, out], [drained, empty, out], [drained, empty, new Set()])).toEqual([
      waits,
      'bbb-02 waiting: nobody is there any more',
      'bbb-02 put-off: it is no longer waited for',
    ]);
  });

  it('is that it has been put off, once it no longer waits', async () => {
    const over = runWith({ 'bbb-01': ['committed'], 'bbb-02': ['deferred'] }, { after: 1_800 });
    expect(await told([seen, busy], [over, busy], [over, busy])).toEqual([
      'bbb-02 waiting: running meetings: 2; waits 30m at most',
      'bbb-02 put-off: it is no longer waited for',
    ]);
  });

  it('is not that people are there where the host can not be asked', async () => {
    const unasked: Presence = { kind: 'unknown', words: 'connect ECONNREFUSED', isUnasked: true };
    expect(await told([seen, unasked], [seen, unasked])).toEqual([
      "bbb-02: whether it waits for people can't be seen from here: connect ECONNREFUSED",
    ]);
  });
});
