import { expect, it } from 'vitest';
import type { ProgressEvent } from '../../src/model/progress.ts';
import { callingDone, hostProgress } from '../../src/run/host-progress.ts';

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

it('does not call a host done that is put off, and may wait once more', () => {
  expect(hostProgress('bbb-01', { kind: 'state', state: 'deferred' })).toMatchObject({ phase: 'put-off' });
});

it('calls a host done that was changed, once, also where something might have followed', () => {
  const told: string[] = [];
  const progress = callingDone((event: ProgressEvent) =>
    told.push(event.kind === 'host' ? `${event.host} ${event.phase}` : event.kind),
  );
  progress({ kind: 'host', host: 'a', phase: 'done' });
  progress({ kind: 'ended', host: 'a', status: 'changed' });
  progress({ kind: 'host', host: 'b', phase: 'settling' });
  progress({ kind: 'ended', host: 'b', status: 'changed' });
  progress({ kind: 'ended', host: 'c', status: 'failed' });
  expect(told).toEqual(['a done', 'ended', 'b settling', 'b done', 'ended', 'ended']);
});
