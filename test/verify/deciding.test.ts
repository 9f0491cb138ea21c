import { describe, expect, it } from 'vitest';
import type { DecidingCheck } from '../../src/model/deciding-check.ts';
import type { BrowserCheck, OutsideCheck } from '../../src/model/outside-check.ts';
import type { Asked } from '../../src/verify/ask.ts';
import {
  askAfter,
  askBefore,
  hasSay,
  isProved,
  type Questioner,
  unaskedBefore,
} from '../../src/verify/deciding.ts';

const passed: Asked = { outcome: 'passed', expected: 'x', found: '200 OK', fix: undefined };
const failed: Asked = { outcome: 'failed', expected: 'x', found: '502 Bad Gateway', fix: 'mend it' };
const unasked: Asked = { outcome: 'not-asked', expected: undefined, found: 'no network', fix: undefined };

const check = (id: string): OutsideCheck => ({
  ...{ id, title: id, fix: 'mend it' },
  question: { kind: 'certificate', hostname: 'bbb.example.com', port: 443 },
});
const deciding = (id: string, more: Partial<DecidingCheck> = {}): DecidingCheck => {
  return { host: 'bbb-01', role: 'node', check: check(id), always: false, ...more };
};

const inBrowser = (id: string, shows: BrowserCheck['question']['shows']): DecidingCheck => ({
  ...deciding(id),
  check: {
    ...check(id),
    question: {
      ...{ kind: 'browser', shows, page: 'https://bbb.example.com/', elsewhere: undefined },
      ...{ sockets: [], protocol: '', reads: [] },
    },
  },
});

/** Servers that answer in turn what is given for each id; the last answer stays. */
function servers(answers: Readonly<Record<string, readonly Asked[]>>) {
  const asked: string[] = [];
  const questioner: Questioner = {
    ask: async ({ check: { id } }) => {
      const given = answers[id] ?? [passed];
      const times = asked.filter((one) => one === id).length;
      asked.push(id);
      return given[Math.min(times, given.length - 1)] ?? passed;
    },
    pause: () => new Promise((resolve) => setImmediate(resolve)),
  };
  return { ...questioner, asked };
}

