import { describe, expect, it } from 'vitest';
import type { ReportQueued, ReportRollout } from '../../src/report/document/schema.ts';
import { queuedWords, spanWords } from '../../src/report/shared/queued.ts';
import { renderQueues } from '../../src/report/terminal/queue.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';

const style = makeStyle({ columns: 80, color: false, verbose: false });
const waiting: ReportQueued = {
  run: '20261126T180000Z-4f2a9c',
  who: 'ada from laptop, apply, run 20261126T180000Z-4f2a9c',
  since: '2026-11-26T18:00:00.000Z',
  until: '2026-12-03T18:00:00.000Z',
  idleForSeconds: 1_200,
};
const begin =
  'run 20261126T180000Z-4f2a9c (ada from laptop, apply) waits until nobody has been there for 20 min, since 2026-11-26 18:00:00 UTC and until 2026-12-03 18:00:00 UTC at the longest; ';
const at = '2026-11-26T18:05:00.000Z';

describe('a run that waits until nobody is there', () => {
  it.each<readonly [string, Partial<ReportQueued>, string]>([
    ['has not asked', {}, 'it has not asked yet who is there'],
    [
      'found people',
      { asked: { at, verdict: 'busy', words: 'running meetings: 1, with 27 people' } },
      'people were there at 2026-11-26 18:05:00 UTC (running meetings: 1, with 27 people)',
    ],
    [
      'could not tell',
      { asked: { at, verdict: 'unknown', words: 'it took too long' } },
      'at 2026-11-26 18:05:00 UTC it was not known whether people are there (it took too long)',
    ],
    [
      'found nobody',
      { asked: { at, verdict: 'none', idleSince: at } },
      'nobody is there since 2026-11-26 18:05:00 UTC',
    ],
    [
      'waits for its slot',
      {
        asked: { at, verdict: 'none', idleSince: at, heldBack: 'window' },
        mayBegin: { from: '2026-11-26T21:00:00.000Z', to: '2026-11-27T03:00:00.000Z' },
      },
      'nobody is there since 2026-11-26 18:05:00 UTC, but it may not begin at this time (it may from 2026-11-26 21:00:00 UTC to 2026-11-27 03:00:00 UTC)',
    ],
    [
      'is held',
      { asked: { at, verdict: 'none', idleSince: at, heldBack: 'held' } },
      'nobody is there since 2026-11-26 18:05:00 UTC, but the cluster is held',
    ],
  ])('%s', (_, found, words) => {
    expect(queuedWords({ ...waiting, ...found })).toBe(`${begin}${words}`);
  });
});

it('tells before the yes who is queued, and that nobody can join there', () => {
  const queue = {
    ...{ hosts: ['bbb-01', 'bbb-02'], idleForSeconds: 1_200, until: '2026-12-03T19:00+01:00' },
    ...{ awaySeconds: 570, balancer: true, withoutCordon: false },
  };
  const role: ReportRollout = {
    ...{ role: 'node', hosts: [], atOnce: 1, maxUnavailable: 1, down: [], held: [], queue },
  };
  const told = (one: ReportRollout) =>
    renderQueues([one], style)
      .map((line) => line.trim())
      .join(' ');
  expect(told(role)).toBe(
    "later: bbb-01 and bbb-02 are queued, and each begins by itself once nobody has been there for 20 min, until Thu 3 Dec 19:00 at the longest; a host can't tell the balancer, so nobody can join there while its services restart, for up to 10 min, which takes --without-cordon",
  );
  const nobody = { ...role, queue: { ...queue, hosts: [], balancer: false, withoutCordon: true } };
  expect(told(nobody)).toBe(
    'later: a host of the role node on which people are by then is queued, and begins by itself once nobody has been there for 20 min, until Thu 3 Dec 19:00 at the longest; no balancer is told, so nobody can join there while its services restart, for up to 10 min',
  );
  expect(renderQueues([{ ...role, queue: undefined }], style)).toEqual([]);
});

it.each([
  [45, '45 s'],
  [119, '119 s'],
  [120, '2 min'],
  [7_200, '2 h'],
  [5_400, '90 min'],
  [9_000, '2 h 30 min'],
])('%d seconds are %s', (seconds, words) => {
  expect(spanWords(seconds)).toBe(words);
});
