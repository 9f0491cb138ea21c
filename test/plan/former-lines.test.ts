import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeyedFormat, Value } from '../../src/formats/keyed-format.ts';
import { formats } from '../../src/formats/registry.ts';
import { readStoredLedger } from '../../src/host/stored.ts';
import { noReads } from '../../src/model/reads.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import type { Wanted } from '../../src/plan/forward/evaluate.ts';
import { textOf } from '../../src/plan/items.ts';
import { planHostRollback } from '../../src/plan/rollback/plan-rollback.ts';
import { SecretRegister } from '../../src/secrets/register.ts';
import { keyedModule } from '../../src/steps/files/keyed.ts';
import { VirtualHost } from '../../src/virtual/virtual-host.ts';
import { fileOf, soundFiles } from '../formats/sound-files.ts';
import { runs } from '../support/random.ts';
import { carriedOutHost, edited, planWith, recorded } from '../support/recorded-run.ts';
import { snapshotOf } from '../support/snapshot-from-folder.ts';

const path = '/etc/test.conf';

/** A key and its value; undefined: it has to go. */
type Wish = readonly [key: readonly string[], value: Value | undefined];

function hostWith(text: string): Snapshot {
  return snapshotOf({ name: 'a', files: { [path]: text } }, { ...noReads, paths: [path, '/etc'] });
}

/** One step that sets and removes keys of the file. */
function stepFor(format: KeyedFormat, wishes: readonly Wish[], id = 'keys'): Wanted['steps'][number] {
  const set = wishes.flatMap(([key, value]) => (value === undefined ? [] : [{ key, value }]));
  const remove = wishes.flatMap(([key, value]) => (value === undefined ? [key] : []));
  const parameters = { path, set, default: [], add: [], remove, create: true };
  // The parameters are what its schema would make of them.
  const module = keyedModule(format, '', undefined as never) as never;
  return { id, module, parameters, notify: [] };
}

/** The host once a plan for these wishes is carried out, its ledger written down and read again. */
function changed(snapshot: Snapshot, steps: Wanted['steps'], secrets?: SecretRegister): Snapshot {
  const done = carriedOutHost(planWith(snapshot, steps, secrets));
  const stored = readStoredLedger(JSON.stringify(done.ledger));
  if (stored.kind !== 'read') throw new Error(`the ledger is ${JSON.stringify(stored)}`);
  return { ...done, ledger: stored.content };
}

function textIn(snapshot: Snapshot): string | undefined {
  return textOf(snapshot.paths.get(path) ?? { kind: 'absent' });
}

/** The file once the host has left the cluster. */
function givenBack(snapshot: Snapshot): string | undefined {
  return textIn(changed(snapshot, []));
}

/** What a host's file becomes by these steps, and what is given back of it. */
function story(format: KeyedFormat, text: string, ...wishes: readonly Wish[]) {
  const done = changed(hostWith(text), [stepFor(format, wishes)]);
  return { done, back: givenBack(done) };
}

const { properties, yaml, json, shellEnv, unit, services } = formats;

