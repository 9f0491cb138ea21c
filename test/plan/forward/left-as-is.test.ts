import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AcceptedNow } from '../../../src/model/accepted.ts';
import type { Change } from '../../../src/model/change.ts';
import type { HostPlan } from '../../../src/model/plan.ts';
import { noReads } from '../../../src/model/reads.ts';
import { type Snapshot, stateIn } from '../../../src/model/snapshot.ts';
import { acceptedValue, placeOf, valueOfPath } from '../../../src/plan/accepted.ts';
import { planCluster } from '../../../src/plan/forward/plan-cluster.ts';
import { itemId, itemValue } from '../../../src/plan/items.ts';
import { itemFormatsOf } from '../../../src/steps/item-formats.ts';
import type { Managed } from '../../../src/virtual/managed.ts';
import type { StepHost } from '../../../src/virtual/step-host.ts';
import { VirtualHost } from '../../../src/virtual/virtual-host.ts';
import { stageOf } from '../../support/host-plan.ts';
import { runs } from '../../support/random.ts';
import { carriedOutHost, edited, wantedStep, wants } from '../../support/recorded-run.ts';
import { freshHosts, inventoryOf, planFor, planInput, snapshotsOf } from '../../support/sample-cluster.ts';
import { snapshotOf } from '../../support/snapshot-from-folder.ts';

const name = 'bbb-02';
const acceptance = {
  who: 'ada',
  reason: 'exams',
  since: '2026-11-01T00:00:00Z',
  until: '2026-12-01T00:00:00Z',
};
const absent = { kind: 'absent' } as const;

const inventory = await inventoryOf();
const snapshots = snapshotsOf(inventory, freshHosts());
const formats = itemFormatsOf(inventory.playbook);
const plain = planCluster(planInput(inventory, snapshots));
const snapshot = snapshots.get(name) as Snapshot;
const items = stageOf(planFor(plain, name)).ledger?.items ?? [];
const after = (plan: HostPlan) => {
  const host = new VirtualHost(snapshot);
  for (const change of stageOf(plan).changes) host.set(change.path, change.after);
  return host;
};
const valueIn = (plan: HostPlan, item: Managed) => itemValue(item, after(plan).state(item.path), formats);
const valueNow = (item: Managed) => itemValue(item, stateIn(snapshot, item.path) ?? absent, formats);
const wholly = planFor(plain, name);
const differing = items.filter(
  (item) => JSON.stringify(valueNow(item)) !== JSON.stringify(valueIn(wholly, item)),
);
const acceptedItem = (item: Managed): AcceptedNow => {
  const place = placeOf(item);
  return {
    host: name,
    ...place,
    ...acceptance,
    ended: false,
    value: acceptedValue(name, place, valueNow(item)),
  };
};
const acceptedPath = ({ path, before }: Change): AcceptedNow => ({
  ...{ host: name, path, ...acceptance, ended: false },
  value: acceptedValue(name, { path }, valueOfPath(before)),
});
const planned = (accepted: readonly AcceptedNow[]) =>
  planCluster({ ...planInput(inventory, snapshots), accepted });

