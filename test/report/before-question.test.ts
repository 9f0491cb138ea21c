import { describe, expect, it } from 'vitest';
import type { ClusterPlan, GuardReport } from '../../src/model/plan.ts';
import { renderBeforeQuestion } from '../../src/report/terminal/before-question.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import { documentOfPlan } from './documents.ts';
import { clusterPlan, fileChange, hostPlan, nodePlan, reloadNginx } from './plans.ts';

const style = makeStyle({ columns: 80, color: false, verbose: false });
const busy: GuardReport = {
  ...{ guard: 'meetings', state: 'busy', description: 'running meetings' },
  sessions: [{ participants: 12, age: 600 }],
};
const idle = { guard: 'meetings', state: 'idle', sessions: [] } as const;

const node = { role: 'node', hosts: [], atOnce: 1, maxUnavailable: 1, down: [], held: [] };

function render(
  plan: ClusterPlan,
  { force = false, isElsewhere = false }: { force?: boolean; isElsewhere?: boolean } = {},
): readonly string[] {
  return renderBeforeQuestion(documentOfPlan(plan, { force }), style, { isElsewhere });
}

describe('what is said right above the question', () => {
  const plan = clusterPlan([
    hostPlan('proxy-1', {
      ...{ role: 'proxy', recipe: undefined, handlers: [reloadNginx] },
      changes: [fileChange('/etc/nginx/bbb-09.conf', 'location /bbb-09/ {\n}\n', undefined, ['locations'])],
    }),
    nodePlan('bbb-01', { guards: [busy] }),
    nodePlan('bbb-02', { guards: [idle] }),
    hostPlan('bbb-03'),
  ]);

  it('is which restarts cut people off, who is there and what becomes of them, and what is removed', () => {
    expect(render(plan)).toEqual([
      'restarts: 2, only while there are no meetings',
      'there now: bbb-01 (deferred, running meetings: 1, with 12 people); nobody on 1',
      '  other',
      'removed: 1 file on proxy-1',
    ]);
    expect(render(plan, { force: true }).slice(0, 2)).toEqual([
      'restarts: 2, also while there are meetings',
      'there now: bbb-01 (interrupted, running meetings: 1, with 12 people); nobody on',
    ]);
  });

  it('is whose locations are removed, although their file stays', () => {
    const change = fileChange('/etc/nginx/nodes.conf', 'location /bbb-09/ {\n}\n', '', ['locations']);
    const drops = ['the locations of bbb-09', 'the locations of bbb-10'];
    expect(render(clusterPlan([hostPlan('proxy-1', { role: 'proxy', changes: [change], drops })]))).toContain(
      'removed: the locations of bbb-09 and the locations of bbb-10 on proxy-1',
    );
  });

  it('goes by what the inventory says of a role', () => {
    const rollout = documentOfPlan(plan).rollout ?? [];
    const forced = {
      ...documentOfPlan(plan),
      rollout: [{ ...node, whenBusy: 'force' as const }, ...rollout],
    };
    expect(renderBeforeQuestion(forced, style, { isElsewhere: false }).slice(0, 2)).toEqual([
      'restarts: 2, also while there are meetings',
      'there now: bbb-01 (interrupted, running meetings: 1, with 12 people); nobody on',
    ]);
  });

  it('is what it comes to as well, where the plan went into a file', () => {
    expect(render(plan, { isElsewhere: true })[0]).toBe('in all: 3 hosts; 3 files, 2 restarts, 1 reload');
  });

  it('is that nobody is there, or that it is not known', () => {
    expect(render(clusterPlan([nodePlan('bbb-01', { guards: [idle] })]))).toContain('there now: nobody');
    const unknown = { guard: 'meetings', state: 'unknown', sessions: [] } as const;
    expect(render(clusterPlan([nodePlan('bbb-01', { guards: [unknown] })]))).toContain(
      'there now: bbb-01 (deferred, meetings unknown)',
    );
  });

  it('is a warning that nobody should overlook, as the last line', () => {
    const document = documentOfPlan(plan);
    const warning = 'no balancer is told that bbb-01 leaves: new people come there as before';
    const lines = renderBeforeQuestion(document, style, { isElsewhere: false, warning });
    expect(lines.at(-1)).toBe(`warning: ${warning}`);
  });

  it('names few of many, and nothing of what only reloads', () => {
    const many = Array.from({ length: 9 }, (_, index) => nodePlan(`bbb-0${index + 1}`, { guards: [busy] }));
    expect(render(clusterPlan(many)).join(' ')).toContain('; people on 5 more hosts');
    const reloads = hostPlan('proxy-1', {
      changes: [fileChange('/etc/nginx/a.conf', '', 'x\n', ['a'])],
      handlers: [reloadNginx],
    });
    expect(render(clusterPlan([reloads]))).toEqual([]);
  });
});
