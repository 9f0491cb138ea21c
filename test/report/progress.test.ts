import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ProgressEvent } from '../../src/model/progress.ts';
import { harmlessEvent } from '../../src/report/document/harmless.ts';
import { Output } from '../../src/report/output.ts';
import { ProgressState, startProgress } from '../../src/report/terminal/progress.ts';
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
  return new Output({ stdout: stderr, stderr, variables: {}, mask: (text) => text });
}

function lineAfter(events: readonly ProgressEvent[]): string | undefined {
  const state = new ProgressState();
  for (const event of events) state.take(event);
  return state.line();
}

describe('on a terminal', () => {
  it('is one line that tells how many hosts are where', () => {
    expect(lineAfter(looking)).toBe('looking: 2 of 3 done, 1 unreachable');
    expect(lineAfter([...looking, { kind: 'looked', host: 'c', ok: true }])).toBeUndefined();
    expect(lineAfter(changing)).toBe('b: restarting bbb-web.service (2 of 4)^[[2J; 1 more under way');
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
});