describe('accepted differences', () => {
  it('are many on a fresh node', () => {
    expect(differing.length).toBeGreaterThan(5);
  });

  it('stay, and everything else of the plan is the same to the byte', () => {
    fc.assert(
      fc.property(fc.subarray(differing, { minLength: 1 }), (chosen) => {
        const plans = planned(chosen.map(acceptedItem));
        const plan = planFor(plans, name);
        expect(plan.problem).toBeUndefined();
        expect(plans.filter(({ host }) => host !== name)).toEqual(plain.filter(({ host }) => host !== name));
        const ids = new Set(chosen.map(itemId));
        for (const item of items) {
          expect(valueIn(plan, item)).toEqual(ids.has(itemId(item)) ? valueNow(item) : valueIn(wholly, item));
        }
        const paths = new Set(chosen.map(({ path }) => path));
        const others = ({ path }: Change) =>
          !paths.has(path) && ![...paths].some((one) => one.startsWith(`${path}/`));
        expect(stageOf(plan).changes.filter(others)).toEqual(stageOf(wholly).changes.filter(others));
        const told = (plan.left ?? []).flatMap(({ items: left }) => left.map(itemId));
        expect(new Set(told)).toEqual(ids);
        expect(plan.warnings).toEqual(wholly.warnings);
        const again = planCluster({
          ...planInput(inventory, new Map(snapshots).set(name, carriedOutHost(plan))),
          accepted: chosen.map(acceptedItem),
        });
        expect(stageOf(planFor(again, name)).changes).toEqual([]);
        expect(stageOf(planFor(again, name)).handlers).toEqual([]);
      }),
      runs(12, 4),
    );
  });

  it.each(differing.map((item) => [itemId(item).replaceAll('\u001f', ' '), item] as const))(
    'keep the very lines of %s',
    (_, item) => {
      const plan = planFor(planned([acceptedItem(item)]), name);
      const whole = stageOf(wholly).changes.find(({ path }) => path === item.path);
      const [left] = plan.left ?? [];
      // What the step would make of it, where no later step has edited the file as well.
      if (whole?.steps.length === 1) {
        expect(left?.change.after).toEqual(whole.after);
        expect(left?.change.before).toEqual(after(plan).state(item.path));
      }
    },
  );

  it('leave a whole file alone', () => {
    for (const change of stageOf(wholly).changes.filter(({ kind }) => kind === 'file')) {
      const plan = planFor(planned([acceptedPath(change)]), name);
      const left = stageOf(plan).changes.find(({ path }) => path === change.path);
      expect([change.path, left, plan.problem]).toEqual([change.path, undefined, undefined]);
    }
  });

  it('are drift again once their time is over, or the value is another', () => {
    const [item] = differing;
    if (item === undefined) throw new Error('nothing differs');
    const one = acceptedItem(item);
    for (const [entry, words] of [
      [{ ...one, ended: true }, 'that time is over, so it is drift again'],
      [{ ...one, value: `scrypt:${'0'.repeat(64)}` }, 'it has changed again since, so it is drift again'],
      [{ ...one, path: '/etc/other' }, 'no step of the playbook manages that on this host'],
    ] as const) {
      const plan = planFor(planned([entry]), name);
      expect(stageOf(plan).changes).toEqual(stageOf(wholly).changes);
      expect(plan.warnings.at(-1)).toContain(words);
    }
  });
});

describe('a step that says what it does about drift', () => {
  const path = '/etc/app.properties';
  const step = (set: Record<string, string>, onDrift: 'fix' | 'report' | 'keep') => ({
    ...wantedStep('settings', 'properties', { path, set }),
    onDrift,
  });
  const fresh = snapshotOf(
    { folders: [], files: { [path]: '# ours\na=0\nb = 0\n' }, name: 'node-01' },
    { ...noReads, paths: [path, '/etc'] },
  );
  const plan = (
    from: Snapshot,
    set: Record<string, string>,
    onDrift: 'fix' | 'report' | 'keep',
    accepted: readonly AcceptedNow[] = [],
  ) => {
    const [one] = planCluster({
      ...{ cluster: 'prod', playbook: 'test', crossChecks: [], resolve: wants([step(set, onDrift)]) },
      hosts: [{ name: 'node-01', role: 'node', snapshot: from, problem: undefined, durationMs: 0 }],
      accepted,
    });
    if (one === undefined) throw new Error('not planned');
    return one;
  };
  const textAfter = (one: HostPlan) => {
    const [change] = stageOf(one).changes;
    return change?.after.kind === 'file' ? change.after.content.toString() : undefined;
  };

  const acceptedThen = (more: Partial<AcceptedNow>): AcceptedNow => ({
    ...{ host: 'node-01', path, key: 'a', ...acceptance, ended: false },
    value: acceptedValue('node-01', { path, key: 'a' }, { kind: 'value', value: '0' }),
    ...more,
  });

  it.each([
    ['report', 'that time is over, so it is drift again'],
    ['keep', 'that time is over, and its step keeps it as it is'],
  ] as const)('with %s an acceptance that has ended is told as that', (onDrift, words) => {
    const done = carriedOutHost(plan(fresh, { a: '1', b: '1' }, onDrift));
    const drifted = edited(done, path, (text) => text.replace('a=1', 'a=0'));
    const ended = plan(drifted, { a: '1', b: '1' }, onDrift, [acceptedThen({ ended: true })]);
    expect(ended.warnings).toEqual([expect.stringContaining(words)]);
    const sound = plan(done, { a: '1', b: '1' }, onDrift, [acceptedThen({ ended: true })]);
    expect(sound.warnings).toEqual([expect.stringContaining('it no longer differs from the plan')]);
  });

  it('later steps are not in the difference that stays', () => {
    const [one, other] = ['a', 'b'].map((key) => ({
      ...wantedStep(key, 'properties', { path, set: { [key]: '1' } }),
    }));
    const [told] = planCluster({
      ...{ cluster: 'prod', playbook: 'test', crossChecks: [], resolve: wants([one, other] as never) },
      hosts: [{ name: 'node-01', role: 'node', snapshot: fresh, problem: undefined, durationMs: 0 }],
      accepted: [acceptedThen({})],
    });
    expect(textAfter(told as HostPlan)).toBe('# ours\na=0\nb=1\n');
    const [left] = told?.left ?? [];
    const text = (state: Change['before'] | undefined) =>
      state?.kind === 'file' ? state.content.toString() : undefined;
    expect([text(left?.change.before), text(left?.change.after)]).toEqual([
      '# ours\na=0\nb = 0\n',
      '# ours\na=1\nb = 0\n',
    ]);
  });

  it.each(['report', 'keep'] as const)(
    'with %s writes the first time, and leaves drift as it is',
    (onDrift) => {
      const first = plan(fresh, { a: '1', b: '1' }, onDrift);
      expect(textAfter(first)).toBe('# ours\na=1\nb=1\n');
      const done = carriedOutHost(first);
      const drifted = edited(done, path, (text) => text.replace('a=1', 'a:  by hand'));
      const second = plan(drifted, { a: '1', b: '1' }, onDrift);
      expect(stageOf(second).changes).toEqual([]);
      expect(second.left?.map(({ items }) => items.map(({ key, because }) => [key, because]))).toEqual([
        [[['a'], onDrift]],
      ]);
      // A new value for another key is no drift, and the ledger still knows what was written.
      const third = plan(drifted, { a: '1', b: '2' }, onDrift);
      expect(textAfter(third)).toBe('# ours\na:  by hand\nb=2\n');
      const fourth = plan(carriedOutHost(third), { a: '1', b: '2' }, onDrift);
      expect([stageOf(fourth).changes, fourth.left?.length]).toEqual([[], 1]);
      expect(textAfter(plan(carriedOutHost(third), { a: '1', b: '2' }, 'fix'))).toBe('# ours\na=1\nb=2\n');
    },
  );
});

