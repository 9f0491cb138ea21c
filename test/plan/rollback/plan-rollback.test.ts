import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { properties } from '../../../src/formats/properties.ts';
import type { Ledger } from '../../../src/model/ledger.ts';
import { noReads } from '../../../src/model/reads.ts';
import type { Snapshot } from '../../../src/model/snapshot.ts';
import type { Wanted } from '../../../src/plan/forward/evaluate.ts';
import { itemHash, textOf } from '../../../src/plan/items.ts';
import { recordChanges } from '../../../src/plan/record.ts';
import { latestRun, planHostRollback, type RollbackPlan } from '../../../src/plan/rollback/plan-rollback.ts';
import { stillOwing } from '../../../src/plan/rollback/still-owing.ts';
import { detailOf } from '../../../src/report/document/problem.ts';
import { wholePath } from '../../../src/virtual/managed.ts';
import { stageOf } from '../../support/host-plan.ts';
import {
  carriedOutHost,
  edited,
  emptyLedger,
  planWith,
  recorded,
  wantedStep,
  withState,
} from '../../support/recorded-run.ts';
import { snapshotOf, textFile } from '../../support/snapshot-from-folder.ts';

const path = '/etc/test.properties';
const made = '/etc/new/made.conf';
const absent = { kind: 'absent' } as const;

function hostWith(text: string | undefined, more: Record<string, string> = {}): Snapshot {
  const reads = { ...noReads, paths: [path, '/etc', '/etc/new', made] };
  return snapshotOf(
    { name: 'a', files: { ...(text === undefined ? {} : { [path]: text }), ...more } },
    reads,
  );
}

const set = (values: Record<string, string>): Wanted['steps'] => [
  wantedStep('keys', 'properties', { path, set: values }),
];
const whole = (content: string) => wantedStep('whole', 'file', { path: made, content });
const force = { force: true };
const careful = { force: false };

function textAfter(plan: RollbackPlan, now: Snapshot, at = path): string | undefined {
  const state = plan.changes.find((change) => change.path === at)?.after ?? now.paths.get(at) ?? absent;
  return textOf(state);
}

