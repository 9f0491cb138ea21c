import { beforeAll, describe, expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import type { CheckResult } from '../../src/model/outside-check.ts';
import { emptyPlan, emptyStage, type HostPlan } from '../../src/model/plan.ts';
import { queryKey } from '../../src/model/reads.ts';
import { exitStatusOf, type HostResult } from '../../src/model/result.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { viewCluster } from '../../src/playbook/resolve/contexts.ts';
import { readsOf } from '../../src/playbook/resolve/reads.ts';
import { withAnswersAfterwards } from '../../src/run/answers-afterwards.ts';
import { withWrongAnswers } from '../../src/run/asked.ts';
import { everyLookResults } from '../../src/run/every-look.ts';
import { resultOfHostPlan, resultOfPlan } from '../../src/run/result-of-plan.ts';
import { oneChange } from '../support/host-plan.ts';
import { inventoryOf, snapshotsOf } from '../support/sample-cluster.ts';

const text = `playbook: wcs
cluster: {name: prod, hostname: wcs.example.com}
hosts:
  balancer: [{name: lb-1, address: 192.0.2.10}]
  node: [{name: wcs-01, address: 192.0.2.11}, {name: wcs-02, address: 192.0.2.12}]
`;

const head = '# pxname,svname,status,weight,check_status,agent_status';
const up = (name: string, agent = 'L7OK') => `wcs_back,${name},UP,100,L4OK,${agent}`;
const sound = [up('wcs-01'), up('wcs-02')];

let inventory: Inventory;
let hosts: ReadonlyMap<string, Snapshot>;
beforeAll(async () => {
  inventory = await inventoryOf(text);
  const all = Object.fromEntries(inventory.hosts.map(({ name }) => [name, { folders: [] }]));
  hosts = snapshotsOf(inventory, all);
});

/** Set up by an earlier run, as its ledger says. */
function managed(name: string): Snapshot {
  const snapshot = hosts.get(name);
  if (snapshot === undefined) throw new Error(`no host ${name}`);
  const ledger = { schemaVersion: 1, run: 'r1', cluster: 'prod', items: [{}], actions: [] };
  return { ...snapshot, ledger: ledger as never };
}

/** The balancer, with what HAProxy says and what each agent says to the balancer itself. */
function balancer(rows: readonly string[], said: Readonly<Record<string, string>> = {}): Snapshot {
  const host = inventory.hosts.find(({ name }) => name === 'lb-1');
  if (host === undefined) throw new Error('no balancer');
  const { queries } = readsOf(inventory, host, { guards: false, checks: 'every-look' });
  const answers = queries.flatMap((query) => {
    const words = query.args.join(' ');
    const output = words.includes('show stat')
      ? [head, ...rows, ''].join('\n')
      : words.includes('telnet://$1:$2')
        ? `${said[query.args[4] ?? ''] ?? 'up 100%'}\n`
        : undefined;
    return output === undefined ? [] : [[queryKey(query), { status: 0, output }] as const];
  });
  return { ...managed('lb-1'), answers: new Map(answers) };
}

type Plans = Readonly<Record<string, Partial<HostPlan>>>;

function plansOf(lb: Snapshot, given: Plans = {}): readonly HostPlan[] {
  return inventory.hosts.map(({ name, role }) => ({
    ...emptyPlan({ name, role }),
    snapshot: name === 'lb-1' ? lb : managed(name),
    ...given[name],
  }));
}

function results(lb: Snapshot, given: Plans = {}): readonly CheckResult[] {
  const plans = plansOf(lb, given);
  const snapshots = plans.flatMap(({ host, snapshot }) => (snapshot ? [[host, snapshot] as const] : []));
  return everyLookResults(viewCluster(inventory, new Map(snapshots)), plans);
}

const short = (all: readonly CheckResult[]) =>
  all.map(({ id, outcome, found }) => `${id} ${outcome}: ${found}`);
const differing: Partial<HostPlan> = { stages: [{ ...emptyStage, changes: [oneChange] }] };

describe('what every look at a balancer asks', () => {
  it('is whether it sends people to its nodes and hears their agents', () => {
    expect(short(results(balancer(sound)))).toEqual([
      'servers passed: wcs-01 has weight 100, wcs-02 has weight 100',
      'agents passed: they do',
    ]);
  });

  it('finds an agent that refuses the balancer, and check tells of it and ends with 4', () => {
    const asked = results(balancer([up('wcs-01', 'L7RSP'), up('wcs-02')], { '192.0.2.11': '' }));
    expect(short(asked)[1]).toBe('agents failed: wcs-01: an empty or wrong answer in wcs_back');
    const plan = { hosts: plansOf(balancer(sound)), byHand: [], warnings: [] };
    const result = withWrongAnswers(resultOfPlan(plan as never, 'check'), asked);
    expect(result.hosts[0]?.problem).toMatchObject({
      code: 'answers-wrongly',
      message: expect.stringContaining('wcs-01: an empty or wrong answer'),
      next: expect.stringContaining('`agent_allow`'),
    });
    expect(exitStatusOf(result, { comparing: true, asked })).toBe(4);
  });

  it('knows before HAProxy does that an agent has fallen silent', () => {
    expect(short(results(balancer(sound, { '192.0.2.12': '' })))[1]).toBe(
      'agents failed: wcs-02: it says nothing to the balancer in wcs_back',
    );
  });

  it('tells everything that fails on one host', () => {
    const asked = results(balancer(['wcs_back,wcs-01,DOWN,100,L4CON,L4CON', up('wcs-02')]));
    const plan = { hosts: plansOf(balancer(sound)), byHand: [], warnings: [] };
    const problem = withWrongAnswers(resultOfPlan(plan as never, 'check'), asked).hosts[0]?.problem;
    expect(problem?.message).toContain('wcs-01 is DOWN');
    expect(problem?.notes?.join()).toContain('wcs-01: it refuses the connection');
  });

  it.each<[string, Plans]>([
    ['that could not be looked at', { 'wcs-01': { snapshot: undefined } }],
    ['that is not as planned', { 'wcs-01': differing }],
  ])('expects nothing of a node %s', (_, given) => {
    const rows = [up('wcs-01', 'L4CON'), up('wcs-02')];
    expect(results(balancer(rows, { '192.0.2.11': '' }), given).map(({ outcome }) => outcome)).toEqual([
      'passed',
      'passed',
    ]);
  });

  it('judges no balancer that is not as planned, is left out, or was never set up', () => {
    const lb = balancer([up('wcs-01', 'L4CON')]);
    const differs = results(lb, { 'lb-1': differing }).map(({ outcome }) => outcome);
    expect(differs).toEqual(['not-asked', 'not-asked']);
    expect(results(lb, { 'lb-1': { skipped: true } })).toEqual([]);
    expect(results({ ...lb, ledger: undefined } as never)).toEqual([]);
  });
});

describe('what every look at the balancer of Ant Media asks', () => {
  it('is about nodes on which nothing is ever written, too', async () => {
    const own = await inventoryOf(text.replace('wcs\n', 'antmedia\n'));
    const found = own.hosts.find(({ name }) => name === 'lb-1');
    if (found === undefined) throw new Error('no balancer');
    const { queries } = readsOf(own, found, { guards: false, checks: 'every-look' });
    const answers = queries.map((query) => {
      const backend = query.args.at(-1);
      const rows = ['wcs-01', 'wcs-02'].map((name) => `${backend},${name},UP,0,L7OK,`);
      return [queryKey(query), { status: 0, output: [head, ...rows, ''].join('\n') }] as const;
    });
    const lb = { ...managed('lb-1'), answers: new Map(answers) };
    const plans = own.hosts.map((host) => ({
      ...emptyPlan(host),
      snapshot: host.name === 'lb-1' ? lb : hosts.get(host.name),
    }));
    const snapshots = plans.flatMap(({ host, snapshot }) => (snapshot ? [[host, snapshot] as const] : []));
    const results = everyLookResults(viewCluster(own, new Map(snapshots)), plans);
    expect(results.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual(['servers failed']);
    expect(results[0]?.found).toContain('wcs-01 has weight 0');
  });
});

describe('the same after a run', () => {
  /** Runs end with these hosts changed; the balancer then answers so, one answer for each look. */
  async function afterwards(
    answers: readonly Snapshot[],
    {
      changed = ['wcs-01', 'wcs-02'],
      warned = false,
      fromHere = [] as readonly string[],
      limit = false,
      earlier = balancer([up('wcs-01', 'L4CON'), up('wcs-02')], { '192.0.2.11': '' }),
    } = {},
  ) {
    const before = results(earlier);
    const lb = { ...plansOf(balancer(sound))[0], skipped: limit } as HostPlan;
    const ended: readonly HostResult[] = plansOf(balancer(sound)).map((plan, index) => ({
      ...resultOfHostPlan(index === 0 ? lb : plan),
      status: changed.includes(plan.host) ? 'changed' : index === 0 && limit ? 'skipped' : 'in-sync',
      warnings: index > 0 ? [] : [...(warned ? ['another', firstWarning(before)] : []), ...fromHere],
    }));
    let looks = 0;
    const told = await withAnswersAfterwards(ended, {
      ...{ inventory, signal: new AbortController().signal, progress: () => {}, before },
      pause: async () => {},
      look: async (host) => {
        const snapshot = answers[Math.min(looks, answers.length - 1)];
        looks += 1;
        return { host, snapshot, problem: undefined, durationMs: 0 };
      },
    });
    return { warnings: told[0]?.warnings ?? [], looks };
  }
  const firstWarning = (before: readonly CheckResult[]) => {
    const wrong = before.find(({ outcome }) => outcome === 'failed');
    if (wrong === undefined) throw new Error('nothing was wrong');
    return `this check fails: ${wrong.title}; found: ${wrong.found}; expected: ${wrong.expected}; to fix it: ${wrong.fix}`;
  };
  const refused = () => balancer([up('wcs-01', 'L7RSP'), up('wcs-02')], { '192.0.2.11': '' });

  it('tells in the run that set them up of agents that refuse the balancer', async () => {
    const { warnings } = await afterwards([refused()]);
    expect(warnings).toEqual([
      expect.stringMatching(/fails: the agents' answers.*wcs-01: an empty or wrong/),
    ]);
  });

  it('tells of it where the balancer itself was left out of the run', async () => {
    expect((await afterwards([refused()], { limit: true })).warnings).toHaveLength(1);
  });

  it('asks again until HAProxy has asked an agent that has just come up', async () => {
    const early = balancer([up('wcs-01', 'L4CON'), up('wcs-02', 'INI')]);
    const { warnings, looks } = await afterwards([early, early, balancer(sound)]);
    expect({ warnings, looks }).toEqual({ warnings: [], looks: 3 });
  });

  it('waits for a server that HAProxy is about to take for down', async () => {
    const going = ['wcs_back,wcs-01,UP 2/3,100,L4CON,L7OK', up('wcs-02')];
    const down = ['wcs_back,wcs-01,DOWN,100,L4CON,L7OK', up('wcs-02')];
    const { warnings } = await afterwards([balancer(going), balancer(down)]);
    expect(warnings).toEqual([expect.stringContaining('wcs-01 is DOWN')]);
  });

  it('does not wait long for a server that was down before the run as well', async () => {
    const down = balancer(['wcs_back,wcs-01,DOWN,100,L4CON,L7OK', up('wcs-02')]);
    expect((await afterwards([down])).looks).toBe(15);
    expect((await afterwards([down], { changed: ['wcs-02'], earlier: down })).looks).toBe(3);
  });

  it('no longer tells what was wrong before and is right now', async () => {
    expect((await afterwards([balancer(sound)], { warned: true })).warnings).toEqual(['another']);
  });

  it('tells of one fault once, whoever has met with it', async () => {
    const words = (title: string) =>
      `this check fails: ${title}; found: 502 (asked from here after the change); expected: 200; to fix it: look`;
    const fromHere = [words("the agents' answers to HAProxy"), words('something else')];
    const { warnings } = await afterwards([refused()], { fromHere });
    expect(warnings).toEqual([words('something else'), expect.stringMatching(/wcs-01: an empty or wrong/)]);
    expect((await afterwards([balancer(sound)], { fromHere })).warnings).toEqual(fromHere);
  });

  it('asks nothing if nothing was changed', async () => {
    expect(await afterwards([refused()], { changed: [] })).toEqual({ warnings: [], looks: 0 });
  });
});