describe('things of one step of which one holds another', () => {
  const path = '/etc/app.yml';
  const text = 'outer:\n  inner: 0\n  theirs: 5\nother: 0\n';
  const from = snapshotOf(
    { folders: [], files: { [path]: text }, name: 'node-01' },
    { ...noReads, paths: [path, '/etc'] },
  );
  /** Sets both, and manages the outer one as well. */
  const step = wantedStep('settings', 'yaml', { path, set: { outer: { inner: 1 }, other: 1 } });
  const { applyInTurns: _, ...module } = step.module;
  const overlapping = {
    ...step,
    module: {
      ...module,
      apply: (view: StepHost, parameters: never) => {
        step.module.apply(view, parameters);
        view.manage({ path, format: 'yaml', key: ['outer'] });
      },
    },
  };
  const accepted = (key: string, value: unknown): AcceptedNow => ({
    ...{ host: 'node-01', path, key, ...acceptance, ended: false },
    value: acceptedValue('node-01', { path, key }, { kind: 'value', value: value as string }),
  });
  const plan = (entries: readonly AcceptedNow[]) => {
    const [one] = planCluster({
      ...{ cluster: 'prod', playbook: 'test', crossChecks: [], resolve: wants([overlapping]) },
      hosts: [{ name: 'node-01', role: 'node', snapshot: from, problem: undefined, durationMs: 0 }],
      accepted: entries,
    });
    const [change] = stageOf(one as HostPlan).changes;
    return {
      text: change?.after.kind === 'file' ? change.after.content.toString() : text,
      told: (one?.left ?? []).flatMap(({ items: left }) => left.map(({ key }) => key.join('.'))),
    };
  };
  const outer = accepted('outer', { inner: 0, theirs: 5 });

  it.each([
    ['the inner one', [accepted('outer.inner', 0)], ['outer.inner']],
    ['both', [accepted('outer.inner', 0), outer], ['outer', 'outer.inner']],
    ['the outer one, with all that is in it', [outer], ['outer', 'outer.inner']],
  ])('%s: everything else is written, and all that stays is told', (_, entries, told) => {
    const planned = plan(entries);
    expect(planned.text).toBe(text.replace('other: 0', 'other: 1'));
    expect(planned.told.sort()).toEqual(told);
  });
});
