import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askPolicies } from '../../../src/run/policies/ask-policies.ts';
import { denials, warningsOf } from '../../../src/run/policies/verdict.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'policies-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
function program(text: string): string {
  const name = `./policy-${++count}.sh`;
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, name), 0o755);
  return name;
}
const signal = new AbortController().signal;
const ask = async (words: readonly string[], document = '{}', limit = 20_000) => {
  const options = { signal, variables: { CLUSTERPROXY_COMMAND: 'apply' }, limit };
  const [verdict] = await askPolicies([{ name: words.join(' '), words, folder }], document, options);
  if (verdict === undefined) throw new Error('no verdict');
  return verdict;
};
const why = async (text: string, limit?: number) => (await ask([program(text)], '{}', limit)).failed?.why;

describe('a policy', () => {
  it('gets the plan, its arguments and what is done, in the folder of the inventory', async () => {
    const words = [
      program('cat >got; echo "$PWD $CLUSTERPROXY_COMMAND $1" >>got; echo \'{"deny": []}\''),
      'x y',
    ];
    const large = JSON.stringify({ text: 'plan'.repeat(100_000) });
    expect(await ask(words, large)).toEqual({ policy: words.join(' '), deny: [], warn: [] });
    expect(readFileSync(join(folder, 'got'), 'utf8')).toBe(`${large}${folder} apply x y\n`);
  });

  it('allows, warns, or denies with its reasons', async () => {
    const warn = await ask([program('echo \'{"warn": ["late", "later"], "deny": []}\'')]);
    expect(denials([warn])).toEqual([]);
    expect(warningsOf([warn])).toEqual([
      `the policy ${warn.policy} warns: late`,
      `the policy ${warn.policy} warns: later`,
    ]);
    const forging = await ask([program('printf \'{"warn": ["a\\\\n  error denied: x"]}\'')]);
    expect(warningsOf([forging])).toEqual([`the policy ${forging.policy} warns: a error denied: x`]);
    const deny = await ask([program('echo \'{"deny": ["exams", "no proxy today"]}\'')]);
    expect(denials([warn, deny])).toMatchObject([
      {
        code: 'denied',
        message: `the policy ${deny.policy} does not allow this: exams; no proxy today; nothing was changed`,
      },
    ]);
  });

  it('need not read the plan before it decides', async () => {
    const large = 'x'.repeat(3_000_000);
    expect((await ask([program('exec <&-; echo \'{"deny": []}\'')], large)).failed).toBeUndefined();
  });

  it.each([
    ['exits with another status', 'echo \'{"deny": []}\'; echo oh >&2; exit 3', 'it exited with 3'],
    ['is killed', 'kill -TERM $$', 'it was killed by SIGTERM'],
    ['prints nothing', 'true', 'it printed something else than JSON'],
    ['prints words', 'echo yes', 'it printed something else than JSON'],
    [
      'prints what OPA prints for a rule that is not there',
      'echo undefined',
      'it printed something else than JSON',
    ],
    [
      'answers a question of its own',
      'echo \'{"allow": true}\'',
      expect.stringContaining('JSON of another form'),
    ],
    ['says nothing clear', "echo '{}'", expect.stringContaining('JSON of another form')],
    ['misspells', 'echo \'{"denied": ["x"], "deny": []}\'', expect.stringContaining('another form')],
    [
      'never stops talking',
      'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done',
      'it printed more than a megabyte',
    ],
  ])('that %s counts as a no', async (_, text, words) => {
    expect(await why(text)).toEqual(words);
  });

  it('that hangs counts as a no, and none of it is left', async () => {
    expect(await why('(sleep 3; touch left) & sleep 100', 1_000)).toBe('it took longer than 1 s');
    await sleep(3_500);
    expect(existsSync(join(folder, 'left'))).toBe(false);
  });

  it('that is not there counts as a no, and what it said is shown', async () => {
    const missing = await ask(['./nowhere']);
    expect(denials([missing])).toMatchObject([
      {
        code: 'policy-failed',
        message: expect.stringMatching(
          /^the policy \.\/nowhere could not be asked, which counts as a no: it could not be started/,
        ),
      },
    ]);
    // Of these `spawn` throws, instead of telling of an error later.
    const below = program('true');
    for (const words of [[''], [`${below}/below`], ['true', 'x'.repeat(3_000_000)]])
      expect((await ask(words)).failed?.why).toMatch(/^it could not be started \(/);
    // Whoever is in its folder writes the mere name of a program.
    expect((await ask(['nowhere.sh'])).failed?.why).toMatch(
      /not? .*on the PATH; .* such as \.\/nowhere\.sh\)$/,
    );
    const plain = program('true');
    chmodSync(join(folder, plain), 0o644);
    expect((await ask([plain])).failed?.why).toContain('chmod +x');
    const complaining = await ask([program('echo "no network" >&2; exit 1')]);
    expect(denials([complaining])).toMatchObject([{ code: 'policy-failed', detail: 'no network' }]);
  });
});