describe('undoing a run', () => {
  it('gives the very bytes back where nobody has touched the file since', () => {
    const before = '# mine\r\na = 0\r\n\r\nb=\\u0041\r\n';
    const plan = planWith(hostWith(before), set({ a: '1', c: '2' }));
    const undone = planHostRollback(carriedOutHost(plan), [recorded(plan)], careful);
    expect(undone.problem).toBeUndefined();
    expect(textAfter(undone, carriedOutHost(plan))).toBe(before);
    expect(undone.ledger?.items).toEqual([]);
  });

  it('knows again what was of our own making, so that it goes away with the host', () => {
    const first = planWith(hostWith('a=0\n'), [whole('text\n')]);
    expect(stageOf(first).ledger?.created).toEqual(['/etc/new', made]);
    const second = planWith(carriedOutHost(first), []);
    expect(stageOf(second).ledger?.created).toEqual([]);
    const undone = planHostRollback(carriedOutHost(second), [recorded(second)], careful);
    expect(undone.changes.map((change) => [change.action, change.path])).toEqual([
      ['create', '/etc/new'],
      ['create', made],
    ]);
    expect(undone.ledger?.created).toEqual(['/etc/new', made]);
    const { changes, ledger } = undone;
    const stages = [{ ...stageOf(second), changes, ledger }];
    const again = carriedOutHost({ ...second, stages, snapshot: carriedOutHost(second) });
    expect(stageOf(planWith(again, [])).changes.map((change) => [change.action, change.path])).toEqual([
      ['delete', made],
      ['delete', '/etc/new'],
    ]);
  });

  it('restarts what an earlier attempt left out, though the files are restored', () => {
    const restart = {
      ...{ id: 'web', validate: undefined, actions: [], checks: [], guards: [], timeout: 60 },
      ...{ settle: 0, rewrites: [] },
    };
    const plan = planWith(hostWith('a=0\n'), set({ a: '1' }));
    const run = recorded(plan);
    const stages = [{ ...run, record: { ...run.record, handlers: [restart] } }];
    const restored = hostWith('a=0\n');
    expect(planHostRollback(restored, stages, careful).handlers).toEqual([]);
    const owing = planHostRollback({ ...restored, owed: ['web', 'other'] }, stages, careful);
    expect(owing.changes).toEqual([]);
    expect(owing.handlers).toMatchObject([{ handler: { id: 'web' }, owed: expect.any(String) }]);
  });

  it('gives its keys back, and keeps what somebody else has written beside them since', () => {
    const plan = planWith(hostWith('a=0\nmine=x\n'), set({ a: '1', b: '2' }));
    const now = edited(
      carriedOutHost(plan),
      path,
      (text) => `# note\n${text.replace('mine=x', 'mine=y')}other=z\n`,
    );
    const undone = planHostRollback(now, [recorded(plan)], careful);
    expect(undone.problem).toBeUndefined();
    expect(textAfter(undone, now)).toBe('# note\na=0\nmine=y\nother=z\n');
  });

  it('keeps every edit of others and gives back every key of its own, whatever they are', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    const value = fc.stringMatching(/^[a-z0-9]{0,6}$/);
    const values = fc.dictionary(key, value, { maxKeys: 6 });
    const edits = fc.array(fc.tuple(key, fc.option(value, { nil: undefined })), { maxLength: 6 });
    fc.assert(
      fc.property(values, values, edits, (first, run, others) => {
        const write = (text: string, [name, to]: readonly [string, string | undefined]) =>
          to === undefined ? properties.remove(text, [name]) : properties.set(text, [name], to);
        const original = Object.entries(first).reduce(write, '# of the operator\n');
        const plan = planWith(hostWith(original), set(run));
        const theirs = others.filter(([name]) => !(name in run));
        const now = edited(carriedOutHost(plan), path, (text) =>
          theirs.reduce(write, `${text}# and a note\n`),
        );
        const undone = planHostRollback(now, [recorded(plan)], careful);
        expect(undone.problem).toBeUndefined();
        const text = textAfter(undone, now) ?? '';
        const expected = theirs.reduce(write, original);
        for (const name of ['a', 'b', 'c', 'd', 'e', 'f'])
          expect(properties.get(text, [name])).toBe(properties.get(expected, [name]));
        expect(text).toContain('# of the operator\n');
        expect(text).toContain('# and a note\n');
      }),
    );
  });

  it('is a conflict where somebody else has changed the same key since, shown as a diff', () => {
    const plan = planWith(hostWith('a=0\n'), set({ a: '1', b: '2' }));
    const now = edited(carriedOutHost(plan), path, (text) => `${text.replace('a=1', 'a=9')}mine=x\n`);
    const undone = planHostRollback(now, [recorded(plan)], careful);
    expect(undone.changes).toEqual([]);
    expect(undone.handlers).toEqual([]);
    expect(undone.ledger).toBe(now.ledger);
    expect(undone.problem).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(`a in ${path}`),
    });
    expect(undone.problem?.message).not.toContain(`b in ${path}`);
    expect(undone.problem && detailOf(undone.problem)).toContain('-a=9\n-b=2\n+a=0\n');
  });

  it('lets the former value win with force, in that key alone', () => {
    const plan = planWith(hostWith('a=0\n'), set({ a: '1', b: '2' }));
    const now = edited(carriedOutHost(plan), path, (text) => `${text.replace('a=1', 'a=9')}mine=x\n`);
    const undone = planHostRollback(now, [recorded(plan)], force);
    expect(undone.problem).toBeUndefined();
    expect(textAfter(undone, now)).toBe('a=0\nmine=x\n');
  });

  it('shows no secret of the file in a conflict', () => {
    const plan = planWith(hostWith('a=0\nsecuritySalt=330a8b08c3b4c61533e1d0c5ce1ac88f\n'), set({ a: '1' }));
    const now = edited(carriedOutHost(plan), path, (text) => text.replace('a=1', 'a=9'));
    const { problem } = planHostRollback(now, [recorded(plan)], careful);
    expect(problem && detailOf(problem)).toContain('securitySalt=********');
    expect(problem && detailOf(problem)).not.toContain('330a8b08');
  });

  it('takes a conflict for whole files, and restores them with force', () => {
    const plan = planWith(hostWith('', { [made]: 'old\n' }), [whole('new\n')]);
    const now = edited(carriedOutHost(plan), made, (text) => `${text}more\n`);
    const { problem, changes } = planHostRollback(now, [recorded(plan)], careful);
    expect(problem?.message).toContain(made);
    expect(changes).toEqual([]);
    const forced = planHostRollback(now, [recorded(plan)], force);
    expect(textAfter(forced, now, made)).toBe('old\n');
  });

  it('takes away what the run made, with the directory, unless somebody else has put something there', () => {
    const fresh = withState(hostWith(''), '/etc/new', absent);
    const plan = planWith(fresh, [whole('new\n')]);
    expect(stageOf(plan).changes.map(({ kind, action }) => `${action} ${kind}`)).toEqual([
      'create directory',
      'create file',
    ]);
    const gone = planHostRollback(carriedOutHost(plan), [recorded(plan)], careful);
    expect(gone.changes.map((change) => `${change.action} ${change.path}`)).toEqual([
      `delete ${made}`,
      'delete /etc/new',
    ]);
    const shared = withState(carriedOutHost(plan), '/etc/new/theirs', textFile('x\n'));
    const kept = planHostRollback(shared, [recorded(plan)], careful);
    expect(kept.changes.map((change) => `${change.action} ${change.path}`)).toEqual([`delete ${made}`]);
  });

  it('keeps a file that it made where somebody else has added keys', () => {
    const plan = planWith(hostWith(undefined), set({ a: '1' }));
    const mine = edited(carriedOutHost(plan), path, (text) => `${text}mine=x\n`);
    expect(textAfter(planHostRollback(mine, [recorded(plan)], careful), mine)).toBe('mine=x\n');
    const alone = carriedOutHost(plan);
    const undone = planHostRollback(alone, [recorded(plan)], careful);
    expect(undone.changes).toMatchObject([{ action: 'delete', path }]);
    expect(undone.ledger?.created).toEqual([]);
  });

  it.each([
    ['/srv', []],
    ['/srv/app', [['delete', '/srv/app']]],
  ])('leaves folders of the system, even empty ones that a ledger claims: %s', (folder, expected) => {
    const snapshot = snapshotOf({ name: 'a' }, { ...noReads, paths: [folder, `${folder}/gone`] });
    const ledger: Ledger = {
      ...emptyLedger(),
      items: [
        {
          step: 'x',
          ...wholePath(`${folder}/gone`),
          first: { kind: 'absent' },
          activated: itemHash({ kind: 'absent' }),
        },
      ],
      created: [folder],
    };
    const there = withState(snapshot, folder, {
      kind: 'directory',
      mode: 0o755,
      user: 'root',
      group: 'root',
    });
    const { changes } = stageOf(planWith({ ...there, ledger }, []));
    expect(changes.map(({ action, path: at }) => [action, at])).toEqual(expected);
  });

  it('never removes a folder that every host has, whoever asks for it', () => {
    const etc = { kind: 'directory', mode: 0o755, user: 'root', group: 'root' } as const;
    const snapshot = withState(snapshotOf({ name: 'a' }, { ...noReads, paths: ['/etc'] }), '/etc', etc);
    const record = recorded(planWith(snapshot, [])).record;
    const change = { path: '/etc', kind: 'directory', action: 'create', steps: ['x'] } as const;
    const changes = recordChanges([{ ...change, before: absent, after: etc }]);
    const undo = () =>
      planHostRollback(snapshot, [{ record: { ...record, changes }, originals: new Map() }], force);
    expect(undo).toThrowError(expect.objectContaining({ code: 'folder-of-system' }));
  });

  it('manages again what the run had let go', () => {
    const first = planWith(hostWith('a=0\n'), set({ a: '1', b: '2' }));
    const second = planWith(carriedOutHost(first), set({ a: '1' }));
    expect(stageOf(second).ledger?.items.map(({ key }) => key)).toEqual([['a']]);
    const undone = planHostRollback(carriedOutHost(second), [recorded(second)], careful);
    expect(textAfter(undone, carriedOutHost(second))).toBe('a=1\nb=2\n');
    expect(undone.ledger?.items.map(({ key, first: was }) => [key, was.kind])).toEqual([
      [['a'], 'value'],
      [['b'], 'absent'],
    ]);
  });

  it('undoes the stages of a run, the last one first', () => {
    const first = planWith(hostWith('a=0\n'), set({ a: '1' }));
    const second = planWith(carriedOutHost(first), set({ a: '2' }));
    const stages = [recorded(first), recorded(second, '20261121T074501Z-4f2a9c-2')];
    const undone = planHostRollback(carriedOutHost(second), stages, careful);
    expect(textAfter(undone, carriedOutHost(second))).toBe('a=0\n');
    expect(undone.ledger?.items).toEqual([]);
  });

  it('is a conflict where a later run has set the same key', () => {
    const first = planWith(hostWith('a=0\n'), set({ a: '1', b: '1' }));
    const second = planWith(carriedOutHost(first), set({ a: '1', b: '2' }));
    const undone = planHostRollback(carriedOutHost(second), [recorded(first)], careful);
    expect(undone.problem?.message).toContain(`b in ${path}`);
  });

  it('has nothing to do the second time', () => {
    const plan = planWith(hostWith('a=0\n'), set({ a: '1' }));
    const undone = planHostRollback(hostWith('a=0\n'), [recorded(plan)], careful);
    expect(undone).toMatchObject({ changes: [], handlers: [], problem: undefined });
  });
});

