import { expect, it } from 'vitest';
import type { CheckResult, OutsideCheck } from '../../src/model/outside-check.ts';
import { AnswerTimes } from '../../src/run/slow-answers.ts';

const door = 'bbb.example.com';

function checkFor(host: string, at = `https://${door}/${host}/html5client/`, status = [200]): OutsideCheck {
  const asked = { headers: [], contains: [], answers: {}, location: undefined, assets: false };
  return { id: 'client', title: '', fix: '', question: { kind: 'http', url: at, status, ...asked } };
}

const result = (host: string, outcome: CheckResult['outcome'] = 'passed'): CheckResult => ({
  ...{ host, role: 'node', id: 'client', title: '', outcome },
  ...{ expected: '', found: '', fix: undefined },
});

/** The hosts that get a note, where each answers after these times, one after the other. */
async function noted(
  answers: Readonly<Record<string, readonly number[]>>,
  { check = checkFor, failed = [] as readonly string[] } = {},
): Promise<Readonly<Record<string, string>>> {
  let now = 0;
  const times = new AnswerTimes(door, () => now);
  for (const [host, took] of Object.entries(answers)) {
    const left = [...took];
    await times.time(host, check(host), async () => {
      now += left.shift() ?? 0;
    });
  }
  const results = Object.keys(answers).map((host) =>
    result(host, failed.includes(host) ? 'failed' : 'passed'),
  );
  const all = await times.noted(results);
  expect(all.map(({ note, ...rest }) => rest)).toEqual(results);
  return Object.fromEntries(all.flatMap(({ host, note }) => (note === undefined ? [] : [[host, note]])));
}

it('names the host that is slow twice, and whose fellows are not', async () => {
  expect(await noted({ 'bbb-01': [100], 'bbb-02': [4000, 3200], 'bbb-03': [900] })).toEqual({
    'bbb-02': 'slow: this took 3.2 s through the door, and 0.1 s on the fastest of the others',
  });
});

it.each([
  ['that is faster when it is asked again', { 'bbb-01': [100], 'bbb-02': [4000, 120] }, {}],
  ['where all are as slow', { 'bbb-01': [3000], 'bbb-02': [4000, 4000] }, {}],
  ['that takes no longer than people wait', { 'bbb-01': [10], 'bbb-02': [1900, 1900] }, {}],
  ['without others', { 'bbb-02': [4000, 4000] }, {}],
  ['where the others answer wrongly', { 'bbb-01': [10], 'bbb-02': [4000, 4000] }, { failed: ['bbb-01'] }],
  ['that answers wrongly', { 'bbb-01': [10], 'bbb-02': [4000, 4000] }, { failed: ['bbb-02'] }],
  [
    'asked by its own name',
    { 'bbb-01': [10], 'bbb-02': [4000, 4000] },
    { check: (host: string) => checkFor(host, `https://${host}.example.com/`) },
  ],
  [
    'for which the door answers',
    { 'bbb-01': [10], 'bbb-02': [4000, 4000] },
    { check: (host: string) => checkFor(host, undefined, [301]) },
  ],
])('names no host %s', async (_, answers, options) => {
  expect(await noted(answers as unknown as Readonly<Record<string, readonly number[]>>, options)).toEqual({});
});