it('a policy is not asked any more after an interruption', async () => {
  const options = { signal: AbortSignal.abort(), variables: {} };
  const [verdict] = await askPolicies(
    [{ name: 'x', words: [program('touch asked')], folder }],
    '{}',
    options,
  );
  expect(verdict?.failed?.why).toBe('interrupted');
  expect(existsSync(join(folder, 'asked'))).toBe(false);
});

describe('the examples', () => {
  const examples = new URL('../../../examples/policies/', import.meta.url).pathname;
  const plan = (hosts: unknown[], restarts = 0) => JSON.stringify({ hosts, summary: { restarts } }, null, 2);

  it('no restart in school hours', async () => {
    // What date(1) says of the hour and the day, whenever this is tried.
    const at = (day: number, hour: string) => {
      const date = join(folder, 'date');
      writeFileSync(date, `#!/bin/sh\n[ "$1" = +%u ] && echo ${day} || echo ${hour}\n`);
      chmodSync(date, 0o755);
      return ['env', `PATH=${folder}:${process.env.PATH}`, `${examples}no-restart-in-school-hours.sh`];
    };
    const reason = ['services would be restarted in school hours'];
    expect((await ask(at(5, '08'), plan([], 2))).deny).toEqual(reason);
    expect((await ask(at(5, '17'), plan([], 1))).deny).toEqual(reason);
    expect((await ask(at(5, '08'), plan([], 0))).deny).toEqual([]);
    expect((await ask(at(5, '06'), plan([], 2))).deny).toEqual([]);
    expect((await ask(at(5, '18'), plan([], 2))).deny).toEqual([]);
    expect((await ask(at(6, '09'), plan([], 2))).deny).toEqual([]);
  });

  it('one proxy at a time', async () => {
    const words = [process.execPath, `${examples}one-proxy-at-a-time.mjs`];
    const proxy = (name: string, status: string) => ({ name, role: 'proxy', status, changes: [] });
    const both = plan([proxy('proxy-1', 'would-change'), proxy('proxy-2', 'would-change')]);
    expect((await ask(words, both)).deny).toEqual([
      'proxy-1 and proxy-2 would be changed in one run; name one of them with --limit',
    ]);
    const one = plan([proxy('proxy-1', 'would-change'), proxy('proxy-2', 'in-sync')]);
    expect((await ask(words, one)).deny).toEqual([]);
  });

  it('only these keys', async () => {
    const path = '/etc/bigbluebutton/bbb-web.properties';
    const diff =
      '@@ -1,3 +1,3 @@\n # a=b\n-defaultHTML5ClientUrl=/\n+defaultHTML5ClientUrl=/x/\n+logoutURL = /\n';
    const hosts = [{ name: 'bbb-01', role: 'node', status: 'would-change', changes: [{ path, diff }] }];
    const words = [process.execPath, `${examples}only-these-keys.mjs`, path, 'defaultHTML5ClientUrl'];
    expect((await ask(words, plan(hosts))).deny).toEqual([`logoutURL in ${path} of bbb-01 would change`]);
    expect((await ask([...words, 'logoutURL'], plan(hosts))).deny).toEqual([]);
  });
});