describe('a file is given back byte for byte', () => {
  it.each<[string, KeyedFormat, string, ...Wish[]]>([
    ['blanks around a colon', properties, 'a : v\nb=1\n', [['a'], 'w']],
    ['a value that only looks different', properties, 'b=1\na : v\n', [['a'], 'v']],
    ['a continuation line', properties, 'a=1,\\\n   2\nb=1\n', [['a'], '1']],
    ['an escape', properties, 'a=\\u0031\n', [['a'], '1']],
    ['duplicates', properties, 'a=1\nb=2\n# more\na = 3\na:4\n', [['a'], '5']],
    ['two neighbours', properties, 'a : 1\nb : 2\nc : 3', [['a'], 'x'], [['b'], 'y'], [['c'], 'z']],
    ['no last line end', properties, 'x=1', [['a'], '1'], [['b'], '2']],
    ['a removed key', properties, 'x=1\na : 2\ny=3\n', [['a'], undefined]],
    ['removed duplicates', properties, 'a=1\nx=1\na : 2\ny=3\na=4', [['a'], undefined]],
    ['CR LF', properties, 'a : 1\r\nb=2\r\n', [['a'], '2']],
    ['export', shellEnv, "export X='1' # why\nB=2\n", [['X'], '2']],
    ['a comment behind a value', shellEnv, 'X=1 # why\n', [['X'], '2']],
    ['quotes', shellEnv, 'X="1 2"\nB=2', [['X'], '3']],
    ['quotes over several lines', shellEnv, 'X="1\n2"\n', [['X'], '3']],
    ['an empty map', yaml, 'a: {}\nb: 1\n', [['a', 'x'], 1], [['a', 'y'], 2]],
    ['an empty map in a map', yaml, 'm:\n  a: {}  # why\n', [['m', 'a', 'x'], 1]],
    ['a key without a value', yaml, 'a:\nb: 1\n', [['a', 'x'], 1]],
    ['a folded quotation', yaml, 'a: "one\n  two"\nb: 1\n', [['a'], 'x']],
    ['a folded text', yaml, 'a: >-\n  one\n  two\n\nb: 1\n', [['a'], 'x']],
    ['plain y', yaml, 'a: y\nb: 1\n', [['a'], false]],
    ['plain octal', yaml, 'a: 0755\n', [['a'], 1]],
    ['a date', yaml, 'a: 2026-11-26\n', [['a'], 'never']],
    ['a list in one line', yaml, 'a: [ 1,2 ,  3 ]\n', [['a'], ['x']]],
    ['a list with comments', yaml, 'a:\n- 1 # one\n# two\n- 2\nb: 1\n', [['a'], 'x']],
    ['only a comment', yaml, '# nothing yet', [['a', 'b'], 1]],
    ['a removed key of a map', yaml, 'a:\n  # why\n  x: y # x\nb: 1\n', [['a', 'x'], undefined]],
    ['an alias', yaml, 'a: &x 1\nb: *x\n', [['b'], 2]],
    ['an empty object', json, '{"a": { }, "b": 1}', [['a', 'x'], 1]],
    ['a number with an exponent', json, '{\n  "a": 1e3 // why\n}\n', [['a'], 2]],
    ['an escape', json, '{"a": "\\u0041"}', [['a'], 'x']],
    ['an empty file', json, '', [['a'], 1]],
    ['a removed key', json, '{\n  "a": {"x": 1.0}, // why\n  "b": 2\n}\n', [['a', 'x'], undefined]],
    ['blanks around =', unit, '[Service]\nRestart = no\n', [['Service', 'Restart'], 'always']],
    ['a continuation line', unit, '[Service]\nExecStart=a \\\n  b\n', [['Service', 'ExecStart'], 'c']],
    [
      'several variables in a line',
      unit,
      '[Service]\nEnvironment=A=1  "B=2"\n',
      [['Service', 'Environment', 'B'], '3'],
    ],
    ['a section without line end', unit, '[Unit]\nAfter=x', [['Service', 'Restart'], 'always']],
    ['a list', unit, '[Unit]\nAfter=a\nWants=x\nAfter = b\n', [['Unit', 'After'], 'c']],
    ['a service', services, 'x\t 1/tcp  q # why\ny 2/tcp', [['x', 'tcp'], '3'], [['n', 'tcp'], '4']],
    ['an alias', services, 'x 1/tcp a  b\n', [['a', 'tcp'], undefined]],
  ])('%s (%#)', (_, format, text, ...wishes) => {
    const { done, back } = story(format, text, ...wishes);
    expect(back).toBe(text);
    // In several runs as well, the last of which wants less.
    const values: readonly Wish[] = wishes.map(([key, value]) => [
      key,
      value === undefined ? undefined : '7',
    ]);
    const again = changed(done, [stepFor(format, values)]);
    expect(givenBack(again)).toBe(text);
    const lines = (text.match(/\n/g)?.length ?? 0) > 1;
    if (lines) expect(givenBack(changed(again, [stepFor(format, values.slice(1))]))).toBe(text);
  });
});

