import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sha256 } from '../../../src/model/change.ts';
import { atOnce } from '../../../src/model/in-turns.ts';
import type { Ledger } from '../../../src/model/ledger.ts';
import { noReads } from '../../../src/model/reads.ts';
import type { Snapshot } from '../../../src/model/snapshot.ts';
import { evaluate, isEvaluation, type Resolve, type Wanted } from '../../../src/plan/forward/evaluate.ts';
import { checkFixpoint } from '../../../src/plan/forward/fixpoint.ts';
import { nextLedger } from '../../../src/plan/forward/ledger.ts';
import { itemHash, textOf } from '../../../src/plan/items.ts';
import { properties } from '../../../src/steps/files/properties.ts';
import type { StepModule } from '../../../src/steps/step-module.ts';
import { snapshotOf } from '../../support/snapshot-from-folder.ts';

const path = '/etc/test.properties';

function hostWith(text: string, ledger?: Ledger): Snapshot {
  return snapshotOf(
    { name: 'a', files: { [path]: text }, ...(ledger && { ledger }) },
    { ...noReads, paths: [path, '/etc'] },
  );
}

function wants(steps: Wanted['steps'], recipe = 'one'): Resolve {
  return (snapshots) =>
    new Map(
      [...snapshots].map(([name]) => [
        name,
        {
          recipe: { name: recipe, reason: '' },
          steps,
          handlers: [],
          units: [],
          warnings: [],
          notifyOf: () => [],
        },
      ]),
    );
}

function module(apply: StepModule<unknown>['apply']): StepModule {
  return {
    name: 'test',
    description: 'for tests',
    parameters: z.unknown() as never,
    reads: () => ({}),
    apply,
  };
}

function step(id: string, of: StepModule, parameters: unknown = {}): Wanted['steps'][number] {
  return { id, module: of, parameters, notify: [] };
}

const set = (id: string, values: Record<string, string>) =>
  step(id, properties as unknown as StepModule, properties.parameters.parse({ path, set: values }));

describe('the fixpoint check', () => {
  it('passes steps that change nothing the second time', () => {
    const resolve = wants([set('one', { a: '1' }), set('two', { b: '2' })]);
    const first = atOnce(evaluate(resolve, new Map([['a', hostWith('a=0\n')]])));
    expect([...atOnce(checkFixpoint(resolve, first))]).toEqual([]);
  });

  it('refuses a step that changes something each time, and names it', () => {
    const resolve = wants([
      step(
        'append',
        module((host) => host.write(path, `${host.text(path)}x\n`)),
      ),
    ]);
    const first = atOnce(evaluate(resolve, new Map([['a', hostWith('')]])));
    const problem = atOnce(checkFixpoint(resolve, first)).get('a');
    expect(problem?.code).toBe('not-idempotent');
    expect(problem?.step).toBe('append');
    expect(problem?.message).toContain(path);
  });

  it('refuses two steps that undo each other, although together they change nothing', () => {
    const write = (text: string) => module((host) => host.write(path, text));
    const resolve = wants([step('there', write('1\n')), step('back', write('0\n'))]);
    const first = atOnce(evaluate(resolve, new Map([['a', hostWith('0\n')]])));
    expect(atOnce(checkFixpoint(resolve, first)).get('a')?.code).toBe('not-idempotent');
  });

  it('refuses a plan that would change the recipe that it was made for', () => {
    const resolve: Resolve = (snapshots) => {
      const text = textOf(snapshots.get('a')?.paths.get(path) ?? { kind: 'absent' });
      return wants([set('one', { a: '1' })], text?.includes('a=1') ? 'new' : 'old')(snapshots);
    };
    const first = atOnce(evaluate(resolve, new Map([['a', hostWith('')]])));
    expect(atOnce(checkFixpoint(resolve, first)).get('a')?.message).toContain('from old to new');
  });

  describe('runs again', () => {
    /** A step that sets a file to what it is told, and notes for which hosts it ran. */
    const counted = () => {
      const ran: string[] = [];
      const apply: StepModule<unknown>['apply'] = (host, text) => {
        ran.push(host.snapshot.host);
        host.write(path, String(text));
      };
      return { ran, module: module(apply) };
    };
    /** Two hosts: `a` holds 0, and so does `b`, which gets what its step is told. */
    const hosts = new Map(['a', 'b'].map((name) => [name, { ...hostWith('0\n'), host: name }] as const));
    const wanting = (
      of: StepModule,
      textOfB: (snapshots: ReadonlyMap<string, Snapshot>) => string,
    ): Resolve => {
      return (snapshots) => {
        const forA = wants([step('write', of, '0\n')])(snapshots).get('a');
        const forB = wants([step('write', of, textOfB(snapshots))])(snapshots).get('b');
        return new Map(
          [
            ['a', forA],
            ['b', forB],
          ].flatMap(([name, one]) => (one ? [[name, one]] : [])) as never,
        );
      };
    };

    it('on no host where the first time changed none', () => {
      const { ran, module: of } = counted();
      const resolve = wanting(of, () => '0\n');
      const first = atOnce(evaluate(resolve, hosts));
      expect([...atOnce(checkFixpoint(resolve, first))]).toEqual([]);
      expect(ran).toEqual(['a', 'b']);
    });

    it('on those hosts that the first time changed', () => {
      const { ran, module: of } = counted();
      const resolve = wanting(of, () => '1\n');
      const first = atOnce(evaluate(resolve, hosts));
      expect([...atOnce(checkFixpoint(resolve, first))]).toEqual([]);
      expect(ran).toEqual(['a', 'b', 'b']);
    });

    it('on a host for which something else is wanted once another one is changed', () => {
      const { ran, module: of } = counted();
      const text = (snapshots: ReadonlyMap<string, Snapshot>) =>
        textOf(snapshots.get('a')?.paths.get(path) ?? { kind: 'absent' }) ?? '';
      const resolve: Resolve = (snapshots) => {
        const forA = wants([step('write', of, '1\n')])(snapshots).get('a');
        const forB = wanting(of, text)(snapshots).get('b');
        return new Map([
          ['a', forA],
          ['b', forB],
        ] as never);
      };
      const first = atOnce(evaluate(resolve, hosts));
      expect(atOnce(checkFixpoint(resolve, first)).get('b')?.code).toBe('not-idempotent');
      expect(ran).toEqual(['a', 'b', 'a', 'b']);
    });
  });

  it('refuses two steps that own one key, and names both', () => {
    const [[, result] = []] = atOnce(
      evaluate(wants([set('one', { a: '1' }), set('two', { a: '2' })]), new Map([['a', hostWith('')]])),
    );
    expect(isEvaluation(result)).toBe(false);
    expect(result).toMatchObject({
      code: 'two-owners',
      step: 'two',
      message: expect.stringContaining('one and two'),
    });
  });
});

