import { describe, expect, it } from 'vitest';
import type { GuardReport } from '../../src/model/plan.ts';
import type { RoleRollout } from '../../src/model/rollout.ts';
import { renderBeforeQuestion } from '../../src/report/terminal/before-question.ts';
import { renderPlan } from '../../src/report/terminal/plan.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import { documentOfPlan } from './documents.ts';
import { clusterPlan, nodePlan } from './plans.ts';

const style = makeStyle({ columns: 100, color: false, verbose: false });
const busy: GuardReport = {
  ...{ guard: 'meetings', state: 'busy', description: 'running meetings' },
  sessions: [{ participants: 12, age: 600 }],
};
const plan = clusterPlan([nodePlan('door-1', { guards: [busy] }), nodePlan('door-2', { guards: [busy] })]);

function said(more: Partial<RoleRollout>, force = false) {
  const rollout: RoleRollout = {
    ...{ role: 'node', hosts: ['door-2', 'door-1'], atOnce: 1, maxUnavailable: 1, down: [], held: [] },
    ...more,
  };
  const document = documentOfPlan(plan, { rollout: [rollout], force });
  const text = (lines: readonly string[]) => lines.join('\n').replaceAll(/\n\s+/g, ' ');
  return {
    plan: text(renderPlan(document, style)),
    question: text(renderBeforeQuestion(document, style, { isElsewhere: false })),
    handsOver: document.rollout?.[0]?.handsOver,
  };
}

describe('people on a host of which another one takes over first', () => {
  const handsOver = { hosts: ['door-1'], what: "the cluster's address" };

  it('do not put it off, and are not said to', () => {
    const { plan: shown, question, handsOver: told } = said({ handsOver });
    expect(told).toEqual(handsOver);
    expect(shown).toMatch(/door-1 +would change .* moved, running meetings: 1, with 12 people/);
    expect(shown).toMatch(/door-2 +deferred .* deferred, running meetings: 1, with 12 people/);
    expect(shown).toContain(
      'door-1: note: the meetings end, as another host takes over before it begins; only where none can, they count',
    );
    expect(shown).not.toContain('door-1: note: it would be deferred');
    expect(shown).toContain('door-2: note: it would be deferred');
    expect(shown).toContain('1 would be deferred');
    expect(question).toContain('door-1 (moved, running meetings: 1, with 12 people)');
    expect(question).toContain('door-2 (deferred, running meetings: 1, with 12 people)');
  });

  it('are interrupted in any case by who says so', () => {
    expect(said({ handsOver }, true).question).toContain('door-1 (interrupted,');
    expect(said({ handsOver, whenBusy: 'force' }).question).toContain('door-1 (interrupted,');
  });
});
