import { expect, it } from 'vitest';
import { statusWordsOf } from '../../src/model/status-words.ts';
import type { RunRecord } from '../../src/model/transaction.ts';
import { renderPlan } from '../../src/report/terminal/plan.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import { resultOfPlan } from '../../src/run/result-of-plan.ts';
import { undoneRunWords } from '../../src/run/rollback-run.ts';
import { documentOf } from '../report/documents.ts';
import { hostPlan } from '../support/host-plan.ts';

it('names the run that is undone, when it began, and whose it was', () => {
  const record = {
    ...{ run: '20261121T074501Z-4f2a9c', command: 'apply', startedAt: '2026-11-21T07:45:01.000Z' },
    ...{ operator: 'alice\u001b[31m', from: 'desk' },
  } as RunRecord;
  const words = undoneRunWords(record);
  expect(words).toMatch(/^20261121T074501Z-4f2a9c, the apply of 2026-11-21 07:45 UTC by alice.* from desk$/);
  expect(words).not.toContain('\u001b');
});

it('says of no host that it is in sync, or needs nothing, because the run has not changed it', () => {
  const undoes = 'one';
  const hosts = [hostPlan('bbb-02', 'node', { undoes }), hostPlan('bbb-01', 'node', { undoes, changes: [] })];
  const document = documentOf(resultOfPlan({ hosts, byHand: [], warnings: [] }, 'rollback'));
  const lines = renderPlan(document, makeStyle({ columns: 90, color: false, verbose: false }));
  expect(lines.find((line) => line.startsWith('bbb-01'))).toMatch(/^bbb-01 +nothing to undo$/);
  expect(lines.at(-1)).toContain('2 hosts: 1 would change, 1 nothing to undo');
  expect(lines.join('\n')).not.toMatch(/in sync|nothing to do/);
  expect(statusWordsOf('apply')['in-sync']).toBe('in sync');
});
