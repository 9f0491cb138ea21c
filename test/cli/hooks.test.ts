import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Hooks } from '../../src/cli/hooks.ts';
import type { HookKind } from '../../src/model/hook.ts';
import { OperatorError } from '../../src/model/operator-error.ts';
import { resultWithoutHosts } from '../../src/model/result.ts';
import { reportDocument } from '../../src/report/document/document.ts';
import type { ReportDocument } from '../../src/report/document/schema.ts';
import { SecretRegister } from '../../src/secrets/register.ts';

let folder: string;
let told: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hooks-'));
  told = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

let count = 0;
function program(text: string): string {
  const name = `./hook-${++count}`;
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, name), 0o755);
  return name;
}

const interruption = () => ({ signal: new AbortController(), leave: new AbortController() });
function hooksWith(
  programs: Partial<Record<HookKind, readonly string[]>>,
  { signal, leave } = interruption(),
  call = 20_000,
): Hooks {
  const secrets = new SecretRegister();
  secrets.add('s3cret-of-ours');
  const file = join(folder, 'prod.yaml');
  const location = { file, line: 1, column: 1, text: '' };
  return new Hooks({
    inventory: {
      ...{ file, cluster: { name: 'prod', hostname: 'bbb.example.com' } },
      secrets: [
        { host: undefined, for: { kind: 'variable', name: 'x' }, value: { env: 'HIDDEN_A' }, location },
      ],
      notify: { targets: [{ webhook: { env: 'HIDDEN_B' } }] },
      hooks: Object.fromEntries(
        Object.entries(programs).map(([kind, names]) => [
          kind,
          names.map((name) => ({ name, words: [name], folder })),
        ]),
      ),
    },
    environment: { secrets, signal: signal.signal, leave: leave.signal, phase: { changing: false } },
    warn: (text) => told.push(text),
    limits: { call, left: 20_000 },
  });
}

const document = (command = 'apply', exitStatus = 0): ReportDocument =>
  reportDocument(resultWithoutHosts(command), { exitStatus }, new SecretRegister());
const text = (name: string) => readFileSync(join(folder, name), 'utf8');

describe('before-run', () => {
  const documented =
    /^(HIDDEN_\w+|CLUSTERPROXY_(CLUSTER|COMMAND|EXIT_STATUS|HOOK|HOST|INVENTORY|RUN|STATUS))=/;
  it('gets the plan, and who is concerned, and none of the secrets', async () => {
    process.env.HIDDEN_A = 'a';
    process.env.HIDDEN_B = 'b';
    process.env.CLUSTERPROXY_HOST = 'of a hook that has called us';
    try {
      const name = program('env | sort >env; cat >plan');
      expect(await hooksWith({ 'before-run': [name] }).begin(document(), 'run-1')).toEqual([]);
    } finally {
      for (const one of ['HIDDEN_A', 'HIDDEN_B', 'CLUSTERPROXY_HOST']) delete process.env[one];
    }
    expect(
      text('env')
        .split('\n')
        // A test run has variables of its own, such as CLUSTERPROXY_SEED.
        .filter((line) => documented.test(line)),
    ).toEqual([
      'CLUSTERPROXY_CLUSTER=prod',
      'CLUSTERPROXY_COMMAND=apply',
      'CLUSTERPROXY_EXIT_STATUS=',
      'CLUSTERPROXY_HOOK=before-run',
      'CLUSTERPROXY_HOST=',
      `CLUSTERPROXY_INVENTORY=${join(folder, 'prod.yaml')}`,
      'CLUSTERPROXY_RUN=run-1',
      'CLUSTERPROXY_STATUS=',
    ]);
    expect(JSON.parse(text('plan'))).toMatchObject({ schemaVersion: 1, command: 'apply' });
  });

  it.each([
    ['says nothing', 'cat >/dev/null', []],
    ['allows it as a policy does', 'echo \'{"deny": []}\'', []],
    ['warns', 'echo \'{"warn": ["it is late"]}\'', []],
    ['says something to people', 'echo "monitoring is off" >&2', []],
    ['refuses', 'echo \'{"deny": ["exams"]}\'', ['hook-refused']],
    ['fails', 'echo \'{"deny": []}\'; exit 1', ['hook-failed']],
    ['prints words', 'echo fine', ['hook-failed']],
    ['prints other JSON', "echo '{}'", ['hook-failed']],
    ['hangs', 'sleep 100', ['hook-failed']],
    ['is not there', undefined, ['hook-failed']],
  ])('that %s decides', async (_, script, codes) => {
    const name = script === undefined ? './nowhere' : program(script);
    // Those that must come to their end get the time for it.
    const limit = script === 'sleep 100' ? 300 : 20_000;
    const refused = await hooksWith({ 'before-run': [name] }, interruption(), limit).begin(document(), 'r');
    expect(refused.map(({ code }) => code)).toEqual(codes);
    for (const { message } of refused) expect(message).toContain(`the hook ${name} (before-run)`);
  });

  it('is called one after the other, up to the first that refuses', async () => {
    const names = [
      program('echo 1 >>order; echo \'{"warn": ["late"]}\''),
      program('echo 2 >>order; echo \'{"deny": ["exams", "no proxy"]}\''),
      program('echo 3 >>order'),
    ];
    const hooks = hooksWith({ 'before-run': names });
    expect(await hooks.begin(document(), 'r')).toMatchObject([
      {
        code: 'hook-refused',
        message: `the hook ${names[1]} (before-run) does not allow this run: exams; no proxy; nothing was changed`,
      },
    ]);
    expect(text('order')).toBe('1\n2\n');
    expect(told).toEqual([`the hook ${names[0]} (before-run) warns: late`]);
    expect((await hooks.ended(document())).warnings).toEqual(told);
  });
});

