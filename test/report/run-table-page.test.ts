import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ProgressEvent } from '../../src/model/progress.ts';
import { RunState } from '../../src/report/terminal/run-state.ts';
import { renderRun } from '../../src/report/terminal/run-table.ts';

const file = join(import.meta.dirname, '../../docs/apply.md');
const block = /(<!-- table of a run: .* -->\n```text\n)([\s\S]*?)(^```)$/m;

const host = (name: string, phase: string, detail?: string) =>
  ({ kind: 'host', host: name, phase, detail }) as ProgressEvent;
const ended = (name: string, status = 'changed') => ({ kind: 'ended', host: name, status }) as ProgressEvent;
const names = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `bbb-${String(from + index).padStart(2, '0')}`);

/** Each with its second: a run over 25 hosts, two at a time, about half-way through. */
const events: readonly (readonly [number, ProgressEvent])[] = [
  [0, { kind: 'begun', run: 'one', hosts: 25 }],
  ...names(12, 24).flatMap((name, index): [number, ProgressEvent][] => {
    const turn = Math.floor(index / 2) * 60;
    return [
      [turn, host(name, 'connecting')],
      [turn + 60, ended(name, index === 5 ? 'deferred' : 'changed')],
    ];
  }),
  [0, host('bbb-04', 'waiting', 'running meetings: 1, with 3 people; waits until 16:02')],
  [448, host('bbb-07', 'connecting')],
  [519, host('bbb-07', 'handler', 'restart-bbb-web')],
  [541, host('bbb-11', 'connecting')],
  [552, host('bbb-11', 'uploading')],
];

it('docs/apply.md shows the table of a run as it is', () => {
  const state = new RunState();
  for (const [at, event] of [...events].sort(([one], [other]) => one - other)) state.take(event, at * 1000);
  const lines = renderRun(state, { columns: 80, rows: 24, now: 560_000 });
  const page = readFileSync(file, 'utf8');
  expect(page).toMatch(block);
  const now = page.replace(block, (_all, before, _old, end) => `${before}${lines.join('\n')}\n${end}`);
  if (process.env.CLUSTERPROXY_RECORD === '1') writeFileSync(file, now);
  else expect(now).toBe(page);
});
