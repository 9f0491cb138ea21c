import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { parseWindow } from '../../src/calendar/written.ts';
import { type CarryOutOptions, carryOut } from '../../src/cli/carry-out.ts';
import type { Environment } from '../../src/cli/environment.ts';
import { Session } from '../../src/cli/session.ts';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { type ClusterPlan, changesNow } from '../../src/model/plan.ts';
import { chooseView } from '../../src/report/choose-view.ts';
import { reportSchema } from '../../src/report/document/schema.ts';
import { Output } from '../../src/report/output.ts';
import type { applyRun as reallyApplyRun } from '../../src/run/apply-run.ts';
import { usualApply } from '../../src/run/options.ts';
import { asPlanned } from '../../src/run/planner.ts';
import {
  type Clock,
  type RunWindow,
  runWindow,
  type WindowWishes,
} from '../../src/run/windows/run-window.ts';
import { SecretRegister } from '../../src/secrets/register.ts';
import { createConnector } from '../../src/ssh/connector.ts';
import { clusterPlan, hostPlan, hostResult, nodePlan, reloadNginx, runResult } from '../report/plans.ts';

const applyRun = vi.fn<typeof reallyApplyRun>();

const plan = clusterPlan([nodePlan('bbb-01'), hostPlan('bbb-02')]);
const inventory = {
  file: 'prod.yaml',
  hosts: [],
  playbook: { roles: [] },
  maxUnavailable: { all: undefined, roles: new Map() },
  whenBusy: { all: undefined, roles: new Map() },
} as unknown as Inventory;

/** What a person types, and how the run is started. */
interface Situation {
  readonly terminal?: boolean;
  readonly typed?: string;
  readonly json?: boolean;
  readonly signal?: AbortSignal;
  readonly plan?: ClusterPlan;
  readonly options?: Partial<CarryOutOptions>;
}

async function run(situation: Situation): Promise<{ status: number; stdout: string; stderr: string }> {
  const { terminal = false, typed = '', json = false, options = {} } = situation;
  const stream = () => Object.assign(new PassThrough(), terminal ? { isTTY: true, columns: 80 } : {});
  const [stdin, stdout, stderr] = [stream(), new PassThrough(), stream()];
  const interruption = new AbortController();
  const signal = situation.signal ?? interruption.signal;
  const write = stderr.write.bind(stderr);
  stderr.write = ((text: string) => {
    if (text.includes('[y/N]')) setImmediate(answer);
    return write(text);
  }) as typeof stderr.write;
  const answer = () => {
    if (typed === 'Ctrl-C') interruption.abort();
    else if (typed === 'Ctrl-D') stdin.end();
    else stdin.write(typed);
  };
  const leave = new AbortController().signal;
  const environment = {
    stdin,
    output: new Output({
      stdout: stdout as unknown as NodeJS.WriteStream,
      stderr: stderr as unknown as NodeJS.WriteStream,
      variables: {},
      mask: (text) => text,
    }),
    variables: {},
    attend: async () => undefined,
    interrupt: () => interruption.abort(),
    secrets: new SecretRegister(),
    signal,
    leave,
    phase: { changing: false },
  };
  const common = {
    inventory: 'prod.yaml',
    limit: [],
    json,
    quiet: false,
    verbose: false,
    color: true,
    parallel: 1,
  };
  const view = chooseView(environment.output, common);
  const parts = { inventory, connector: createConnector(), view };
  const session = new Session(parts, common, environment as unknown as Environment);
  const status = await carryOut({ plan: situation.plan ?? plan, planner: asPlanned }, session, {
    ...session.runOptions({ prune: false }),
    ...{
      ...usualApply,
      leave,
      command: 'apply',
      maxFailures: 0,
      yes: false,
      dryRun: false,
      refusal: undefined,
      start: applyRun,
    },
    ...options,
  });
  const read = (from: PassThrough) => (from.read() as Buffer | null)?.toString() ?? '';
  return { status, stdout: read(stdout), stderr: read(stderr) };
}

beforeEach(() => {
  applyRun.mockReset();
  applyRun.mockImplementation(async (given) =>
    runResult(given.plan.hosts.map((host) => hostResult(host, changesNow(host) ? 'changed' : 'in-sync'))),
  );
});

