import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStoredLedger, readStoredRecord } from '../../src/host/stored.ts';

const ledger = {
  schemaVersion: 1,
  cluster: 'prod',
  playbook: 'bigbluebutton',
  recipe: '3.0',
  run: '20261121T074501Z-4f2a9c',
  items: [
    {
      step: 'client-url',
      path: '/etc/a.properties',
      format: 'properties',
      key: ['a'],
      first: { kind: 'value', value: 'x' },
      activated: 'f'.repeat(64),
    },
  ],
  created: ['/etc/nginx/clusterproxy'],
};
const record = {
  schemaVersion: 1,
  run: '20261121T074501Z-4f2a9c',
  command: 'apply',
  cluster: 'prod',
  host: 'bbb-01',
  operator: 'ada',
  from: 'laptop',
  version: '0.2.0',
  startedAt: '2026-11-21T07:45:01Z',
  changes: [{ path: '/etc/a', kind: 'file', action: 'create', steps: ['a'], after: 'f'.repeat(64) }],
  handlers: [],
};

describe.each([
  ['a ledger', ledger, readStoredLedger],
  ['a record', record, (text: string) => readStoredRecord(text, record.run)],
] as const)('%s', (_name, good, read) => {
  it('is read, with fields that only a later version knows', () => {
    expect(read(JSON.stringify(good))).toEqual({ kind: 'read', content: good });
    expect(read(JSON.stringify({ ...good, more: 1 }))).toMatchObject({ kind: 'read' });
  });

  it('of a newer version is told apart from a damaged one', () => {
    expect(read(JSON.stringify({ ...good, schemaVersion: 2, cluster: 7 }))).toEqual({ kind: 'newer' });
  });

  it.each([
    '',
    'null',
    '[]',
    '{',
    '{"schemaVersion": 1}',
    '\0\0',
    `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  ])('that is none is damaged: %.20j', (text) => {
    expect(read(text)).toMatchObject({ kind: 'damaged', words: expect.stringMatching(/./) });
  });

  it('is damaged with anything in it that nobody could look through, also in a field of a later version', () => {
    const nested = (levels: number) =>
      JSON.stringify({ ...good, more: 0 }).replace(
        '"more":0',
        `"more":${'['.repeat(levels)}${']'.repeat(levels)}`,
      );
    expect(read(nested(300))).toMatchObject({ kind: 'read' });
    expect(read(nested(5_000))).toMatchObject({
      kind: 'damaged',
      words: 'expected at most 1000 levels of objects and lists',
    });
  });

  it('is never taken with a field that is missing or of another kind', () => {
    const fields = Object.keys(good).filter((name) => name !== 'recipe');
    fc.assert(
      fc.property(
        fc.constantFrom(...fields),
        fc.constantFrom<unknown>(undefined, null, 7, {}),
        (name, value) => {
          const { kind } = read(JSON.stringify({ ...good, [name]: value }));
          expect(kind).toBe(name === 'schemaVersion' && value === 7 ? 'newer' : 'damaged');
        },
      ),
    );
  });

  it('is judged whatever it holds', () => {
    fc.assert(fc.property(fc.json(), (text) => void read(text)));
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(good)), (value, name) => {
        read(JSON.stringify({ ...good, [name]: [value] }));
      }),
    );
  });
});

it('a record that is in the folder of another run is damaged', () => {
  expect(readStoredRecord(JSON.stringify(record), `${record.run}.bak`)).toMatchObject({
    kind: 'damaged',
    words: `run: expected ${record.run}.bak, found ${record.run}`,
  });
});

const handler = {
  id: 'restart',
  actions: [{ kind: 'restart', unit: 'a.service' }],
  checks: [{ kind: 'http', url: 'http://127.0.0.1', headers: [], contains: ['a'] }],
  guards: [{ id: 'calls', query: { kind: 'command', args: ['a'] } }],
  timeout: 60,
  settle: 1,
  rewrites: [],
};
const [made] = record.changes;
const withHandler = (more: object) => ({ ...record, handlers: [{ ...handler, ...more }] });
it.each<[string, object]>([
  ['a path', { ...record, changes: [{ ...made, path: '/etc/a\nb' }] }],
  ['a unit', withHandler({ actions: [{ kind: 'restart', unit: 'a\u001fb' }] })],
  ['an argument', withHandler({ guards: [{ id: 'a', query: { kind: 'command', args: ['a', '\n'] } }] })],
  ['a command', withHandler({ validate: ['nginx', '\u007f'] })],
])('a record is damaged where it has %s that could not have been sent to the host', (_, damaged) => {
  expect(readStoredRecord(JSON.stringify(withHandler({})), record.run).kind).toBe('read');
  expect(readStoredRecord(JSON.stringify(damaged), record.run)).toMatchObject({
    kind: 'damaged',
    words: expect.stringContaining('expected no control characters'),
  });
});

it.each([
  { kind: 'directory', mode: -5, user: 'root', group: 'root' },
  { kind: 'directory', mode: 0o10000, user: 'root', group: 'root' },
  { kind: 'file', content: '', mode: 0o644, user: 'a\nb', group: 'root' },
  { kind: 'link', target: '/a\nb' },
])('a ledger is damaged where an original could not be restored: %j', (first) => {
  const [one] = ledger.items;
  expect(readStoredLedger(JSON.stringify({ ...ledger, items: [{ ...one, first }] })).kind).toBe('damaged');
});

it.each(['/', '/etc', '/usr', '/var/lib', '/etc/', '//etc', '/etc/nginx/..', '/etc/.', 'etc'])(
  'whatever says that clusterproxy made %s is damaged: it would be removed',
  (folder) => {
    expect(readStoredLedger(JSON.stringify({ ...ledger, created: [folder] })).kind).toBe('damaged');
    const read = (more: object) => readStoredRecord(JSON.stringify({ ...record, ...more }), record.run).kind;
    expect(read({ letGoCreated: [folder] })).toBe('damaged');
    expect(read({ changes: [{ ...made, kind: 'directory', path: folder }] })).toBe('damaged');
  },
);
