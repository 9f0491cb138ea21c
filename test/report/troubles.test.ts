import { expect, it } from 'vitest';
import type { ReportTrouble } from '../../src/report/document/schema.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import { renderTroubles } from '../../src/report/terminal/troubles.ts';
import { documentOf } from './documents.ts';
import { runResult } from './plans.ts';

const trouble = (
  host: string,
  id: string,
  outcome: ReportTrouble['outcome'],
  more: Partial<ReportTrouble> = {},
): ReportTrouble => ({ ...{ host, role: 'node', id, title: `there is ${id}`, outcome }, ...more });

const asked = { found: 'the balancer says nothing' };
const silent = { found: 'bbb-01 says nothing' };
const troubles = [
  trouble('bbb-01', 'lack', 'unknown', asked),
  trouble('bbb-01', 'twice', 'unknown', asked),
  trouble('bbb-01', 'secret', 'unknown', silent),
  trouble('bbb-01', 'dead', 'unknown', silent),
  trouble('bbb-01', 'disk', 'unknown', { found: 'df is missing' }),
  trouble('bbb-02', 'lack', 'unknown', asked),
  trouble('bbb-02', 'twice', 'absent', { note: 'the balancer has this node as cordoned' }),
];

it('tells a reason once for which several things are not known, and notes', () => {
  const style = makeStyle({ columns: 80, color: false, verbose: false });
  const shown = renderTroubles({ ...documentOf(runResult([])), troubles }, style);
  expect(`${shown.join('\n')}\n`).toBe(`bbb-01 (node)
  not known: bbb-01 says nothing
    needed for: secret and dead
  not known: whether there is disk (disk): df is missing

bbb-02 (node)
  no trouble found
  note: the balancer has this node as cordoned

bbb-01 and bbb-02
  not known: the balancer says nothing
    needed for: lack and twice

no known trouble found on 2 hosts; 6 could not be looked for
`);
});