describe('carryOut', () => {
  it('changes hosts with --yes', async () => {
    const { status, stdout } = await run({ options: { yes: true } });
    expect(status).toBe(0);
    expect(applyRun).toHaveBeenCalledOnce();
    expect(stdout).toContain('2 hosts: 1 would change, 1 in sync; 1 file, 1 restart\n\nbbb-01  changed');
  });

  it('asks on a terminal, and takes nothing but y and yes for yes', async () => {
    const agreed = await run({ terminal: true, typed: 'y\n' });
    expect(agreed.status).toBe(0);
    expect(agreed.stderr).toContain('Apply these changes to 1 host? [y/N] ');
    expect(applyRun).toHaveBeenCalledOnce();
    for (const typed of ['\n', 'n\n', 'yeah\n', 'Ctrl-D']) {
      const declined = await run({ terminal: true, typed });
      expect(declined.status).toBe(1);
      expect(declined.stderr).toContain('nothing was changed');
    }
    expect(applyRun).toHaveBeenCalledOnce();
  });

  it('asks only about hosts that the plan does not hold back', async () => {
    const lost = { code: 'unreachable', message: 'no answer', host: 'bbb-02' };
    const down = hostPlan('bbb-02', { unreachable: true, problem: lost });
    const hosts = ['bbb-01', 'bbb-02'].map((name) => ({ name, role: 'node', state: 'active' }));
    const of = { ...inventory, hosts } as unknown as Inventory;
    const options = { maxUnavailable: { count: 1 }, inventory: of };
    const held = await run({
      terminal: true,
      typed: 'n\n',
      plan: clusterPlan([nodePlan('bbb-01'), down]),
      options,
    });
    expect(held.stderr).not.toContain('[y/N]');
    const others = [
      down,
      nodePlan('bbb-01'),
      hostPlan('proxy', { role: 'proxy', stages: nodePlan('x').stages }),
    ];
    const some = await run({ terminal: true, typed: 'n\n', plan: clusterPlan(others), options });
    expect(some.stderr).toContain('Apply these changes to 1 host? [y/N] ');
  });

  it('ends with 130 for Ctrl-C at the prompt', async () => {
    expect((await run({ terminal: true, typed: 'Ctrl-C' })).status).toBe(130);
    expect(applyRun).not.toHaveBeenCalled();
  });

  it('changes nothing without somebody to ask, and names the option', async () => {
    const { status, stderr } = await run({});
    expect(status).toBe(1);
    expect(stderr).toContain('error confirmation-needed: 1 host would be changed');
    expect(stderr).toContain('--yes');
    expect(applyRun).not.toHaveBeenCalled();
  });

  it('prints one JSON document with hosts and errors on exit 1', async () => {
    const { status, stdout } = await run({ json: true, terminal: true });
    expect(status).toBe(1);
    const document = reportSchema.parse(JSON.parse(stdout));
    expect(document.hosts.map((host) => host.status)).toEqual(['would-change', 'in-sync']);
    expect(document.errors?.[0]?.code).toBe('confirmation-needed');
  });

  it('stops after the plan with --dry-run', async () => {
    const { status, stderr } = await run({ options: { yes: true, dryRun: true } });
    expect(status).toBe(0);
    expect(stderr).toBe('dry run: nothing was changed\n');
    expect(applyRun).not.toHaveBeenCalled();
  });

  it('does not ask where nothing is to be done', async () => {
    const { status, stderr } = await run({ plan: clusterPlan([hostPlan('bbb-01')]) });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(applyRun).not.toHaveBeenCalled();
  });

  it('goes on with the other hosts where one can not be planned, and ends with 3', async () => {
    const problem = { code: 'unreachable', message: 'no answer' };
    const bad = hostPlan('bbb-03', { unreachable: true, problem });
    applyRun.mockImplementation(async (given) =>
      runResult(
        given.plan.hosts.map((host) => hostResult(host, host.unreachable ? 'unreachable' : 'changed')),
      ),
    );
    const { status } = await run({ plan: clusterPlan([nodePlan('bbb-01'), bad]), options: { yes: true } });
    expect(status).toBe(3);
    expect(applyRun).toHaveBeenCalledOnce();
  });

  it('refuses where a saved plan says otherwise', async () => {
    const refusal = { code: 'plan-differs', message: 'it differs', detail: 'bbb-01: /etc/a' };
    const { status, stderr } = await run({ options: { yes: true, refusal } });
    expect(status).toBe(1);
    expect(stderr).toBe('error plan-differs: it differs\n    bbb-01: /etc/a\n');
    expect(applyRun).not.toHaveBeenCalled();
  });

  it('starts nothing once interrupted', async () => {
    const { status } = await run({ signal: AbortSignal.abort(), options: { yes: true } });
    expect(status).toBe(130);
    expect(applyRun).not.toHaveBeenCalled();
  });
});

