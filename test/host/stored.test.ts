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
  ['a record', record, readStoredRecord],
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
