import { expect, it } from 'vitest';
import type { ReportCheck } from '../../src/report/document/schema.ts';
import { renderChecks } from '../../src/report/terminal/checks.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import { documentOf } from './documents.ts';
import { runResult } from './plans.ts';

const check = (host: string, id: string, outcome: ReportCheck['outcome'], found: string): ReportCheck => ({
  ...{ host, role: 'node', id, title: `the ${id} of ${host}`, outcome, found },
  ...{ expected: `a ${id}`, ...(outcome === 'failed' ? { fix: `see to ${found}` } : {}) },
});

const down = 'the name does not resolve here';
const checks = [
  check('bbb-01', 'certificate', 'failed', down),
  check('bbb-01', 'client-page', 'passed', '200 OK'),
  check('bbb-01', 'ddp', 'failed', '404 Not Found'),
  check('bbb-01', 'api', 'failed', down),
  check('bbb-02', 'api', 'failed', down),
  check('bbb-03', 'certificate', 'not-asked', 'it refuses connections'),
  check('bbb-03', 'api', 'not-asked', 'it refuses connections'),
  check('bbb-03', 'ddp', 'not-asked', 'it refuses connections'),
];

const shown = (verbose: boolean) =>
  renderChecks({ ...documentOf(runResult([])), checks }, makeStyle({ columns: 80, color: false, verbose }));

it('tells the reason once where several checks of a host fail for it', () => {
  expect(`${shown(false).join('\n')}\n`).toBe(`bbb-01 (node)
  FAILED: the certificate of bbb-01
    expected: a certificate
    found: the name does not resolve here
    to fix it: see to the name does not resolve here
  FAILED for the same reason: the api of bbb-01
  passed: the client-page of bbb-01
  FAILED: the ddp of bbb-01
    expected: a ddp
    found: 404 Not Found
    to fix it: see to 404 Not Found

bbb-02 (node)
  FAILED: the api of bbb-02
    expected: a api
    found: the name does not resolve here
    to fix it: see to the name does not resolve here

bbb-03 (node)
  not asked: the certificate of bbb-03, and 2 other checks
    because: it refuses connections

8 checks: 1 passed, 4 failed and 3 not asked
`);
});

it('tells everything of each check with --verbose', () => {
  const lines = shown(true);
  expect(lines.filter((line) => line.includes(`found: ${down}`))).toHaveLength(3);
  expect(lines.filter((line) => line.includes('because: '))).toHaveLength(3);
  expect(lines.filter((line) => line.includes('the same reason'))).toEqual([]);
});

it('tells with --verbose why a check does not apply, unless a variant of it does', () => {
  const left = check('bbb-01', 'client-page-alone', 'not-applicable', 'it depends on vars.x');
  const { title } = check('bbb-01', 'client-page', 'passed', '');
  const lines = renderChecks(
    { ...documentOf(runResult([])), checks: [...checks.slice(1, 2), { ...left, title }, left] },
    makeStyle({ columns: 80, color: false, verbose: true }),
  );
  expect(lines.slice(0, -2)).toEqual([
    'bbb-01 (node)',
    '  passed: the client-page of bbb-01',
    '    expected: a client-page',
    '    found: 200 OK',
    '  does not apply: the client-page-alone of bbb-01',
    '    expected: a client-page-alone',
    '    because: it depends on vars.x',
  ]);
});

it('tells why a retired host is not asked, in one line', () => {
  const { expected: _, ...left } = check('bbb-04', 'api', 'not-applicable', 'this host is retired');
  const lines = renderChecks(
    { ...documentOf(runResult([])), checks: [left, { ...left, id: 'ddp' }, ...checks.slice(1, 2)] },
    makeStyle({ columns: 80, color: false, verbose: false }),
  );
  expect(lines.slice(0, 2)).toEqual(['bbb-04 (node)', '  not asked: this host is retired']);
  expect(lines.at(-1)).toBe('1 check: 1 passed');
});
