import { expect, it } from 'vitest';
import { holdsOf } from '../../src/model/claims.ts';
import { heldProblem } from '../../src/run/claims/held.ts';

const since = Date.UTC(2026, 10, 26, 18) / 1_000;
const exams = { by: 'ada', from: 'laptop', reason: 'exams', since, until: since + 3_600 };
const move = { by: 'brian', from: 'desk', reason: 'the storage is moved', since, until: undefined };
const prod = { file: 'prod.yaml', cluster: { name: 'prod' } };

it('one hold that hosts were told a moment apart is one, from the first to the last', () => {
  const holds = holdsOf([
    { host: 'a', hold: { ...exams, since: since + 2, until: since + 3_602 } },
    { host: 'b', hold: undefined },
    { host: 'c', hold: exams },
  ]);
  expect(holds).toEqual([{ ...exams, until: since + 3_602, hosts: ['a', 'c'] }]);
});

it('of several holds the one that lasts longest is told first, and all others as well', () => {
  const holds = holdsOf([
    { host: 'a', hold: exams },
    { host: 'b', hold: move },
  ]);
  expect(holds.map(({ by }) => by)).toEqual(['brian', 'ada']);
  expect(heldProblem(holds, prod)).toEqual({
    code: 'held',
    message:
      'the cluster prod is held by brian from desk since 2026-11-26 18:00:00 UTC (the storage is moved); nothing was changed',
    notes: [
      'it is held by ada from laptop since 2026-11-26 18:00:00 UTC until 2026-11-26 19:00:00 UTC (exams) as well',
    ],
    next: 'ask brian, or release it: clusterproxy hold --inventory prod.yaml --release',
  });
  expect(heldProblem([], prod)).toBeUndefined();
});