it('a last line without a line end comes back after runs in between have set it to what it was', () => {
  const text = '[Unit]\n; why\n[Service]\nEnvironment=A=1';
  const wishes = (value: string): readonly Wish[] => [
    [['Unit', 'After'], 'x'],
    [['Service', 'Environment', 'A'], value],
    [['Service', 'Environment', 'D'], 'y'],
  ];
  let host = hostWith(text);
  for (const value of ['2', '1', '2']) host = changed(host, [stepFor(unit, wishes(value))]);
  expect(givenBack(host)).toBe(text);
});

describe('what others have edited since', () => {
  it('stays, and our lines are given back beside it', () => {
    const { done } = story(properties, 'x=1\na : 2\ny=3\n', [['a'], '5'], [['x'], undefined]);
    expect(textIn(done)).toBe('a=5\ny=3\n');
    const busy = edited(done, path, (text) => `# theirs\n${text.replace('y=3', 'y=4')}z=5\n`);
    expect(givenBack(busy)).toBe('# theirs\nx=1\na : 2\ny=4\nz=5\n');
  });

  it('is a value of ours: it stays as they have it, with what belongs to us around it as before', () => {
    const { done } = story(properties, 'a : 1\nb : 2\nc : 3\n', [['a'], 'x'], [['b'], 'y'], [['c'], 'z']);
    const busy = edited(done, path, (text) => text.replace('b=y', 'b = theirs'));
    expect(givenBack(busy)).toBe('a : 1\nb = theirs\nc : 3\n');
  });

  it('is the form of a line of ours: then the value comes back, as it always did', () => {
    const { done } = story(properties, 'a : 1\n', [['a'], 'x']);
    expect(givenBack(edited(done, path, () => 'a = x\n'))).toBe('a=1\n');
  });

  it('is a line at the end of a file that had no line end', () => {
    const { done } = story(properties, 'x=1', [['a'], '1']);
    expect(givenBack(edited(done, path, (text) => `${text}y=2\n`))).toBe('x=1\ny=2\n');
  });

  it('is the neighbourhood of a removed line: it comes back beside what is left of that', () => {
    const { done } = story(properties, 'x=1\na : 2\ny=3\n', [['a'], undefined]);
    expect(givenBack(edited(done, path, () => 'x=1\nn=1\ny=3\n'))).toBe('x=1\na : 2\nn=1\ny=3\n');
  });

  it('is undone by hand: nothing is left to do', () => {
    const text = 'x=1\na : 2\na=3\n';
    const { done } = story(properties, text, [['a'], '3']);
    expect(givenBack(edited(done, path, () => text))).toBe(text);
  });
});

describe('a key that is no longer wanted while its neighbours are', () => {
  it('gets its own lines back', () => {
    const { done } = story(properties, 'a : 1\nb : 2\nc : 3\n', [['a'], 'x'], [['b'], 'y'], [['c'], 'z']);
    const rest: readonly Wish[] = [
      [['a'], 'x'],
      [['c'], 'z'],
    ];
    expect(textIn(changed(done, [stepFor(properties, rest)]))).toBe('a=x\nb : 2\nc=z\n');
  });

  it('gets its value back where its lines hold those of another', () => {
    const text = 'a:\nb: 1\n';
    const { done } = story(yaml, text, [['a', 'x'], 1], [['a', 'y'], 2]);
    const less = changed(done, [stepFor(yaml, [[['a', 'y'], 2]])]);
    expect(textIn(less)).toBe("a:\n  'y': 2\nb: 1\n");
  });
});

describe('a secret of the inventory', () => {
  it('is in no ledger, neither as what we wrote nor beside it', () => {
    const secrets = new SecretRegister();
    secrets.add('hunter2hunter2');
    const text = 'password : hunter2hunter2\na : 1\nb : 2\n';
    const steps = [
      stepFor(properties, [
        [['a'], 'x'],
        [['b'], 'hunter2hunter2'],
      ]),
    ];
    const done = changed(hostWith(text), steps, secrets);
    const [a, b] = done.ledger?.items ?? [];
    expect(a?.lines?.[0]?.above).toEqual(['', '^']);
    expect(b?.lines).toBe(undefined);
    expect(JSON.stringify(done.ledger)).not.toContain('hunter2');
    expect(textIn(changed(done, [], secrets))).toBe('password : hunter2hunter2\na : 1\nb=2\n');
  });
});

