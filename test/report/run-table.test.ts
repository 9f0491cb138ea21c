import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProgressEvent } from '../../src/model/progress.ts';
import { statusWords } from '../../src/model/status-words.ts';
import { harmlessEvent } from '../../src/report/document/harmless.ts';
import { widthOf } from '../../src/report/terminal/prose.ts';
import { RunState } from '../../src/report/terminal/run-state.ts';
import { renderRun } from '../../src/report/terminal/run-table.ts';
import { clockWords, timeLeftWords } from '../../src/report/terminal/time-left.ts';
import { SecretRegister } from '../../src/secrets/register.ts';

const second = 1_000;

/** Events, each with its second. */
function stateAfter(events: readonly (readonly [number, ProgressEvent])[]): RunState {
  const state = new RunState();
  for (const [at, event] of events) state.take(event, at * second);
  return state;
}

const begun = (hosts: number): ProgressEvent => ({ kind: 'begun', run: 'one', hosts });
type HostEvent = Extract<ProgressEvent, { kind: 'host' }>;
type EndedEvent = Extract<ProgressEvent, { kind: 'ended' }>;
const at = (host: string, phase: HostEvent['phase'], detail?: string): ProgressEvent => ({
  ...{ kind: 'host', host, phase, detail },
});
const ended = (host: string, status: EndedEvent['status'] = 'changed'): ProgressEvent => ({
  ...{ kind: 'ended', host, status },
});
const usual = { columns: 80, rows: 24 };

describe('a run over several hosts', () => {
  it('is a table of those at work, slowest first, above a sum', () => {
    const state = stateAfter([
      [0, begun(5)],
      [0, at('bbb-02', 'waiting', 'running meetings: 3, with 28 people; waits until 16:02')],
      [1, at('bbb-01', 'connecting')],
      [20, ended('bbb-01', 'deferred')],
      [30, at('bbb-03', 'handler', 'restarting bbb-web.service (2 of 4)')],
      [40, at('bbb-04', 'connecting')],
      [90, at('bbb-03', 'settling', 'seeing whether it stays up for 10 s')],
    ]);
    expect(renderRun(state, { ...usual, now: 100 * second })).toEqual([
      'host       for  in all  what is being done',
      'bbb-03    0:10    1:10  seeing whether it stays up for 10 s',
      'bbb-04    1:00    1:00  connecting',
      'bbb-02    1:40    1:40  running meetings: 3, with 28 people; waits until 16:02',
      '0 of 5 done, 1 put off, 0 failed',
    ]);
  });

  it('keeps the time of a host between two stages, but not that for which people were waited for', () => {
    const state = stateAfter([
      [0, begun(2)],
      [0, at('a', 'connecting')],
      [10, at('a', 'done')],
      [12, at('a', 'connecting')],
      [0, at('b', 'waiting', 'long')],
      [500, at('b', 'connecting')],
    ]);
    const [, ...rows] = renderRun(state, { ...usual, now: 512 * second });
    expect(rows[0]).toMatch(/^a +8:20 +8:32 /);
    expect(rows[1]).toMatch(/^b +0:12 +0:12 /);
  });

  it('counts those whose turn is over, and for which something comes last', () => {
    const state = stateAfter([
      [0, begun(3)],
      ...['a', 'b', 'c'].map((host) => [1, at(host, 'connecting')] as const),
      [9, at('a', 'later')],
      [9, at('b', 'later')],
      [9, at('c', 'put-off')],
    ]);
    expect(renderRun(state, { ...usual, now: 0 })).toEqual([
      '0 of 3 done, 2 but for what comes last, 0 put off, 0 failed',
    ]);
    expect(state.share).toBeCloseTo(1 / 3);
    state.take(at('a', 'connecting'), 10 * second);
    state.take(ended('b'), 10 * second);
    expect(renderRun(state, { ...usual, now: 0 }).at(-1)).toBe('1 of 3 done, 0 put off, 0 failed');
    expect(state.atWork.map(({ host }) => host)).toEqual(['a']);
  });

  it('counts each way of ending once', () => {
    const statuses = Object.keys(statusWords) as EndedEvent['status'][];
    const state = stateAfter([
      [0, begun(statuses.length)],
      ...statuses.map((status, index) => [index, ended(status, status)] as const),
    ]);
    const { of, ...counted } = state.sum;
    expect(counted).toEqual({ done: 7, putOff: 3, failed: 9, notStarted: 1 });
    expect(state.isUnderWay).toBe(false);
    expect(renderRun(state, { ...usual, now: 0 })).toEqual([
      '7 of 20 done, 3 put off, 9 failed, 1 not started',
    ]);
  });

  it('is estimated after the first hosts', () => {
    const first: [number, ProgressEvent][] = [
      [0, begun(10)],
      [0, at('a', 'connecting')],
      [60, ended('a')],
    ];
    expect(renderRun(stateAfter(first), { ...usual, now: 60 * second }).at(-1)).not.toContain('left');
    const more: [number, ProgressEvent][] = [
      [60, at('b', 'connecting')],
      [120, ended('b')],
      [120, at('c', 'connecting')],
      [120, at('d', 'connecting')],
    ];
    // Two at once, eight minutes of work.
    expect(renderRun(stateAfter([...first, ...more]), { ...usual, now: 120 * second }).at(-1)).toBe(
      '2 of 10 done, 0 put off, 0 failed; about 4 minutes left',
    );
    expect([40_000, 60_000, 5_400_000, 7_200_000].map(timeLeftWords)).toEqual([
      'less than a minute left',
      'about 1 minute left',
      'about 90 minutes left',
      'about 2 hours left',
    ]);
    expect([0, 59_999, 725_000, 3_725_000].map(clockWords)).toEqual(['0:00', '0:59', '12:05', '1:02:05']);
  });

  it('says nothing of the time that is left where people are waited for on all that are left', () => {
    const state = stateAfter([
      [0, begun(3)],
      ...['a', 'b'].flatMap((host) => [[0, at(host, 'connecting')] as const, [9, ended(host)] as const]),
      [9, at('c', 'waiting', 'for people')],
    ]);
    expect(renderRun(state, { ...usual, now: 10 * second }).at(-1)).toBe('2 of 3 done, 0 put off, 0 failed');
  });

  it('is cut where more hosts are at work than there are lines', () => {
    const many = Array.from(
      { length: 200 },
      (_, index) => [index, at(`host-${index}`, 'uploading')] as const,
    );
    const lines = renderRun(stateAfter([[0, begun(200)], ...many]), { ...usual, now: 200 * second });
    expect(lines).toHaveLength(12);
    expect(lines[1]).toMatch(/^host-0 /);
    expect(lines.slice(-2)).toEqual(['and 191 more', '0 of 200 done, 0 put off, 0 failed']);
  });
});

