import { PassThrough } from 'node:stream';
import { default as xterm } from '@xterm/headless';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ProgressEvent } from '../../src/model/progress.ts';
import { Output } from '../../src/report/output.ts';
import { startProgress } from '../../src/report/terminal/progress.ts';

interface Size {
  columns: number;
  rows: number;
}

/** Progress on a terminal of this size, time that stands still, and each write to it. */
function onTerminal(size: Size, variables: Readonly<Record<string, string>> = {}) {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  const { columns: cols, rows } = size;
  const model = new xterm.Terminal({
    cols,
    rows,
    scrollback: 5_000,
    allowProposedApi: true,
    convertEol: true,
  });
  const writes: string[] = [];
  let drawn = Promise.resolve();
  const stderr = Object.assign(new PassThrough(), { ...size, isTTY: true });
  stderr.write = ((text: string) => {
    writes.push(text);
    drawn = new Promise((resolve) => model.write(text, resolve));
    return true;
  }) as typeof stderr.write;
  const stdout = new PassThrough();
  const streams = { stdout, stderr } as unknown as Record<'stdout' | 'stderr', NodeJS.WriteStream>;
  const output = new Output({ ...streams, variables, mask: (text) => text });
  const progress = startProgress({ output, quiet: false, verbose: false });
  const lines = async (isScreen: boolean) => {
    await drawn;
    const { active } = model.buffer;
    const from = isScreen ? active.baseY : 0;
    const all = Array.from({ length: active.length - from }, (_, row) =>
      (active.getLine(from + row)?.translateToString(true) ?? '').trimEnd(),
    );
    while (all.at(-1) === '') all.pop();
    return all;
  };
  return {
    ...{ writes, output },
    tell: (...events: ProgressEvent[]) => {
      for (const event of events) progress.tell(event);
    },
    pass: (milliseconds: number) => void vi.advanceTimersByTime(milliseconds),
    resize: async (to: Size) => {
      await drawn;
      model.resize(to.columns, to.rows);
      Object.assign(stderr, to);
    },
    /** what is on the screen, and all with what has scrolled off it */
    screen: () => lines(true),
    everything: () => lines(false),
  };
}
type Live = ReturnType<typeof onTerminal>;

/** The picture is drawn by a library that is loaded when it is needed. */
async function begin(live: Live, hosts: number): Promise<void> {
  live.tell({ kind: 'begun', run: 'one', hosts });
  await vi.waitFor(() => expect(live.writes.length).toBeGreaterThan(0));
}

const at = (host: string, detail: string): ProgressEvent => ({
  ...{ kind: 'host', host, phase: 'handler', detail },
});
const name = (index: number) => `node-${String(index).padStart(3, '0')}`;

beforeAll(() => import('log-update'));
afterEach(() => void vi.useRealTimers());