describe('what is no longer wanted', () => {
  const names = { cluster: 'prod', playbook: 'test', recipe: undefined, run: 'r' };

  function afterFirst(text: string): Snapshot {
    const [[, one] = []] = atOnce(
      evaluate(wants([set('one', { a: '1', b: '2' })]), new Map([['a', hostWith(text)]])),
    );
    if (!isEvaluation(one)) throw new Error('not evaluated');
    return { ...one.host.asSnapshot(), ledger: atOnce(nextLedger(one.host, one.traces, names)) };
  }

  function planned(snapshot: Snapshot, steps: Wanted['steps']) {
    const [[, one] = []] = atOnce(evaluate(wants(steps), new Map([['a', snapshot]])));
    if (!isEvaluation(one)) throw new Error('not evaluated');
    return one;
  }

  it('gets its first-touch value back, and goes away where it had none', () => {
    const before = 'mine=x\na=0\n';
    const one = planned(afterFirst(before), []);
    expect(textOf(one.host.state(path))).toBe(before);
  });

  it('goes alone: the key beside it stays ours', () => {
    const one = planned(afterFirst('a=0\n'), [set('one', { b: '2' })]);
    expect(textOf(one.host.state(path))).toBe('a=0\nb=2\n');
    const ledger = atOnce(nextLedger(one.host, one.traces, names));
    expect(ledger.items.map(({ key }) => key)).toEqual([['b']]);
  });

  it('stays as somebody else has made it since, with a warning', () => {
    const done = afterFirst('a=0\n');
    const edited = hostWith('a=9\nb=2\n', done.ledger);
    const one = planned(edited, []);
    expect(textOf(one.host.state(path))).toBe('a=9\n');
    expect(one.traces.flatMap(({ warnings }) => warnings).join()).toContain('somebody else has changed it');
  });

  it('takes a file of ours away once nothing is left in it', () => {
    const empty = snapshotOf(
      { name: 'a', files: { [path]: { absent: true } } },
      { ...noReads, paths: [path, '/etc'] },
    );
    const [[, one] = []] = atOnce(evaluate(wants([set('one', { a: '1' })]), new Map([['a', empty]])));
    if (!isEvaluation(one)) throw new Error('not evaluated');
    const done = { ...one.host.asSnapshot(), ledger: atOnce(nextLedger(one.host, one.traces, names)) };
    expect(planned(done, []).host.state(path)).toEqual({ kind: 'absent' });
  });

  it('keeps the first-touch value through later runs', () => {
    const again = planned(afterFirst('a=0\n'), [set('one', { a: '5', b: '2' })]);
    const ledger = atOnce(nextLedger(again.host, again.traces, names));
    const item = ledger.items.find(({ key }) => key[0] === 'a');
    expect(item?.first).toEqual({ kind: 'value', value: '0' });
    expect(item?.activated).toBe(itemHash({ kind: 'value', value: '5' }));
    expect(item?.activated).not.toBe(sha256('5'));
  });
});
