import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { transact } from '../../src/host/transact.ts';
import { type HostAction, providesNothing } from '../../src/model/action.ts';
import type { Handler } from '../../src/model/handler.ts';
import type { BeginBefore, Transaction } from '../../src/model/transaction.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import { change, file, reloadNginx, type Sample, sampleHost, transaction } from './sample.ts';

let sample: Sample;
beforeEach(async () => {
  sample = await sampleHost();
  // A clock that can be set: what the file says, or else the real one.
  const clock = join(dirname(sample.root), 'work/bin/date');
  const set = sample.path('run/clock');
  writeFileSync(clock, `#!/bin/sh\nif [ -e ${set} ]; then cat ${set}; else exec /bin/date "$@"; fi\n`);
  chmodSync(clock, 0o755);
});
afterEach(() => sample.close());

const site = '/etc/nginx/conf.d/site.conf';
const at = (path: string) => sample.path(path.slice(1));
const text = (path: string) => readFileSync(at(path), 'utf8');
const carry = (plan: Transaction) => transact(() => connect(sample.host.target), plan);
const changes = () => [change(site, file(text(site)), file('server {\n  listen 81;\n}\n'))];
const began = (unit: string) =>
  existsSync(at('/run/stand-in/journal')) &&
  new RegExp(`(restart|reload) ${unit}`).test(text('/run/stand-in/journal'));

const late = 2_000_000_000;
const beginBefore: BeginBefore = {
  at: late,
  code: 'outside-window',
  message: 'the window closes Sun 29 Nov 05:00 (UTC), and this host may need 10 min',
  next: 'run the command again then, or interrupt people now with --now',
};
const setClock = (seconds: number) => writeFileSync(sample.path('run/clock'), `${seconds}\n`);
const closes = (seconds: number) => ['sh', '-c', `echo ${seconds} > ${sample.path('run/clock')}`];

const restart: Handler = {
  ...{ id: 'restart-bbb-web', validate: undefined, guards: [], timeout: 60, settle: 0, rewrites: [] },
  actions: [{ kind: 'restart', unit: 'bbb-web' }],
  checks: [{ kind: 'active', unit: 'bbb-web' }],
};
const reload: Handler = { ...reloadNginx, checks: [{ kind: 'active', unit: 'nginx' }] };

test('a host that gets its run too late puts itself off with nothing changed', async () => {
  setClock(late);
  const before = text(site);
  const result = await carry(transaction(changes(), [restart], { beginBefore }));
  const { code, message, next } = beginBefore;
  expect(result).toMatchObject({ state: 'deferred', started: [], problem: { code, message, next } });
  expect(text(site)).toBe(before);
  expect(began('bbb-web')).toBe(false);
});

test('a window that closes between the upload and the first handler that interrupts: everything is back', async () => {
  setClock(late - 1);
  const before = text(site);
  // The files are in place by the second time that they are validated.
  const validate = ['sh', '-c', `! grep -q 81 ${at(site)} || echo ${late} > ${sample.path('run/clock')}`];
  const plan = transaction(changes(), [reload, { ...restart, validate }], { beginBefore });
  const result = await carry(plan);
  expect(result).toMatchObject({ state: 'deferred', problem: { code: 'outside-window' } });
  expect(result.started).toEqual(['reload-nginx']);
  expect(text(site)).toBe(before);
  expect(began('bbb-web')).toBe(false);
  expect(readdirSync(dirname(at(site))).filter((name) => name.startsWith('.cp-'))).toEqual([]);
});

test('a run that has begun to interrupt people goes on to its end', async () => {
  setClock(late - 1);
  const first: Handler = {
    ...restart,
    id: 'first',
    actions: [{ kind: 'command', argv: closes(late) }],
    checks: [],
  };
  const result = await carry(transaction(changes(), [first, restart], { beginBefore }));
  expect(result).toMatchObject({ state: 'committed', started: ['first', 'restart-bbb-web'] });
  expect(began('bbb-web')).toBe(true);
});

test('a reload waits for nothing', async () => {
  setClock(late - 1);
  const validate = closes(late);
  const result = await carry(transaction(changes(), [{ ...reload, validate }], { beginBefore }));
  expect(result).toMatchObject({ state: 'committed', started: ['reload-nginx'] });
});

test('nor does a revert', async () => {
  setClock(late - 1);
  const before = text(site);
  const broken: Handler = {
    ...{ ...restart, id: 'broken', timeout: 1 },
    actions: [{ kind: 'command', argv: closes(late) }],
    checks: [{ kind: 'port', port: 1 }],
  };
  const result = await carry(transaction(changes(), [restart, broken], { beginBefore }));
  expect(result).toMatchObject({ state: 'reverted', problem: { code: 'check-failed' } });
  expect(text(site)).toBe(before);
  expect(text('/run/stand-in/journal').match(/restart bbb-web/g)).toHaveLength(2);
});

test('an action that is too late is not begun', async () => {
  setClock(late - 1);
  const mark = sample.path('run/mark');
  const run = { kind: 'command', argv: ['touch', mark] } as const;
  const actions: readonly HostAction[] = [
    { name: 'a mark', run, unless: undefined, provides: providesNothing, notes: [], timeout: 60 },
  ];
  setClock(late);
  const result = await carry(transaction([], [], { actions, beginBefore }));
  expect(result).toMatchObject({ state: 'deferred', problem: { code: 'outside-window' } });
  expect(existsSync(mark)).toBe(false);
  setClock(late - 1);
  const again = await carry(transaction([], [], { actions, beginBefore }));
  expect(again.state).toBe('committed');
  expect(existsSync(mark)).toBe(true);
});
