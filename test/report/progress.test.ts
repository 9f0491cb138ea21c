import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ProgressEvent } from '../../src/model/progress.ts';
import { harmlessEvent } from '../../src/report/document/harmless.ts';
import { Output } from '../../src/report/output.ts';
import { LookState, lineOf, startProgress } from '../../src/report/terminal/progress.ts';
import { RunState } from '../../src/report/terminal/run-state.ts';
import { SecretRegister } from '../../src/secrets/register.ts';

const looking: readonly ProgressEvent[] = [
  { kind: 'looking', total: 3 },
  { kind: 'looked', host: 'a', ok: true },
  { kind: 'looked', host: 'b', ok: false },
];
const changing: readonly ProgressEvent[] = [
  { kind: 'host', host: 'a', phase: 'uploading' },
  harmlessEvent(
    { kind: 'host', host: 'b', phase: 'handler', detail: 'restarting bbb-web.service (2 of 4)\u001b[2J' },
    new SecretRegister(),
  ),
];

function outputTo(stream: PassThrough): Output {
  const stderr = stream as unknown as NodeJS.WriteStream;
  const stdout = new PassThrough() as unknown as NodeJS.WriteStream;
  return new Output({ stdout, stderr, variables: {}, mask: (text) => text });
}

function lookAfter(events: readonly ProgressEvent[]): string | undefined {
  const state = new LookState();
  for (const event of events) state.take(event);
  return state.isLooking ? state.words() : undefined;
}

function lineAfter(events: readonly ProgressEvent[]): string | undefined {
  const state = new RunState();
  for (const [now, event] of events.entries()) state.take(event, now);
  return lineOf(state);
}

describe('on a terminal', () => {
  it('is one line that tells how many hosts are where', () => {
    expect(lookAfter(looking)).toBe('looking: 2 of 3 done, 1 unreachable');
    expect(lookAfter([...looking, { kind: 'looked', host: 'c', ok: true }])).toBeUndefined();
    expect(lineAfter([])).toBeUndefined();
    expect(lineAfter(changing)).toBe('b (1 more under way): restarting bbb-web.service (2 of 4)^[[2J');
    expect(lineAfter([...changing, { kind: 'host', host: 'b', phase: 'done' }])).toBe(
      'a: uploading the new files',
    );
  });
});

describe('without a terminal', () => {
  async function printed(options: { quiet?: boolean; verbose?: boolean }): Promise<string> {
    const stream = new PassThrough();
    const progress = startProgress({ quiet: false, verbose: false, ...options, output: outputTo(stream) });
    const done: ProgressEvent = { kind: 'looked', host: 'c', ok: true };
    for (const event of [...looking, done, ...changing, { kind: 'message', text: 'hello' } as const])
      progress.tell(event);
    return (stream.read() as Buffer | null)?.toString() ?? '';
  }

  it('is plain lines', async () => {
    expect(await printed({})).toBe(
      'looking at 3 hosts\nlooking: 3 of 3 done, 1 unreachable\nb: restarting bbb-web.service (2 of 4)^[[2J\nhello\n',
    );
    expect(await printed({ verbose: true })).toContain('a: uploading the new files\n');
  });

  it('is what a terminal of unknown width gets', async () => {
    const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 0 });
    const progress = startProgress({ quiet: false, verbose: false, output: outputTo(stream) });
    progress.tell({ kind: 'looking', total: 2 });
    expect((stream.read() as Buffer | null)?.toString()).toBe('looking at 2 hosts\n');
  });

  it('is nothing with --quiet', async () => {
    expect(await printed({ quiet: true })).toBe('');
  });

  it('has the time in each line with --verbose', async () => {
    for (const line of (await printed({ verbose: true })).trimEnd().split('\n'))
      expect(line).toMatch(/^\d\d:\d\d:\d\d \S/);
  });

  it('tells at once which of several hosts has failed, and why', async () => {
    const end: ProgressEvent = { kind: 'ended', host: 'b', status: 'rolled-back', problem: 'it is not well' };
    const put: ProgressEvent = { kind: 'ended', host: 'a', status: 'deferred', problem: 'people are there' };
    expect(told([{ kind: 'begun', run: 'one', hosts: 2 }, put, end])).toBe(
      'b: rolled back: it is not well\n',
    );
    // The result stands right below it.
    expect(told([{ kind: 'begun', run: 'one', hosts: 1 }, end])).toBe('');
  });
});

function told(events: readonly ProgressEvent[]): string {
  const stream = new PassThrough();
  const progress = startProgress({ quiet: false, verbose: false, output: outputTo(stream) });
  for (const event of events) progress.tell(event);
  return (stream.read() as Buffer | null)?.toString() ?? '';
}

describe('a sign of life without a terminal', () => {
  afterEach(() => void vi.useRealTimers());

  const begin = (events: readonly ProgressEvent[]) => {
    vi.useFakeTimers();
    const stream = new PassThrough();
    const output = outputTo(stream);
    const progress = startProgress({ quiet: false, verbose: false, output });
    for (const event of events) progress.tell(event);
    const said = () => (stream.read() as Buffer | null)?.toString() ?? '';
    said();
    return { progress, output, said };
  };

  it('is given after half a minute in which nothing else was said, as long as something is done', () => {
    const { progress, output, said } = begin([{ kind: 'begun', run: 'one', hosts: 3 }, ...changing]);
    vi.advanceTimersByTime(29_000);
    expect(said()).toBe('');
    output.messages.write('something else\n');
    vi.advanceTimersByTime(29_000);
    expect(said()).toBe('something else\n');
    vi.advanceTimersByTime(2_000);
    const hosts =
      'a: uploading the new files, for 59.0 s; b: restarting bbb-web.service (2 of 4)^[[2J, for 59.0 s';
    expect(said()).toBe(`still at work: ${hosts}; 0 of 3 done, 0 put off, 0 failed\n`);
    for (const host of ['a', 'b']) progress.tell({ kind: 'ended', host, status: 'changed' });
    vi.advanceTimersByTime(300_000);
    expect(said()).toBe('');
    progress.tell({ kind: 'host', host: 'c', phase: 'connecting' });
    vi.advanceTimersByTime(100_000);
    expect(said().match(/still at work: c: connecting, for /g)).toHaveLength(3);
  });

  it('is given while hosts are looked at', () => {
    const { said } = begin(looking);
    vi.advanceTimersByTime(31_000);
    expect(said()).toBe('looking: 2 of 3 done, 1 unreachable\n');
  });
});
