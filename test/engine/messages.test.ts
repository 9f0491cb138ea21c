import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { ApplyCommandOptions } from '../../src/cli/apply.ts';
import { addChangeOptions } from '../../src/cli/change-options.ts';
import { askedChangeOf, askedOf } from '../../src/cli/fleet/engine/asked-options.ts';
import { addFleetOptions, refuseBesideEngine } from '../../src/cli/fleet/options.ts';
import { addPlanOptions, type PlanOptions } from '../../src/cli/plan.ts';
import { addQueueOptions } from '../../src/cli/queue-options.ts';
import { applyOptionsAt, planOptionsAt } from '../../src/cli/worker/given-options.ts';
import { isLoopback, parseListen } from '../../src/cli/worker/listen.ts';
import { loadSdk } from '../../src/cli/worker/sdk.ts';
import { askedOptions, changeOptions, lookRequest } from '../../src/engine/messages.ts';
import { isSite } from '../../src/engine/site.ts';

/** What a command line comes to. */
function typed<Options>(add: (command: Command) => Command, argv: readonly string[]): Options {
  const command = add(new Command('test').exitOverride());
  command.parse(['-i', 'a.yaml', ...argv], { from: 'user' });
  return command.opts<Options & Record<string, unknown>>();
}

const asPlan = (...argv: readonly string[]) =>
  typed<PlanOptions>((command) => addPlanOptions(addFleetOptions(command, ''), 'fleet apply'), argv);
const asApply = (...argv: readonly string[]) =>
  typed<ApplyCommandOptions>(
    (command) =>
      addQueueOptions(
        addChangeOptions(addFleetOptions(command, ''), { force: '', later: true, runId: false }),
      )
        .option('--prune', '', false)
        .option('--verify', '', false),
    argv,
  );

/** As it is after the way to the engine and from it. */
const sent = <Data>(data: Data): unknown => JSON.parse(JSON.stringify(data));

const lines: readonly (readonly string[])[] = [
  [],
  ['--window', 'sat,sun 06:00-18:00', '--window', '22:00-05:00', '--deadline', '05:00'],
  ['--max-unavailable', '20%', '--wave', '3', '--on-failure', 'revert-wave', '--confirm', 'outside'],
  ['--when-busy', 'later', '--idle-for', '10m', '--until', '2d', '--without-cordon', '--names'],
  ['--max-unavailable', '2', '--prune', '--parallel', '7'],
];

describe('options on their way to a worker', () => {
  it.each(lines.map((line) => [line]))('of a plan stay what they are: %j', (line) => {
    const options = asPlan(...line, '--detailed-exitcode');
    const there = planOptionsAt('a.yaml', askedOptions.parse(sent(askedOf(options))));
    for (const [name, value] of Object.entries(there)) {
      if (
        ['inventory', 'limit', 'json', 'quiet', 'verbose', 'color', 'pager', 'summary', 'names'].includes(
          name,
        )
      )
        continue;
      expect([name, value]).toEqual([name, options[name as keyof PlanOptions]]);
    }
    expect(there.names).toBe(options.names ?? false);
  });

  it.each(lines.map((line) => [line]))('of a change stay what they are: %j', (line) => {
    const more = [
      '--now',
      '--wait-timeout',
      '5m',
      '--keep',
      '9',
      '--max-failures',
      '2',
      '--lock-wait',
      '30m',
    ];
    const options = asApply(...line, ...more, '--verify');
    const there = applyOptionsAt('a.yaml', changeOptions.parse(sent(askedChangeOf(options))), 'run');
    const own = ['inventory', 'limit', 'json', 'quiet', 'verbose', 'color', 'pager', 'names', 'yes', 'runId'];
    for (const [name, value] of Object.entries(there)) {
      if (!own.includes(name))
        expect([name, value]).toEqual([name, options[name as keyof ApplyCommandOptions]]);
    }
    expect(there).toMatchObject({ yes: true, dryRun: false, runId: 'run', policy: [] });
  });

  it('a change waits for as long as a killed worker has its hosts', () => {
    const asked = changeOptions.parse(sent(askedChangeOf(asApply())));
    expect(applyOptionsAt('a.yaml', asked, 'run').lockWait).toBeGreaterThan(600);
  });

  it('none names a program or a file', () => {
    const asked = { inventory: '', picture: false, command: 'plan', options: sent(askedOf(asPlan())) };
    expect(lookRequest.safeParse(asked).success).toBe(true);
    for (const name of ['policy', 'browserPath', 'inventory', 'out', 'events', 'metrics'])
      expect(
        lookRequest.safeParse({ ...asked, options: { ...(asked.options as object), [name]: '/bin/sh' } })
          .success,
        name,
      ).toBe(false);
  });
});

describe('beside an engine', () => {
  const engine = 'http://127.0.0.1:8080';
  it.each([
    [{ engine }, '--site'],
    [{ site: 'north' }, '--engine'],
    [{ keepTrying: 60 }, '--engine'],
    [{ engine, site: 'north', policy: ['/bin/true'] }, '--policy'],
    [{ engine, site: 'north', metrics: 'a.prom' }, '--metrics'],
    [{ engine, site: 'north', browserPath: '/bin/true' }, '--browser-path'],
  ])('%j is refused', (options, words) => {
    expect(() => refuseBesideEngine(options)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.any(String) }),
    );
    try {
      refuseBesideEngine(options);
    } catch (error) {
      expect(JSON.stringify((error as { problem: unknown }).problem)).toContain(words);
    }
  });

  it('nothing else is', () => {
    refuseBesideEngine({});
    refuseBesideEngine({ engine, site: 'north', policy: [], keepTrying: 60 });
  });
});

describe('a worker', () => {
  it.each([
    ['127.0.0.1:9080', '127.0.0.1', 9080, true],
    ['[::1]:0', '::1', 0, true],
    ['localhost:1', 'localhost', 1, true],
    [':9080', '::', 9080, false],
    ['0.0.0.0:9080', '0.0.0.0', 9080, false],
    ['[2001:db8::1]:9080', '2001:db8::1', 9080, false],
  ])('listens at %s', (text, address, port, loopback) => {
    const at = parseListen(text);
    expect(at).toEqual({ address, port });
    expect(at && isLoopback(at)).toBe(loopback);
  });

  it.each(['9080', '127.0.0.1', 'a b:1', '127.0.0.1:70000', '::1:80', ''])('does not at %j', (text) => {
    expect(parseListen(text)).toBeUndefined();
  });

  it('says what to install where the SDK is missing', async () => {
    await expect(loadSdk(() => Promise.reject(new Error('Cannot find package')))).rejects.toMatchObject({
      problem: {
        code: 'no-engine-sdk',
        next: expect.stringContaining('npm install @restatedev/restate-sdk'),
      },
    });
  });

  it('has a site whose name can be a part of a service', () => {
    expect(['north', 'a-1_b', 'N'].map(isSite)).toEqual([true, true, true]);
    expect(['', '1a', 'a.b', 'a b', 'ä', 'a/b', 'a'.repeat(64)].map(isSite)).not.toContain(true);
  });
});
