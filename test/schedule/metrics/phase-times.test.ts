import { expect, it } from 'vitest';
import { PhaseTimes } from '../../../src/schedule/metrics/phase-times.ts';

it('tells of each phase how long the slowest host took for all of it', () => {
  let now = 0;
  const times = new PhaseTimes(() => now);
  const at = (time: number, see: Parameters<PhaseTimes['see']>[0]) => {
    now = time;
    times.see(see);
  };
  at(0, { kind: 'looking', total: 2 });
  at(700, { kind: 'looked', host: 'a', ok: true });
  at(1_000, { kind: 'looked', host: 'b', ok: false });
  at(2_000, { kind: 'host', host: 'a', phase: 'handler', detail: 'one' });
  at(2_500, { kind: 'host', host: 'b', phase: 'handler' });
  at(3_000, { kind: 'host', host: 'a', phase: 'checking' });
  at(3_100, { kind: 'host', host: 'a', phase: 'handler', detail: 'two' });
  at(4_000, { kind: 'host', host: 'a', phase: 'done' });
  at(4_200, { kind: 'host', host: 'b', phase: 'done' });
  now = 9_000;
  expect(times.take()).toEqual([
    { phase: 'looking', seconds: 1 },
    { phase: 'handler', seconds: 1.9 },
    { phase: 'checking', seconds: 0.1 },
  ]);
});