describe('the latest run', () => {
  const record = (run: string, undoes?: string) => ({
    ...recorded(planWith(hostWith('a=0\n'), set({ a: '1' })), run).record,
    undoes,
  });
  it('is the last one that was not undone, by its id without the stage', () => {
    const [one, two] = ['20261121T074501Z-4f2a9c', '20261122T074501Z-4f2a9c'];
    expect(latestRun([record(one), record(two), record(`${two}-2`)], [one, two])).toBe(two);
    expect(latestRun([record(one), record(two)], [two, one])).toBe(one);
    const third = '20261123T000000Z-aaaaaa';
    expect(latestRun([record(one), record(two), record(third, two)], [one, two, third])).toBe(one);
    expect(latestRun([record(third, two)], [two, third])).toBeUndefined();
  });
  it('is not done with before it is undone on every host, so that the same command finishes it', () => {
    const [one, two] = ['20261121T074501Z-4f2a9c', '20261122T074501Z-4f2a9c'];
    const on = (host: string, run: string, undoes?: string) => ({ ...record(run, undoes), host });
    const runs = [on('a', one), on('b', one), on('a', two), on('b', two)];
    const third = '20261123T000000Z-aaaaaa';
    const order = [one, two, third];
    expect(latestRun([...runs, on('a', third, two)], order)).toBe(two);
    expect(latestRun([...runs, on('a', third, two), on('b', third, two)], order)).toBe(one);
  });
  it('is not done with as long as a host owes restarts after it, so that the same command does them', () => {
    const ended = (
      run: string,
      undoes?: string,
      more: Partial<Record<'started' | 'owed', string[]>> = {},
    ) => ({
      ...{ record: record(run, undoes), started: [], owed: [], ...more },
    });
    const latest = (...runs: readonly ReturnType<typeof ended>[]) =>
      latestRun(
        runs.map((each) => each.record),
        ['one', 'two', 'three', 'four'],
        (_host, undone) => stillOwing(runs).has(undone),
      );
    const undone = ended('three', 'two', { owed: ['restart-web'], started: ['reload-nginx'] });
    const before = [ended('one'), ended('two'), undone];
    expect(latest(...before)).toBe('two');
    expect(latest(...before, ended('four', 'two', { owed: ['restart-web'] }))).toBe('two');
    expect(latest(...before, ended('four', 'two', { started: ['restart-web'] }))).toBe('one');
    // Whichever run restarts it.
    expect(latest(...before, ended('four', undefined, { started: ['restart-web'] }))).toBe('four');
    expect(stillOwing([...before, ended('four', undefined, { started: ['restart-web'] })])).toEqual(
      new Set(),
    );
  });
});
