import { expect, it } from 'vitest';
import type { PastRun } from '../../src/model/history.ts';
import type { RunResult } from '../../src/model/result.ts';
import { renderJson } from '../../src/report/json/render.ts';
import { renderHistory } from '../../src/report/terminal/history.ts';
import { renderPlan } from '../../src/report/terminal/plan.ts';
import { renderProblems } from '../../src/report/terminal/problem.ts';
import { renderResult } from '../../src/report/terminal/result.ts';
import { renderStatus } from '../../src/report/terminal/status.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import { hostPlan, oneChange } from '../support/host-plan.ts';
import { documentOf, documentOfErrors, documentOfPlan } from './documents.ts';

/**
 * Colours, a title, a link (OSC 8), the screen cleared, C1's CSI, text turned round and hidden, a line
 * written over.
 */
const evil =
  'a\x1b[31mred\x1b]0;title\x07\x1b]8;;http://evil.example\x1b\\link\x1b[2J\x9b1m\x90q\x9c\u202egnp.exe\u2066\u200b\ufeff\u2028z\x08\x7f\rover\x00';
/** What may come to a terminal from us: text, line ends, tabs. */
const dangerous = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

const style = makeStyle({ columns: undefined, color: false, verbose: true });
const problem = { code: 'validation-failed', message: evil, next: evil, step: evil, detail: evil, host: 'a' };
const ownership = { mode: 0o644, user: evil, group: evil };
const change = {
  ...oneChange,
  path: `/etc/${evil}`,
  steps: [evil],
  before: { kind: 'file' as const, content: Buffer.from(`${evil}\n`), ...ownership },
  after: { kind: 'symlink' as const, target: evil },
};
const handler = {
  ...{ id: evil, validate: [evil], checks: [{ kind: 'active' as const, unit: evil }], guards: [] },
  actions: [
    { kind: 'command' as const, argv: [evil, evil] },
    { kind: 'restart' as const, unit: evil },
  ],
  ...{ timeout: 1, settle: 0, rewrites: [] },
};
const plan = hostPlan('a', 'node', {
  recipe: { name: evil, reason: evil },
  problem,
  changes: [change],
  handlers: [{ handler, because: [evil], owed: evil }],
  guards: [
    {
      guard: evil,
      state: 'busy',
      description: evil,
      sessions: [{ name: evil, words: evil }],
      notes: [evil],
      why: evil,
    },
  ],
  warnings: [evil],
  unsettled: [{ run: evil, state: evil, outcome: 'commit', who: evil, alive: false }],
  undoes: evil,
});
const result: RunResult = {
  ...{ command: 'apply', run: evil, warnings: [evil], interrupted: false },
  hosts: [{ plan, status: 'failed', problem, ran: [evil], warnings: [evil], durationMs: 1 }],
};
const record = {
  ...{
    schemaVersion: 1 as const,
    run: evil,
    command: evil,
    cluster: evil,
    host: evil,
    operator: evil,
    from: evil,
  },
  ...{ version: evil, startedAt: evil, handlers: [handler] },
  changes: [
    { path: evil, kind: evil as 'file', action: evil as 'create', steps: [evil], before: evil, after: evil },
  ],
};
const run: PastRun = {
  ...{
    run: evil,
    command: evil,
    operator: evil,
    from: evil,
    version: evil,
    startedAt: evil,
    undoes: evil,
    undoneBy: evil,
  },
  hosts: [
    {
      ...{ host: 'a', role: 'node', state: evil, records: [record], problem, warnings: [evil] },
      ...{ ran: [evil], undoneBy: evil, durationMs: 1 },
    },
  ],
};

it.each<readonly [string, () => readonly string[]]>([
  [
    'a plan',
    () =>
      renderPlan(
        documentOfPlan({ hosts: [plan], byHand: [{ title: evil, text: evil }], warnings: [evil] }),
        style,
      ),
  ],
  ['a result', () => renderResult(documentOf(result), style)],
  ['the history', () => renderHistory(documentOf(result, { runs: [run] }), style)],
  ['the status', () => renderStatus(documentOf(result, { last: new Map([['a', run]]) }), style)],
  [
    'problems',
    () =>
      renderProblems(
        documentOfErrors('plan', 1, [
          problem,
          { ...problem, location: { file: evil, line: 1, column: 2, text: evil } },
        ]).errors ?? [],
        style,
      ),
  ],
  [
    'JSON',
    () =>
      renderJson(
        documentOf(result, {
          exitStatus: 3,
          byHand: [{ title: evil, text: evil }],
          errors: [problem],
          runs: [run],
          last: new Map([['a', run]]),
        }),
      ).split('\n'),
  ],
  ['JSON of a failure', () => renderJson(documentOfErrors('plan', 1, [problem])).split('\n')],
])('%s shows nothing that a terminal would obey, whatever a host says', (_, render) => {
  const text = render().join('\n');
  expect(text).toContain('gnp.exe');
  expect(dangerous.exec(text)?.[0].charCodeAt(0).toString(16)).toBeUndefined();
});

it('JSON is the same data, however it is escaped', () => {
  const document = { ...documentOf(result), command: 'a\u009b\u202eb' };
  expect(JSON.parse(renderJson(document))).toEqual(document);
});