describe('after-run', () => {
  it('follows whatever was agreed on, once, also what a hook has refused', async () => {
    const hooks = hooksWith({
      'before-run': [program('exit 1')],
      'after-run': [program('echo "$CLUSTERPROXY_RUN $CLUSTERPROXY_EXIT_STATUS $CLUSTERPROXY_HOOK" >>after')],
    });
    await hooks.begin(document(), 'run-1');
    await hooks.ended(document('apply', 1));
    await hooks.ended(document('apply', 1));
    expect(text('after')).toBe('run-1 1 after-run\n');
  });

  it('does not follow where nothing was agreed on', async () => {
    await hooksWith({ 'after-run': [program('touch after')] }).ended(document());
    expect(existsSync(join(folder, 'after'))).toBe(false);
  });

  it('follows the looks of a schedule, but for those that somebody has ended', async () => {
    const after = program('echo "$CLUSTERPROXY_COMMAND $CLUSTERPROXY_EXIT_STATUS" >>after');
    const scheduled = () => {
      const hooks = hooksWith({ 'after-run': [after] });
      hooks.schedules('schedule run');
      return hooks;
    };
    const look = document('schedule run', 0);
    await scheduled().ended({ ...look, summary: { ...look.summary, interrupted: true } });
    await scheduled().failed(new OperatorError({ code: 'interrupted', message: 'x', next: 'y' }));
    expect(existsSync(join(folder, 'after'))).toBe(false);
    await scheduled().ended(look);
    await scheduled().failed(new OperatorError({ code: 'lost', message: 'x', next: 'y' }));
    expect(text('after')).toBe('schedule run 0\nschedule run 1\n');
  });

  it('gets what ended a command, without its secrets', async () => {
    const hooks = hooksWith({ 'after-run': [program('cat >after')] });
    await hooks.begin(document(), 'run-1');
    await hooks.failed(new OperatorError({ code: 'lost', message: 's3cret-of-ours is lost', next: 'look' }));
    expect(JSON.parse(text('after'))).toMatchObject({
      ...{ command: 'apply', run: 'run-1', summary: { exitStatus: 1 } },
      errors: [{ code: 'lost', message: '******** is lost' }],
    });
  });

  it('changes nothing when it fails, and that is a warning in the document', async () => {
    const names = [
      program('cat >/dev/null; echo "s3cret-of-ours: no network" >&2; exit 3'),
      program('cat >/dev/null; touch well'),
      program('sleep 100'),
    ];
    const hooks = hooksWith({ 'after-run': names }, interruption(), 2_000);
    await hooks.begin(document(), 'run-1');
    const ended = await hooks.ended(document('apply', 5));
    expect(ended.summary.exitStatus).toBe(5);
    expect([...ended.warnings].sort()).toEqual(
      [
        `the hook ${names[0]} (after-run) failed: it exited with 3: ********: no network`,
        `the hook ${names[2]} (after-run) failed: it took longer than 2 s`,
      ].sort(),
    );
    expect(existsSync(join(folder, 'well'))).toBe(true);
  });

  it('is called also where the operator has left at once', async () => {
    const { signal, leave } = interruption();
    signal.abort();
    leave.abort();
    const hooks = hooksWith({ 'after-run': [program('touch called')] }, { signal, leave });
    await hooks.begin(document(), 'run-1');
    await hooks.ended(document());
    expect(text('called')).toBe('');
  });

  it('is called after an interruption, and ended by the next one', async () => {
    const { signal, leave } = interruption();
    const hooks = hooksWith({ 'after-run': [program('touch begun; sleep 100')] }, { signal, leave });
    await hooks.begin(document(), 'run-1');
    signal.abort();
    const ending = hooks.ended(document('apply', 130));
    while (!existsSync(join(folder, 'begun'))) await new Promise((resolve) => setTimeout(resolve, 10));
    leave.abort();
    expect((await ending).warnings).toMatchObject([
      expect.stringMatching(/\(after-run\) failed: interrupted$/),
    ]);
  });
});

describe('on-drift', () => {
  const host = { name: 'bbb-01', status: 'would-change', changes: [] };
  const found = (more: object = {}, interrupted = false): ReportDocument => {
    const empty = document('check', 2);
    return {
      ...empty,
      hosts: [{ ...host, ...more } as unknown as ReportDocument['hosts'][number]],
      summary: { ...empty.summary, interrupted },
    };
  };

  it.each([
    ['a host would change', found(), true],
    ['a step reports what differs', found({ status: 'drifted' }), true],
    ['a run has repaired it', found({ status: 'changed', changes: [{}] }), true],
    ['nothing differs', found({ status: 'in-sync' }), false],
    ['a host does not answer', found({ status: 'unreachable' }), false],
    ['somebody has interrupted it', found({}, true), false],
  ])('when %s', async (_, given, called) => {
    const hooks = hooksWith({ 'on-drift': [program('cat >/dev/null; echo "$CLUSTERPROXY_COMMAND" >drift')] });
    hooks.looks();
    await hooks.ended(given);
    expect(existsSync(join(folder, 'drift')) ? text('drift') : '').toBe(called ? 'check\n' : '');
  });

  it('is not called where nobody looks for it', async () => {
    await hooksWith({ 'on-drift': [program('touch drift')] }).ended(found());
    expect(existsSync(join(folder, 'drift'))).toBe(false);
  });
});
