import { describe, expect, it } from 'vitest';
import type { RunKnown } from '../../../src/host/agreement.ts';
import type { Agreement } from '../../../src/plan/saved/agreement.ts';
import type { SeenRun } from '../../../src/run/again/seen-run.ts';
import { waitedFor } from '../../../src/run/again/waited-for.ts';
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
  }: { whenBusy?: 'wait' | 'drain'; handlers?: readonly string[] } = {},
): SeenRun {
  const hosts = inventory.hosts.filter(({ name }) => name in states);
  const known = (name: string) =>
    ({
      stages: (states[name] ?? []).map((state) => ({ state, alive: false, run: 'r', log: [] })),
    }) as unknown;
  const agreement = {
    hosts: hosts.map(({ name, role }) => ({ host: name, role, due: true, stages: 1 })),
    options: { whenBusy },
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

  it('are those of which guards are asked, which are the ones that are asked here', () => {
    const nodes = { 'bbb-01': [], 'bbb-02': [] };
    expect(namesIn(runWith(nodes, { handlers: ['reload-nginx'] }))).toEqual([]);
    const [first] = waitedFor(runWith(nodes), { inventory });
    expect(first?.guards.map(({ id }) => id)).toEqual(['meetings']);
  });

  it('are none where the run does otherwise with people', () => {
    expect(namesIn(runWith({ 'bbb-01': [], 'bbb-02': [] }, { whenBusy: 'drain' }))).toEqual([]);
  });

  it('are none of a run that is no apply', () => {
    const seen = runWith({ 'bbb-01': [] });
    expect(namesIn({ ...seen, agreement: { ...seen.agreement, plan: undefined } })).toEqual([]);
  });
});