/** So many turns of the event loop from now. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const never = new Promise<void>(() => undefined);

async function outcomes(
  checks: readonly DecidingCheck[],
  answers: Readonly<Record<string, readonly Asked[]>>,
  deadline: { reached?: Promise<void>; last?: Promise<void> } = {},
) {
  const from = servers(answers);
  const before = await askBefore(checks, from);
  const judged = await askAfter(checks, before, {
    ...from,
    reached: deadline.reached ?? turns(40),
    last: deadline.last ?? never,
  });
  return {
    outcomes: Object.fromEntries(judged.map(({ id, outcome }) => [id, outcome])),
    proved: isProved(judged),
    asked: from.asked,
  };
}

describe('what decides whether a host stays changed', () => {
  it('a check that passed before and fails afterwards does', async () => {
    expect(await outcomes([deciding('page')], { page: [passed, failed] })).toMatchObject({
      outcomes: { page: 'failed' },
      proved: false,
    });
  });

  it('a check that failed before does not, whatever it says afterwards, and is asked once', async () => {
    const checks = [deciding('page'), deciding('api')];
    const still = await outcomes(checks, { api: [failed] });
    expect(still).toMatchObject({ outcomes: { page: 'passed', api: 'failed-before' }, proved: true });
    // Twice before the change, since it may have failed by chance, and once after it.
    expect(still.asked.filter((id) => id === 'api')).toHaveLength(3);
    const mended = await outcomes(checks, { api: [failed, failed, passed] });
    expect(mended).toMatchObject({ outcomes: { api: 'passed' }, proved: true });
  });

  it('what was asked by another name before the change has a say by that answer', async () => {
    const renamed = deciding('new', { before: check('old') });
    expect(await outcomes([renamed], { old: [passed], new: [failed] })).toMatchObject({ proved: false });
    expect(await outcomes([renamed], { old: [failed], new: [failed] })).toMatchObject({
      outcomes: { new: 'failed-before' },
      proved: true,
    });
  });

  it('a failure by chance before the change takes no say away', async () => {
    const { outcomes: found, proved } = await outcomes([deciding('page'), deciding('api')], {
      api: [failed, passed, failed],
    });
    expect(found).toEqual({ page: 'passed', api: 'failed' });
    expect(proved).toBe(false);
  });

  it('a check that decides in any case does, although it failed before', async () => {
    const { proved } = await outcomes([deciding('page', { always: true })], { page: [failed] });
    expect(proved).toBe(false);
  });

  it('a service may take its time: it is asked until it answers, or nobody can wait any more', async () => {
    const slow = { page: [passed, failed, failed, failed, passed] };
    expect(await outcomes([deciding('page')], slow)).toMatchObject({ proved: true });
    expect(await outcomes([deciding('page')], slow, { reached: Promise.resolve() })).toMatchObject({
      outcomes: { page: 'failed' },
      proved: false,
    });
  });

  it('what passed at first and has failed since speaks against the change', async () => {
    const { outcomes: found, proved } = await outcomes([deciding('page'), deciding('api')], {
      page: [passed, passed, failed],
      api: [passed, failed, failed, passed],
    });
    expect(found).toEqual({ page: 'failed', api: 'passed' });
    expect(proved).toBe(false);
  });

  it('what had to be waited for is asked together with all others at last', async () => {
    const { proved, asked } = await outcomes([deciding('page'), deciding('api')], {
      api: [passed, failed, passed],
    });
    expect(proved).toBe(true);
    expect(asked.slice(-2)).toEqual(['page', 'api']);
  });

  it('an answer that does not come in time is none', async () => {
    const checks = [deciding('page')];
    const before = await askBefore(checks, servers({}));
    const judged = await askAfter(checks, before, {
      ...servers({}),
      ask: () => new Promise(() => undefined),
      reached: turns(3),
      last: never,
    });
    expect([judged[0]?.outcome, isProved(judged)]).toEqual(['failed', false]);
  });

  it('what can not be asked from here proves nothing, and is told apart from what fails', async () => {
    expect(await outcomes([deciding('page')], { page: [passed, unasked] })).toMatchObject({
      outcomes: { page: 'not-asked' },
      proved: false,
    });
    const checks = [deciding('page'), deciding('api', { always: true })];
    const unaskedOf = async (some: readonly DecidingCheck[], ...ids: readonly string[]) =>
      unaskedBefore(await askBefore(some, servers(Object.fromEntries(ids.map((id) => [id, [unasked]])))));
    expect(await unaskedOf(checks, 'page', 'api')).toEqual({ what: 'network', why: 'no network' });
    expect(await unaskedOf(checks, 'page')).toBeUndefined();
    expect(await unaskedOf([])).toBeUndefined();
    // A page that can't be opened yet leaves all but its origin unasked.
    const both = [...checks, inBrowser('origin', 'origin'), inBrowser('sockets', 'sockets')];
    expect(await unaskedOf(both, 'sockets')).toBeUndefined();
    expect(await unaskedOf(both, 'origin', 'sockets')).toEqual({ what: 'browser', why: 'no network' });
  });

  it('without any check nothing speaks against the change', async () => {
    expect(await outcomes([], {})).toEqual({ outcomes: {}, proved: true, asked: [] });
  });

  describe('what is asked through a proxy for another host', () => {
    const through = deciding('page', { host: 'bbb-02', witness: check('own') });

    it('speaks against the proxy while that host answers by itself', async () => {
      expect(await outcomes([through], { page: [passed, failed] })).toMatchObject({ proved: false });
    });

    it('does not once that host is gone itself', async () => {
      const gone = { page: [passed, failed], own: [passed, failed] };
      expect(await outcomes([through], gone)).toMatchObject({ outcomes: { page: 'gone' }, proved: true });
    });

    it('does, if that host never answered from here', async () => {
      expect(await outcomes([through], { page: [passed, failed], own: [failed] })).toMatchObject({
        proved: false,
      });
    });

    it('does not, if that host is silent from now on', async () => {
      const before = await askBefore([through], servers({}));
      const judged = await askAfter([through], before, {
        pause: () => turns(1),
        ask: ({ check: { id } }) => (id === 'own' ? new Promise(() => undefined) : Promise.resolve(failed)),
        reached: turns(5),
        last: turns(10),
      });
      expect(judged[0]?.outcome).toBe('gone');
    });
  });

  it('tells which checks are waited for', async () => {
    const told: string[] = [];
    const checks = [deciding('page'), deciding('api')];
    const from = servers({ api: [passed, failed, passed] });
    const before = await askBefore(checks, from);
    expect(checks.every((one) => hasSay(one, before))).toBe(true);
    await askAfter(checks, before, {
      ...from,
      reached: never,
      last: never,
      onWaiting: (failing) => told.push(failing.map(({ id }) => id).join()),
    });
    expect(told).toEqual(['api']);
  });
});
