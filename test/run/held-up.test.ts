import { describe, expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import type { HostPlan } from '../../src/model/plan.ts';
import { renderRollout } from '../../src/report/html/notes.ts';
import { renderPlan } from '../../src/report/terminal/plan.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import type { PolicyRules } from '../../src/run/busy/policy.ts';
import { putOffNow } from '../../src/run/put-off.ts';
import { rolloutOf } from '../../src/run/rollout.ts';
import type { WaveRules } from '../../src/run/wave.ts';
import { documentOfPlan } from '../report/documents.ts';
import { nodePlan } from '../report/plans.ts';
import { hostPlan } from '../support/host-plan.ts';

function rules(plans: readonly HostPlan[]): WaveRules & PolicyRules {
  const hosts = plans.map(({ host, role, retires }) => ({
    ...{ name: host, role, vars: {} },
    state: retires ? 'retired' : 'active',
  }));
  const roles = ['proxy', 'node'].map((name) => ({ name, steps: [{}], guards: [], hosts: { minimum: 1 } }));
  const none = { all: undefined, roles: new Map() };
  const cluster = { name: 'prod', hostname: 'bbb.example.com' };
  return {
    ...{ parallel: 32, maxUnavailable: undefined, whenBusy: undefined },
    inventory: {
      ...{ playbook: { roles }, hosts, cluster, vars: {}, maxUnavailable: none, whenBusy: none },
    } as unknown as Inventory,
  };
}

/** The order of a plan as its page tells it. */
function page(plans: readonly HostPlan[]): string {
  const rollout = rolloutOf(plans, rules(plans));
  const document = documentOfPlan({ hosts: plans, byHand: [], warnings: [] }, { rollout });
  return String(renderRollout(document) ?? '');
}

/** What a plan says of its hosts, in its table and in its end. */
function told(plans: readonly HostPlan[], more: Partial<WaveRules & PolicyRules> = {}) {
  const rollout = rolloutOf(plans, { ...rules(plans), ...more });
  const document = documentOfPlan({ hosts: plans, byHand: [], warnings: [] }, { rollout });
  const lines = renderPlan(document, makeStyle({ columns: 200, color: false, verbose: false }));
  const states = Object.fromEntries(
    plans.map(({ host }) => [host, lines.find((line) => line.startsWith(`${host} `))?.split(/ {2,}/)[1]]),
  );
  return { rollout, states, lines, sum: lines.at(-1) };
}

const lost = hostPlan('proxy-1', 'proxy', {
  ...{ unreachable: true, changes: [] },
  problem: { code: 'unreachable', message: 'no answer' },
});
const node = (host: string) => hostPlan(host, 'node');
const busyNode = (host: string) => ({
  ...nodePlan(host, {
    guards: [
      {
        ...{ guard: 'meetings', state: 'busy', description: 'running meetings' },
        sessions: [{ participants: 12 }],
      },
    ],
  }),
});

describe('a plan says what a run would not change', () => {
  it('because a host that comes first is not as it should be', () => {
    const { rollout, states, lines, sum } = told([lost, node('bbb-01'), node('bbb-02')]);
    expect(rollout).toMatchObject([
      { role: 'node', hosts: [], held: ['bbb-01', 'bbb-02'], heldUpBy: 'proxy-1' },
    ]);
    expect(states).toMatchObject({ 'bbb-01': 'held up by proxy-1', 'bbb-02': 'held up by proxy-1' });
    expect(lines.join(' ').replace(/ +/g, ' ')).toContain(
      "warning: bbb-01 and bbb-02 will not be changed, because proxy-1 comes first, and can't be changed now",
    );
    expect(sum).toBe('3 hosts: 1 unreachable, 2 held up by proxy-1');
  });

  it('but nothing of the kind where that one is changed itself, or leaves', () => {
    expect(told([hostPlan('proxy-1', 'proxy'), node('bbb-01')]).states).toMatchObject({
      'bbb-01': 'would change',
    });
    const leaving = { ...lost, retires: true };
    expect(told([leaving, node('bbb-01'), node('bbb-02')]).states).toMatchObject({
      'bbb-01': 'would change',
    });
  });

  it('because a host that comes first is not as it should be, unless they leave', () => {
    const leaving = { ...node('bbb-02'), retires: true };
    const plans = [lost, node('bbb-01'), leaving];
    const { rollout, states, lines } = told(plans);
    expect(rollout).toMatchObject([
      { role: 'node', hosts: ['bbb-02'], held: ['bbb-01'], heldUpBy: 'proxy-1' },
    ]);
    expect(states).toMatchObject({ 'bbb-01': 'held up by proxy-1', 'bbb-02': 'leaves' });
    const words = "bbb-01 will not be changed, because proxy-1 comes first, and can't be changed now";
    expect(lines.join(' ').replace(/ +/g, ' ')).toContain(`warning: ${words}`);
    expect(page(plans)).toContain(words.replace("'", '&#39;'));
  });

  it('because a node that leaves still needs it', () => {
    const gone = { ...lost, host: 'bbb-01', role: 'node', retires: true };
    const { states, lines } = told([{ ...hostPlan('proxy-1', 'proxy'), retires: true }, gone]);
    expect(states).toMatchObject({ 'proxy-1': 'held up by bbb-01' });
    expect(lines.join(' ').replace(/ +/g, ' ')).toContain(
      'because bbb-01 still needs it, and does not leave in this run',
    );
  });

  it('because people are there, and counts it apart', () => {
    const plans = [busyNode('bbb-01'), node('bbb-02')];
    const { states, sum } = told(plans);
    expect(states).toMatchObject({ 'bbb-01': 'deferred', 'bbb-02': 'would change' });
    expect(sum).toMatch(/^2 hosts: 1 would change, 1 would be deferred;/);
    expect(told(plans, { whenBusy: 'wait' }).states).toMatchObject({ 'bbb-01': 'would wait' });
    expect(told(plans, { whenBusy: 'force' }).states).toMatchObject({ 'bbb-01': 'would change' });
  });

  it('because people are there, also of the proxy that goes after them, and asks so', () => {
    const proxy = { ...hostPlan('proxy-1', 'proxy'), retires: true };
    const plans = [proxy, { ...busyNode('bbb-01'), retires: true }, { ...node('bbb-02'), retires: true }];
    const { states, sum, rollout } = told(plans);
    expect(states).toMatchObject({ 'bbb-01': 'deferred', 'bbb-02': 'leaves', 'proxy-1': 'deferred' });
    expect(sum).toMatch(/^3 hosts: 1 would change, 2 would be deferred;/);
    const busy = putOffNow(plans, rollout, ({ host }) => host === 'bbb-01');
    expect(busy.map(({ host }) => host)).toEqual(['proxy-1', 'bbb-01']);
    expect(putOffNow(plans, rollout, () => false)).toEqual([]);
    expect(told(plans, { whenBusy: 'wait' }).states).toMatchObject({ 'proxy-1': 'would wait' });
    const stays = [hostPlan('proxy-2', 'proxy'), ...plans];
    expect(told(stays).states).toMatchObject({ 'proxy-1': 'leaves' });
  });

  it('to those who read it as a page as well', () => {
    const gone = { ...lost, host: 'bbb-01', role: 'node', retires: true };
    const held = [{ ...hostPlan('proxy-1', 'proxy'), retires: true }, gone];
    expect(page(held)).toContain('because bbb-01 still needs it, and does not leave in this run');
    const leaving = held.map(({ host, role }) => ({ ...hostPlan(host, role), retires: true }));
    expect(page(leaving)).toContain('once those have left, as people reach them through it');
    expect(page([lost, node('bbb-01')])).toContain('proxy-1 comes first');
  });

  it('calls no host drained for which no balancer can be told', () => {
    const { lines, states, sum } = told([busyNode('bbb-01'), node('bbb-02')], { whenBusy: 'drain' });
    expect(lines.find((line) => line.startsWith('bbb-01 '))).toContain(
      "can't be drained, running meetings: 1",
    );
    expect(states).toMatchObject({ 'bbb-01': "can't be drained" });
    expect(sum).toContain("1 can't be drained");
  });

  it('nor one that leaves: it only waits, and new people still come there', () => {
    const leaving = { ...busyNode('bbb-01'), retires: true };
    const { lines, states, rollout } = told([leaving, node('bbb-02')], { whenBusy: 'drain' });
    expect(rollout.find(({ role }) => role === 'node')).toMatchObject({ whenBusy: 'wait' });
    expect(lines.find((line) => line.startsWith('bbb-01 '))).toContain('waits, running meetings: 1');
    expect(states).toMatchObject({ 'bbb-01': 'would wait' });
    const all = lines.join(' ').replace(/\s+/g, ' ');
    expect(all).toContain('it waits as long as there are meetings');
    expect(all).not.toContain('it gets no new meetings');
  });
});
