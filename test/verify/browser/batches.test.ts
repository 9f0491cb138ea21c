import { describe, expect, it } from 'vitest';
import type { BrowserCheck } from '../../../src/model/outside-check.ts';
import type { HostInBrowser } from '../../../src/verify/browser/ask-browser.ts';
import { inBatches } from '../../../src/verify/browser/batches.ts';

const check = (id: string, page = 'https://bbb.example.com/'): BrowserCheck => ({
  ...{ id, title: id, fix: 'mend it' },
  question: {
    ...{ kind: 'browser', shows: 'origin', page, elsewhere: undefined },
    ...{ sockets: [], protocol: '', reads: [] },
  },
});
const one = (host: string, id: string, page?: string, signal = new AbortController().signal) => {
  return { host, role: 'node', check: check(id, page), signal };
};

/** A browser that says which hosts and checks it was started for; each start waits until it is let go. */
function browser() {
  const starts: (readonly string[])[] = [];
  const closed: boolean[] = [];
  let letGo: () => void = () => undefined;
  const ask = inBatches(async (hosts, signal) => {
    starts.push(hosts.flatMap((host) => host.checks.map(({ id }) => `${host.host} ${id}`)));
    await new Promise<void>((resolve) => {
      letGo = resolve;
      signal.addEventListener('abort', () => resolve());
    });
    closed.push(signal.aborted);
    return { checks: hosts.flatMap(results), browser: undefined, screenshots: [], warnings: [] };
  });
  return { ask, starts, closed, letGo: () => letGo() };
}

function results({ host, role, checks }: HostInBrowser) {
  return checks.map(({ id, title, question: { page } }) => {
    const outcome = 'passed' as const;
    return { host, role, id, title, outcome, expected: page, found: `${host} ${id}`, fix: undefined };
  });
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('checks in a browser that are wanted one by one', () => {
  it('are asked together where they are wanted at the same time, each host with its own', async () => {
    const { ask, starts, letGo } = browser();
    const all = Promise.all([
      ask(one('bbb-01', 'origin')),
      ask(one('bbb-01', 'sockets')),
      ask(one('bbb-02', 'origin')),
    ]);
    await turns(3);
    letGo();
    expect((await all).map(({ found }) => found)).toEqual([
      ...['bbb-01 origin', 'bbb-01 sockets', 'bbb-02 origin'],
    ]);
    expect(starts).toEqual([['bbb-01 origin', 'bbb-01 sockets', 'bbb-02 origin']]);
  });

  it('wait for the browser that runs, and share the next', async () => {
    const { ask, starts, letGo } = browser();
    const first = ask(one('bbb-01', 'origin'));
    await turns(3);
    const later = Promise.all([ask(one('bbb-02', 'origin')), ask(one('bbb-02', 'origin'))]);
    await turns(3);
    expect(starts).toHaveLength(1);
    letGo();
    await first;
    await turns(3);
    letGo();
    expect((await later).map(({ found }) => found)).toEqual(['bbb-02 origin', 'bbb-02 origin']);
    expect(starts).toEqual([['bbb-01 origin'], ['bbb-02 origin']]);
  });

  it('are not mixed up where a host is asked two questions under one id', async () => {
    const { ask, starts, letGo } = browser();
    const all = Promise.all([
      ask(one('bbb-01', 'origin', 'https://a/')),
      ask(one('bbb-01', 'origin', 'https://b/')),
    ]);
    await turns(3);
    letGo();
    await turns(3);
    letGo();
    expect((await all).map(({ expected }) => expected)).toEqual(['https://a/', 'https://b/']);
    expect(starts).toHaveLength(2);
  });

  it('close the browser once nobody waits for an answer any more, and not before', async () => {
    const { ask, closed } = browser();
    const [mine, other] = [new AbortController(), new AbortController()];
    const all = Promise.all([
      ask(one('bbb-01', 'origin', undefined, mine.signal)),
      ask(one('bbb-02', 'origin', undefined, other.signal)),
    ]);
    await turns(3);
    mine.abort();
    await turns(3);
    expect(closed).toEqual([]);
    other.abort();
    await all;
    expect(closed).toEqual([true]);
  });

  it('start none for whoever has left already', async () => {
    const { ask, starts } = browser();
    const left = AbortSignal.abort();
    expect((await ask(one('bbb-01', 'origin', undefined, left))).outcome).toBe('not-asked');
    expect(starts).toEqual([]);
  });
});