describe('by day, and outside a window', () => {
  const at = (text: string) => ({ now: () => Date.parse(text), zone: 'UTC' });
  const thursday = at('2026-11-26T10:00:00Z');
  const weekend = parseWindow('sat,sun 06:00-18:00');
  const window = (
    clock: Clock,
    windows: Inventory['windows'],
    wishes: Partial<WindowWishes> = {},
  ): Promise<RunWindow> =>
    runWindow(
      { windows, timeZone: undefined },
      { window: [], now: false, deadline: undefined, ...wishes },
      clock,
    );
  const only = weekend === undefined ? [] : [{ ...weekend, except: [], files: [] }];
  const reloads = clusterPlan([nodePlan('bbb-01', { handlers: [reloadNginx] })]);

  it('refuses --yes alone on a weekday by day', async () => {
    const { status, stdout, stderr } = await run({
      options: { yes: true, window: await window(thursday, undefined) },
    });
    expect(status).toBe(1);
    expect(applyRun).not.toHaveBeenCalled();
    expect(stderr.replace(/\s+/g, ' ')).toContain(
      "error daytime: it is Thu 26 Nov 10:00 (UTC), and changing bbb-01 interrupts people; on weekdays from 07:00 to 18:00, --yes alone doesn't allow that",
    );
    expect(stderr).toContain('--now');
    expect(stderr.replace(/\s+/g, ' ')).toContain('windows: anytime');
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      "by day: it is Thu 26 Nov 10:00 (UTC, this machine's time zone), and changing bbb-01 interrupts people; on weekdays from 07:00 to 18:00 that takes --now, or a yes on a terminal",
    );
  });

  it('takes a yes on a terminal that was told so for --now', async () => {
    const options = { window: await window(thursday, undefined) };
    const { status, stderr } = await run({ terminal: true, typed: 'y\n', options });
    expect(status).toBe(0);
    expect(stderr).toContain(
      'It is Thu 26 Nov 10:00 (UTC), and people on bbb-01 would be interrupted.\nApply these changes to 1 host? [y/N] ',
    );
    expect(applyRun.mock.calls[0]?.[1].window?.regardless).toBe(true);
    const alone = await run({ options });
    expect(alone.stderr.replace(/\s+/g, ' ')).toContain('confirm with --yes and --now');
  });

  it.each([
    ['--now', thursday, undefined, plan, { now: true }],
    ['an evening', at('2026-11-26T18:00:00Z'), undefined, plan, {}],
    ['a Sunday', at('2026-11-29T10:00:00Z'), undefined, plan, {}],
    ['windows: anytime', thursday, 'anytime', plan, {}],
    ['a plan that interrupts nobody', thursday, undefined, reloads, {}],
  ] as const)('asks no more than usual with %s', async (_, clock, windows, of, wishes) => {
    const options = { window: await window(clock, windows, wishes) };
    const agreed = await run({ plan: of, options: { ...options, yes: true } });
    expect(agreed.status).toBe(0);
    expect(agreed.stdout).not.toContain('by day');
    const asked = await run({ terminal: true, typed: 'n\n', plan: of, options });
    expect(asked.stderr).toContain('\nApply these changes to 1 host? [y/N] ');
    expect(asked.stderr).not.toContain('It is');
  });

  it('only says it with --dry-run', async () => {
    const options = { window: await window(thursday, undefined), dryRun: true };
    const { status, stdout } = await run({ options });
    expect(status).toBe(0);
    expect(stdout).toContain('by day: ');
  });

  it('tells when the window opens, and asks nobody about hosts that are deferred in any case', async () => {
    const options = { window: await window(thursday, only) };
    const { stdout, stderr } = await run({ terminal: true, typed: 'n\n', options });
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      "window: none is open at Thu 26 Nov 10:00 (UTC, this machine's time zone), the next one opens Sat 28 Nov 06:00; bbb-01 would be deferred, since changing it interrupts people; --now changes it anyway",
    );
    expect(stderr).not.toContain('[y/N]');
    expect(applyRun).toHaveBeenCalledOnce();
    expect(applyRun.mock.calls[0]?.[1].window?.regardless).toBe(false);
  });

  it('breaks what it says first between words', async () => {
    const afternoon = at('2026-11-26T20:12:00Z');
    const options = { window: { ...(await window(afternoon, undefined)), zone: 'America/New_York' } };
    const { stderr } = await run({ terminal: true, typed: 'n\n', options });
    for (const line of stderr.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(stderr.replace(/\n {2}/g, ' ')).toContain(
      '(America/New_York), and people on bbb-01 would be interrupted.\n',
    );
  });

  it('lets a person roll back outside a window who was told so', async () => {
    const options = { window: await window(thursday, only), command: 'rollback' };
    const { stderr } = await run({ terminal: true, typed: 'y\n', options });
    expect(stderr).toContain(
      'It is Thu 26 Nov 10:00 (UTC), outside a window, and people on bbb-01 would be\n  interrupted.\nRoll back 1 host? [y/N] ',
    );
    expect(applyRun.mock.calls[0]?.[1].window?.regardless).toBe(true);
  });

  it('says until when hosts may begin, on a terminal and in the document', async () => {
    const saturday = at('2026-11-28T12:00:00Z');
    const wishes = { deadline: { kind: 'clock', minute: 16 * 60 } } as const;
    const options = { window: await window(saturday, only, wishes), dryRun: true };
    const { stdout } = await run({ options });
    expect(stdout.replace(/\s+/g, ' ')).toMatch(
      /window: open until Sat 28 Nov 18:00 \(UTC, this machine's time zone\); hosts whose change interrupts people begin by Sat 28 Nov 15:\d\d, so that they can be put back before it closes/,
    );
    expect(stdout).toContain('deadline: Sat 28 Nov 16:00');
    const printed = await run({ options, json: true });
    const { rollout } = reportSchema.parse(JSON.parse(printed.stdout));
    expect(rollout?.[0]?.window).toMatchObject({
      ...{ timeZone: 'UTC', timeZoneFrom: 'machine', state: 'open', now: '2026-11-28T12:00+00:00' },
      ...{ closes: '2026-11-28T18:00+00:00', deadline: '2026-11-28T16:00+00:00', regardless: false },
      ...{ interrupting: ['bbb-01'], deferred: [] },
    });
  });
});
