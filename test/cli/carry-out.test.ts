import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, it, vi } from 'vitest';
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
import { SecretRegister } from '../../src/secrets/register.ts';
import { createConnector } from '../../src/ssh/connector.ts';
import { clusterPlan, hostPlan, hostResult, nodePlan, runResult } from '../report/plans.ts';

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
