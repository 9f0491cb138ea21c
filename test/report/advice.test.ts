import { describe, expect, test } from 'vitest';
import { emptyPlan } from '../../src/model/plan.ts';
import { renderPlan } from '../../src/report/terminal/plan.ts';
import { renderResult } from '../../src/report/terminal/result.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import { documentOf } from './documents.ts';
import { hostResult, runResult } from './plans.ts';

const style = makeStyle({ columns: 80, color: false, verbose: false });
const next = 'check the network';

const failed = (name: string, role: string, message: string) =>
  hostResult(emptyPlan({ name, role }), 'failed', { problem: { code: 'x', message, next, host: name } });
const documentWith = (...hosts: ReturnType<typeof failed>[]) => documentOf(runResult(hosts));
const different = documentWith(
  failed('proxy-1', 'proxy', 'it is gone'),
  failed('bbb-01', 'node', 'it is lost'),
  failed('bbb-02', 'node', 'it is away'),
);

describe('the same advice for several hosts', () => {
  test.each([
    ['a plan', renderPlan],
    ['a result', renderResult],
  ])('is given once, below the last of them, in %s', (_, render) => {
    const lines = render(different, style);
    expect(lines.filter((line) => line.includes(next))).toEqual([
      expect.stringMatching(/^ +for each of these 3 hosts: check the network$/),
    ]);
    for (const words of ['it is gone', 'it is lost', 'it is away']) expect(lines.join('\n')).toContain(words);
    const place = lines.findIndex((line) => line.includes(next));
    expect(lines.findIndex((line) => line.includes('it is away'))).toBeLessThan(place);
  });

  test('stays as it is for one', () => {
    const lines = renderPlan(documentWith(failed('bbb-01', 'node', 'it is lost')), style);
    expect(lines.filter((line) => line.includes(next))).toEqual(['    check the network']);
  });
});

test('an error that is the same for several hosts is told once in a plan, with their names', () => {
  const same = 'bbb-01 and bbb-02 are one machine';
  const lines = renderPlan(
    documentWith(failed('bbb-01', 'node', same), failed('bbb-02', 'node', same)),
    style,
  );
  expect(lines.filter((line) => line.includes(same))).toEqual([`  error x: bbb-01, bbb-02: ${same}`]);
  expect(lines.filter((line) => line.includes(next))).toHaveLength(1);
});
