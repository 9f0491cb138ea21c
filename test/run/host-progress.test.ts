import { expect, it } from 'vitest';
import { hostProgress } from '../../src/run/host-progress.ts';

it('does not call a host done that waits to be confirmed', () => {
  expect(hostProgress('bbb-01', { kind: 'state', state: 'waiting' })).toMatchObject({ phase: 'confirming' });
  expect(hostProgress('bbb-01', { kind: 'waiting', seconds: 90 })).toMatchObject({
    ...{ phase: 'confirming', detail: 'reverts in 90 s if nobody confirms' },
  });
  expect(hostProgress('bbb-01', { kind: 'state', state: 'committed' })).toMatchObject({ phase: 'done' });
});

it('does not call a host done on which an action runs', () => {
  expect(hostProgress('bbb-01', { kind: 'state', state: 'acting' })).toBeUndefined();
});