describe.each([
  ['80x24', { columns: 80, rows: 24 }],
  ['200x50', { columns: 200, rows: 50 }],
])('a run over 200 hosts on %s', (_name, size) => {
  it('is drawn no more than ten times a second, fits, and leaves what failed and nothing else', async () => {
    const live = onTerminal({ ...size });
    await begin(live, 200);
    const before = live.writes.length;
    let seconds = 0;
    let failures = 0;
    const atOnce = 40;
    for (let first = 0; first < 200; first += atOnce) {
      const hosts = Array.from({ length: atOnce }, (_, index) => name(first + index));
      for (let step = 0; step < 8; step += 1) {
        for (const host of hosts) live.tell(at(host, `step ${step} of 8`));
        live.pass(400);
        seconds += 0.4;
      }
      const screen = await live.screen();
      expect(screen.length).toBeLessThan(size.rows);
      expect(screen.at(-1)).toMatch(
        new RegExp(`^${first - failures} of 200 done, 0 put off, ${failures} failed`),
      );
      const shown = screen.filter((line) => /^node-\d+ +\d:\d\d +\d:\d\d +step 7 of 8/.test(line)).length;
      const more = Number(/^and (\d+) more$/m.exec(screen.join('\n'))?.[1] ?? 0);
      expect(shown + more).toBe(atOnce);
      for (const host of hosts) {
        const failed = host.endsWith('7');
        if (failed) failures += 1;
        live.tell({
          kind: 'ended',
          host,
          ...(failed ? { status: 'failed', problem: 'why' } : { status: 'changed' }),
        });
      }
    }
    expect(live.writes.length - before - failures).toBeLessThanOrEqual(seconds * 10);
    for (const write of live.writes.slice(before, -1))
      expect(write).toMatch(/^\x1b\[\?2026h[\s\S]*\x1b\[\?2026l$/);
    expect(await live.everything()).toEqual(
      Array.from({ length: 20 }, (_, index) => `${name(index * 10 + 7)}: failed: why`),
    );
  });

  it('shows what has changed, however many hosts come and go', async () => {
    const live = onTerminal({ ...size });
    await begin(live, 200);
    const working: string[] = [];
    // Hosts begin and end in an order that is made of squares, which looks like none.
    for (let index = 0; index < 120; index += 1) {
      const leaving =
        working.length > (index * index) % 30 ? working.splice((index * 7) % working.length, 1) : [];
      for (const host of leaving) live.tell({ kind: 'ended', host, status: 'changed' });
      working.push(name(index));
      live.tell(at(name(index), 'restarting'));
      if (index % 9 === 0) live.output.messages.write(`a message ${index}\n`);
      live.pass(200);
      const screen = await live.screen();
      const shown = screen.filter((line) => line.startsWith('node-')).map((line) => line.slice(0, 8));
      expect(shown).toEqual(working.slice(0, shown.length));
      expect(screen.filter((line) => line.includes(' done, '))).toHaveLength(1);
      expect(screen.filter((line) => line.startsWith('host '))).toHaveLength(1);
    }
    live.output.close();
    expect(await live.everything()).toEqual(
      Array.from({ length: 14 }, (_, index) => `a message ${index * 9}`),
    );
  });
});

describe('the picture', () => {
  it('bears a window that becomes narrower, wider, lower and higher', async () => {
    const live = onTerminal({ columns: 80, rows: 24 });
    live.output.messages.write('above\n');
    await begin(live, 30);
    for (let index = 0; index < 12; index += 1) live.tell(at(name(index), 'restarting web (2 of 4)'));
    const sizes = [
      [60, 24],
      [44, 24],
      [120, 40],
      [100, 20],
      [40, 50],
      [200, 50],
      [80, 24],
    ] as const;
    for (const [columns, rows] of sizes) {
      live.pass(1_000);
      await live.resize({ columns, rows });
      live.pass(1_000);
      const screen = await live.screen();
      const picture = screen.slice(screen.findIndex((line) => /^(host|node)/.test(line)));
      for (const line of picture.slice(0, -1))
        expect(line, `${columns}x${rows}`).toMatch(/^(host |node-|and |n\.\.\.)/);
      expect(screen.at(-1)).toMatch(/^0 of/);
      expect(screen.filter((line) => line.startsWith('0 of'))).toHaveLength(1);
    }
    live.output.close();
    expect(await live.everything()).toEqual(['above']);
  });

  it('is whole on the screen of a window that has no room for the one before', async () => {
    const live = onTerminal({ columns: 200, rows: 50 });
    await begin(live, 30);
    for (let index = 0; index < 30; index += 1) live.tell(at(name(index), 'restarting'));
    for (const [columns, rows] of [
      [30, 8],
      [9, 5],
      [200, 3],
      [1, 2],
      [80, 24],
    ] as const) {
      live.pass(1_000);
      await live.resize({ columns, rows });
      live.pass(1_000);
      const screen = await live.screen();
      expect(screen.length).toBeLessThan(rows);
      expect(screen.at(-1)).toMatch(columns > 20 ? /^0 of 30 done/ : /^(0 of|\.)/);
    }
  });

  it('goes away for a question, a result and the end, and no cursor is hidden', async () => {
    const live = onTerminal({ columns: 80, rows: 24 });
    await begin(live, 3);
    live.tell(at('a', 'restarting'));
    live.pass(1_000);
    expect((await live.screen()).join('\n')).toContain('restarting');
    const answered = live.output.ask('Passphrase: ');
    live.tell(at('b', 'restarting'));
    live.pass(1_000);
    expect(await live.screen()).toEqual(['Passphrase:']);
    answered('\n');
    live.pass(1_000);
    expect((await live.screen()).at(-1)).toContain('0 of 3 done');
    live.output.results.write('a result\n');
    expect(await live.screen()).toEqual(['Passphrase:']);
    expect(live.writes.join('')).not.toContain('\x1b[?25');
  });

  it('is told to a taskbar, which is cleared in the end', async () => {
    const live = onTerminal({ columns: 80, rows: 24 }, { WT_SESSION: '1' });
    await begin(live, 4);
    live.tell({ kind: 'ended', host: 'a', status: 'changed' }, at('b', 'restarting'), at('b', 'again'));
    live.tell({ kind: 'ended', host: 'b', status: 'failed' });
    live.output.close();
    const told = [...live.writes.join('').matchAll(/\x1b\]9;4;([\d;]*)\x1b\\/g)].map(([, words]) => words);
    expect(told).toEqual(['1;0', '1;25', '2;50', '0;']);
  });

  it('is nothing that another terminal is told of', async () => {
    const live = onTerminal({ columns: 80, rows: 24 });
    await begin(live, 4);
    live.output.close();
    expect(live.writes.join('')).not.toContain('\x1b]');
  });
});