describe('a ledger of an older version', () => {
  it('has no lines: the value is restored', () => {
    const { done } = story(properties, 'a : 1\n', [['a'], 'x']);
    const items = done.ledger?.items.map(({ lines: _, ...item }) => item) ?? [];
    const old = { ...done, ledger: done.ledger && { ...done.ledger, items } };
    expect(givenBack(old)).toBe('a=1\n');
  });
});

describe.each(
  soundFiles.filter(({ format }) => format.name in formatsByName()).map((one, i) => [i, one] as const),
)('any file of a format (%#)', (_, sound) => {
  const { format, keys, values, comment } = sound;
  const wishes = fc.uniqueArray(
    fc.tuple(
      fc.constantFrom(...keys),
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...values) },
        { weight: 1, arbitrary: fc.constant(undefined) },
      ),
    ),
    { selector: ([key]) => key.join('.'), minLength: 1 },
  );

  it(`comes back as it was, whatever was set in several runs: ${format.name}`, () => {
    fc.assert(
      fc.property(fileOf(sound), fc.array(wishes, { minLength: 1, maxLength: 3 }), (text, all) => {
        let host = hostWith(text);
        for (const one of all) host = changed(host, [stepFor(format, wholeWish(all, one))]);
        expect([text, textIn(host), givenBack(host)]).toEqual([text, textIn(host), text]);
      }),
      runs(300, 30),
    );
  });

  it(`and keeps what others wrote elsewhere: ${format.name}`, () => {
    fc.assert(
      fc.property(fileOf(sound), wishes, (text, one) => {
        const lineEnd = /\r?\n/.exec(text)?.[0] ?? '\n';
        fc.pre(/\n$/.test(text) && !text.startsWith('\uFEFF'));
        const host = changed(hostWith(text), [stepFor(format, one)]);
        // Where nothing is left, nobody knows where those lines were.
        fc.pre(/\S/.test(textIn(host) ?? ''));
        const busy = edited(host, path, (now) => `${comment} top${lineEnd}${now}${comment} end${lineEnd}`);
        const expected = `${comment} top${lineEnd}${text}${comment} end${lineEnd}`;
        expect([text, textIn(host), givenBack(busy)]).toEqual([text, textIn(host), expected]);
      }),
      runs(300, 30),
    );
  });
});

/** All keys that any run is about, with the values of this one; a key that has to go has to go in each. */
function wholeWish(all: readonly (readonly Wish[])[], one: readonly Wish[]): readonly Wish[] {
  const named = new Map<string, Wish>();
  const gone = new Set<string>();
  for (const wish of [...all.flat(), ...one]) {
    const name = wish[0].join('.');
    if (wish[1] === undefined && !named.has(name)) gone.add(name);
    if (wish[1] !== undefined || !named.has(name))
      named.set(name, gone.has(name) ? [wish[0], undefined] : wish);
  }
  return [...named.values()];
}

function formatsByName(): Readonly<Record<string, KeyedFormat>> {
  return Object.fromEntries(Object.values(formats).map((one) => [one.name, one]));
}

describe('a run that is rolled back', () => {
  it('leaves the lines of the runs before it in the ledger', () => {
    const text = 'a : 1\nx = 1\nx=2\n';
    const first = changed(hostWith(text), [stepFor(properties, [[['a'], '2']])]);
    const wanted = [
      stepFor(properties, [
        [['a'], '3'],
        [['x'], '2'],
      ]),
    ];
    const plan = planWith(first, wanted);
    const second = changed(first, wanted);
    expect(textIn(second)).toBe('a=3\nx=2\n');
    const { changes, ledger } = planHostRollback(second, [recorded(plan)], { force: false });
    const host = new VirtualHost(second);
    for (const change of changes) host.set(change.path, change.after);
    const back = { ...host.asSnapshot(), ledger };
    expect(textIn(back)).toBe('a=2\nx = 1\nx=2\n');
    expect(givenBack(back)).toBe(text);
  });
});
