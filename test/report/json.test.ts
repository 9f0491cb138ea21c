import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reportJsonSchema, reportSchema } from '../../src/report/document/schema.ts';
import { renderJson } from '../../src/report/json/render.ts';
import { documentOf, documentOfErrors } from './documents.ts';
import { absent, fileChange, hostPlan, hostResult, nodePlan, runResult } from './plans.ts';

const options = { exitStatus: 3, byHand: [], errors: [] };

describe('reportDocument', () => {
  it('has the keys that scripts rely on', () => {
    const plan = nodePlan('bbb-01');
    const problem = { code: 'validate-failed', step: 'cors', message: 'no', next: 'mend it', host: 'bbb-01' };
    const result = hostResult(plan, 'rolled-back', { problem, ran: ['restart-bbb-web'], durationMs: 12.6 });
    const document = documentOf(runResult([result]), options);
    expect(document).toMatchObject({ schemaVersion: 1, command: 'apply', run: '20261121T074501Z-4f2a9c' });
    const [host] = document.hosts;
    expect(host).toMatchObject({
      name: 'bbb-01',
      role: 'node',
      recipe: '2.6',
      status: 'rolled-back',
      error: { code: 'validate-failed', step: 'cors', message: 'no', next: 'mend it' },
      warnings: [],
      handlers: [{ id: 'restart-bbb-web', because: ['client-url', 'cors'], ran: true }],
      durationMs: 13,
    });
    expect(host?.changes[0]).toMatchObject({
      step: 'client-url',
      stage: 1,
      kind: 'file',
      action: 'modify',
      path: '/etc/bigbluebutton/bbb-web.properties',
      before: { mode: '0644', owner: 'root:root' },
    });
    expect(host?.changes[0]?.before?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(document.summary).toMatchObject({
      exitStatus: 3,
      hosts: 1,
      statuses: { 'rolled-back': 1 },
      changes: 1,
    });
    expect(reportSchema.strict().parse(JSON.parse(renderJson(document)))).toEqual(document);
  });

  it('has null where nothing is at a path, and targets of links', () => {
    const created = fileChange('/etc/a', undefined, 'x');
    const link = { ...created, kind: 'symlink', after: { kind: 'symlink', target: '/b' } } as const;
    const gone = { ...created, action: 'delete', before: created.after, after: absent } as const;
    const { hosts } = documentOf(
      runResult([hostResult(hostPlan('a', { changes: [created, link, gone] }), 'changed')]),
      options,
    );
    expect(hosts[0]?.changes.map(({ before, after }) => [before === null, after === null])).toEqual([
      ...[
        [true, false],
        [true, false],
        [false, true],
      ],
    ]);
    expect(hosts[0]?.changes[1]?.after).toEqual({ target: '/b' });
  });

  it('is printed for a command that ended before there was a result', () => {
    const location = { file: 'a.yaml', line: 1, column: 2, text: 'x' };
    const document = documentOfErrors('plan', 1, [{ code: 'unknown-key', message: 'unknown', location }]);
    expect(document).toMatchObject({
      command: 'plan',
      run: null,
      hosts: [],
      summary: { exitStatus: 1, hosts: 0 },
      errors: [{ code: 'unknown-key', message: 'unknown', location }],
    });
    expect(reportSchema.strict().safeParse(document).success).toBe(true);
  });

  it('shows no secret, wherever it stands', () => {
    const secret = 'hunter2hunter2';
    const said = `it said password=${secret}`;
    const ours = `it is at postgres://a:${secret}@db`;
    const plan = hostPlan('bbb-01', {
      recipe: { name: 'x', reason: ours },
      changes: [fileChange('/etc/a', `adminSecret=${secret}\na=1\n`, `adminSecret=${secret}\na=2\n`)],
      guards: [{ guard: 'meetings', state: 'busy', sessions: [{ words: said }] }],
      warnings: [ours],
    });
    const problem = { code: 'x', message: ours, next: ours, notes: [ours], detail: said };
    const text = renderJson(
      documentOf(runResult([hostResult(plan, 'failed', { problem })], { warnings: [ours] }), {
        exitStatus: 3,
        byHand: [{ title: ours, text: said }],
        errors: [{ ...problem, location: { file: 'f', line: 1, column: 1, text: `password: ${secret}` } }],
      }),
    );
    expect(text).not.toContain(secret);
  });
});

it('is described by schema/report.schema.json (npm run schema writes it)', () => {
  const file = join(import.meta.dirname, '../../schema/report.schema.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(reportJsonSchema())));
});