const host = fc.string({ unit: 'binary', maxLength: 40 });
const event: fc.Arbitrary<ProgressEvent> = fc.oneof(
  fc.record({
    ...{ kind: fc.constant('host' as const), host },
    phase: fc.constantFrom(
      'waiting' as const,
      'connecting' as const,
      'handler' as const,
      'later' as const,
      'done' as const,
    ),
    detail: fc.option(fc.string({ unit: 'binary', maxLength: 120 }), { nil: undefined }),
  }),
  fc.record({
    ...{ kind: fc.constant('ended' as const), host },
    status: fc.constantFrom('changed' as const, 'failed' as const, 'deferred' as const),
  }),
);

it('is never wider nor higher than the terminal, and nothing in it is obeyed by one', () => {
  const secrets = new SecretRegister();
  const size = { columns: fc.integer({ min: 1, max: 250 }), rows: fc.integer({ min: 2, max: 60 }) };
  const events = fc.array(fc.tuple(fc.nat(100_000), event), { maxLength: 80 });
  fc.assert(
    fc.property(fc.record(size), events, ({ columns, rows }, told) => {
      const state = stateAfter([
        [0, begun(200)],
        ...told.map(([at, one]) => [at, harmlessEvent(one, secrets)] as const),
      ]);
      const lines = renderRun(state, { columns, rows, now: 100_000 * second });
      expect(lines.length).toBeGreaterThan(0);
      expect(lines.length).toBeLessThan(rows);
      for (const line of lines) {
        expect(widthOf(line)).toBeLessThanOrEqual(Math.max(1, columns - 1));
        expect(line).not.toMatch(/[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
      }
    }),
  );
});
