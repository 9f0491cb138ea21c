import { describe, expect, it } from 'vitest';
import { OperatorError } from '../../src/model/operator-error.ts';
import { exitStatus, exitStatusOf, type RunResult } from '../../src/model/result.ts';
import { limitedTo, skipOthers } from '../../src/run/limit.ts';
import { resultOfPlan } from '../../src/run/result-of-plan.ts';
import { hostPlan } from '../support/host-plan.ts';

const hosts = [
  { name: 'proxy-1', role: 'proxy' },
  { name: 'bbb-01', role: 'node' },
  { name: 'bbb-02', role: 'node' },
];

describe('--limit', () => {
  it('takes names of hosts and of roles', () => {
    expect([...limitedTo(hosts, [])]).toEqual(['proxy-1', 'bbb-01', 'bbb-02']);
    expect([...limitedTo(hosts, ['node'])]).toEqual(['bbb-01', 'bbb-02']);
    expect([...limitedTo(hosts, ['bbb-02', 'proxy'])]).toEqual(['proxy-1', 'bbb-02']);
  });

  it('refuses a word that is neither, with the nearest one', () => {
    try {
      limitedTo(hosts, ['bbb-03x']);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(OperatorError);
      expect((error as OperatorError).problem).toMatchObject({ code: 'limit-unknown' });
      expect((error as OperatorError).problem.next).toContain('bbb-0');
    }
  });

  it('refuses a node whose proxy would have to change first', () => {
    const plans = [hostPlan('proxy-1', 'proxy'), hostPlan('bbb-01', 'node')];
    const [proxy, node] = skipOthers(plans, new Set(['bbb-01']));
    expect(proxy?.skipped).toBe(true);
    expect(node?.problem?.code).toBe('forerunner-left-out');
    expect(node?.problem?.next).toContain('--limit bbb-01,proxy-1');
  });

  it('says how to add the proxy to all that were named, the same of each', () => {
    const namesTo = (last: number) => Array.from({ length: last }, (_, index) => `bbb-0${index + 1}`);
    const nextOf = (names: readonly string[]) => {
      const plans = [hostPlan('proxy-1', 'proxy'), ...names.map((name) => hostPlan(name, 'node'))];
      return new Set(skipOthers(plans, new Set(names)).flatMap(({ problem }) => problem?.next ?? []));
    };
    expect([...nextOf(namesTo(2))]).toEqual(['add it: --limit bbb-01,bbb-02,proxy-1']);
    expect([...nextOf(namesTo(9))]).toEqual(['add proxy-1 to --limit, or its role proxy']);
  });

  it('counts that as a mistake in the command, as long as nothing else failed and nothing was begun', () => {
    const hosts = skipOthers([hostPlan('proxy-1', 'proxy'), hostPlan('bbb-01', 'node')], new Set(['bbb-01']));
    const result = resultOfPlan({ hosts, byHand: [], warnings: [] }, 'apply');
    const statusOf = (one: RunResult) => exitStatusOf(one, { comparing: true });
    expect(result.hosts.map(({ status }) => status)).toEqual(['skipped', 'failed']);
    expect(statusOf(result)).toBe(exitStatus.nothingTouched);
    expect(statusOf({ ...result, run: '20261121T074501Z-4f2a9c' })).toBe(exitStatus.failed);
    const lost = hostPlan('bbb-02', 'node', { unreachable: true });
    const more = resultOfPlan({ hosts: [...hosts, lost], byHand: [], warnings: [] }, 'apply');
    expect(statusOf(more)).toBe(exitStatus.failed);
  });

  it('shows a host that is left out as skipped, also where it can not be planned', () => {
    const problem = { code: 'file-not-understood', message: 'x', host: 'bbb-02' };
    const plans = [hostPlan('bbb-01', 'node'), hostPlan('bbb-02', 'node', { problem })];
    const hosts = skipOthers(plans, new Set(['bbb-01']));
    const { hosts: results } = resultOfPlan({ hosts, byHand: [], warnings: [] }, 'apply');
    expect(results.map(({ status }) => status)).toEqual(['would-change', 'skipped']);
  });

  it('refuses a node whose proxy could not be planned, since nobody knows whether it would change', () => {
    const problem = { code: 'file-not-understood', message: 'x', host: 'proxy-1' };
    const plans = [hostPlan('proxy-1', 'proxy', { problem, changes: [] }), hostPlan('bbb-01', 'node')];
    const [, node] = skipOthers(plans, new Set(['bbb-01']));
    expect(node?.problem).toMatchObject({
      code: 'forerunner-left-out',
      message: expect.stringMatching(/^proxy-1 comes first.*could not be planned \(file-not-understood\)$/),
    });
  });

  it('lets a run be undone on the proxy alone, and warns of what people on its nodes lose', () => {
    const plans = [
      ...['bbb-02', 'bbb-01'].map((host) => hostPlan(host, 'node')),
      hostPlan('proxy-1', 'proxy'),
    ];
    const undone = skipOthers(plans, new Set(['proxy-1']), { isBackwards: true }).at(-1);
    expect(undone?.problem).toBeUndefined();
    expect(undone?.warnings).toEqual([expect.stringContaining('not undone on bbb-02 and bbb-01')]);
    const all = skipOthers(plans, new Set(['proxy-1', 'bbb-01', 'bbb-02']), { isBackwards: true });
    expect(all.flatMap(({ warnings }) => warnings)).toEqual([]);
  });

  it('lets a node through whose proxy is as planned', () => {
    const plans = [hostPlan('proxy-1', 'proxy', { changes: [] }), hostPlan('bbb-01', 'node')];
    expect(skipOthers(plans, new Set(['bbb-01']))[1]?.problem).toBeUndefined();
  });
});
