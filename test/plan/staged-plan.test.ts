import { describe, expect, it } from 'vitest';
import { type HostAction, providesNothing } from '../../src/model/action.ts';
import { mergeReads } from '../../src/model/merge-reads.ts';
import { type HostPlan, type Stage, stagesOf } from '../../src/model/plan.ts';
import { noReads } from '../../src/model/reads.ts';
import { type Snapshot, unitOfPath } from '../../src/model/snapshot.ts';
import type { Resolve, Wanted } from '../../src/plan/forward/evaluate.ts';
import { planCluster } from '../../src/plan/forward/plan-cluster.ts';
import { stageDifferences } from '../../src/plan/saved/stage-comparison.ts';
import { stepModules } from '../../src/steps/registry.ts';
import type { StepModule } from '../../src/steps/step-module.ts';
import { NotYetKnown } from '../../src/virtual/not-yet-known.ts';
import { stageOf } from '../support/host-plan.ts';
import { type FakeHost, snapshotOf } from '../support/snapshot-from-folder.ts';

const configuration = '/etc/haproxy/haproxy.cfg';
const defaults = '/etc/default/haproxy';

type Step = readonly [stage: number, id: string, module: string | StepModule, parameters: unknown];

const packagesStep: Step = [
  1,
  'packages',
  'package',
  { names: ['haproxy'], provides: { paths: [defaults], units: ['haproxy.service'] } },
];
const steps: readonly Step[] = [
  packagesStep,
  [2, 'configuration', 'file', { path: configuration, content: 'global\n' }],
  [2, 'defaults', 'shell-env', { path: defaults, create: false, set: { EXTRAOPTS: '-L x' } }],
  [2, 'running', 'unit', { name: 'haproxy.service', enabled: true, active: true }],
];

function moduleOf(module: string | StepModule): StepModule {
  const found = typeof module === 'string' ? stepModules.get(module) : module;
  if (found === undefined) throw new Error(`there is no step module ${String(module)}`);
  return found;
}

function wanted(given: readonly Step[]): Wanted {
  return {
    recipe: undefined,
    steps: given.map(([stage, id, module, parameters]) => ({
      id,
      stage,
      module: moduleOf(module),
      parameters: moduleOf(module).parameters.parse(parameters),
      notify: [],
    })),
    handlers: [],
    units: [],
    warnings: [],
    notifyOf: () => [],
    stages: ['packages', 'files', 'certificate'].slice(0, Math.max(...given.map(([stage]) => stage))),
  };
}

function look(host: FakeHost, given: readonly Step[] = steps): Snapshot {
  const reads = given.map(([, , module, parameters]) => {
    const of = moduleOf(module);
    return { ...noReads, ...of.reads(of.parameters.parse(parameters) as never) };
  });
  // The probe reads what is managed as well, whatever the playbook says.
  const managed = (host.ledger?.items ?? []).map(({ path }) => path);
  const units = managed.flatMap((path) => unitOfPath(path) ?? []);
  const paths = ['/etc/haproxy', ...managed.filter((path) => unitOfPath(path) === undefined)];
  return snapshotOf({ name: 'a', ...host }, mergeReads([...reads, { ...noReads, paths, units }]));
}

function inputOf(snapshot: Snapshot, given: readonly Step[]) {
  const resolve: Resolve = (snapshots) => new Map([...snapshots].map(([name]) => [name, wanted(given)]));
  const host = { name: 'a', role: 'balancer', snapshot, problem: undefined, durationMs: 0 };
  return { cluster: 'prod', playbook: 'test', hosts: [host], resolve, crossChecks: [] };
}

function planOf(host: FakeHost, given: readonly Step[] = steps): HostPlan {
  const [plan] = planCluster(inputOf(look(host, given), given));
  if (plan === undefined) throw new Error('no plan');
  return plan;
}

function never(): never {
  throw new Error('not there');
}

/** The number of a stage of several. */
function place({ number, name }: Stage): string {
  return name === undefined ? 'only' : String(number);
}

/** `STAGE ACTION PATH [after STAGE]` */
function words(plan: HostPlan): readonly string[] {
  return stagesOf(plan).flatMap((stage) => [
    ...stage.actions.map(({ action }) => `${place(stage)} do ${action.name}`),
    ...stage.changes.map(
      ({ action, path, after, knownAfter }) =>
        `${place(stage)} ${after.kind === 'pending' ? 'see' : action} ${path}${knownAfter === undefined ? '' : ` after ${knownAfter}`}`,
    ),
  ]);
}

const installed: FakeHost = {
  packages: { haproxy: '2.6.12' },
  units: ['haproxy.service'],
  files: { [defaults]: 'CONFIG="/etc/haproxy/haproxy.cfg"\n', [configuration]: 'global\n' },
};
const configured = 'CONFIG="/etc/haproxy/haproxy.cfg"\nEXTRAOPTS="-L x"\n';

describe('a plan in stages, on a bare host', () => {
  it('shows later stages as exactly as can be known, and says of the rest when it will be', () => {
    const plan = planOf({});
    expect(plan.problem).toBeUndefined();
    expect(words(plan)).toEqual([
      '1 do install haproxy',
      '2 create /etc/haproxy after packages',
      `2 create ${configuration} after packages`,
      '2 modify unit:haproxy.service after packages',
      `2 see ${defaults} after packages`,
    ]);
  });

  it('has nothing in it that a package brings where no step asks for it by name', () => {
    // What stands in no `provides` is taken for missing; a step that can't do without it waits for the
    // package.
    const [, configurationStep] = steps;
    if (configurationStep === undefined) throw new Error('no step');
    const plain: Step = [1, 'packages', 'package', { names: 'haproxy' }];
    const needs: Step = [2, 'defaults', 'shell-env', { path: defaults, create: false, set: { A: '1' } }];
    const plan = planOf({}, [plain, configurationStep, needs]);
    expect(plan.problem).toBeUndefined();
    expect(words(plan)).toContain(`2 see ${defaults} after packages`);
  });

  it('is refused at once for a mistake that no package mends', () => {
    const broken: StepModule = {
      ...moduleOf('file'),
      apply: (host) => {
        throw host.problem('duplicate-cookie', 'two servers have one cookie', 'change one');
      },
    };
    const plan = planOf({}, [packagesStep, [2, 'balancer', broken, { path: configuration, content: '' }]]);
    expect(plan.problem?.code).toBe('duplicate-cookie');
  });

  it('is refused where a step changes what an action of its own stage brings', () => {
    const early: Step = [1, 'early', 'file', { path: defaults, content: 'x\n' }];
    const plan = planOf({}, [packagesStep, early]);
    expect(plan.problem).toMatchObject({ code: 'needs-later-stage', step: 'early' });
  });

  it('names what there is to know before saying yes', () => {
    const [planned] = planOf({}).stages.flatMap(({ actions }) => actions);
    expect(planned?.action.notes.join()).toContain("start a package's services");
    const [redHat] = planOf({ packageManager: 'dnf' }).stages.flatMap(({ actions }) => actions);
    expect(redHat?.action.run).toEqual({ kind: 'install-packages', manager: 'dnf', names: ['haproxy'] });
    expect(redHat?.action.notes.join()).not.toContain('Debian');
  });

  it('takes the names of its own family, and refuses a host without a package manager', () => {
    const named: Step = [1, 'packages', 'package', { names: { debian: ['nginx-light'], rhel: ['nginx'] } }];
    expect(words(planOf({}, [named]))).toEqual(['only do install nginx-light']);
    expect(words(planOf({ packageManager: 'yum' }, [named]))).toEqual(['only do install nginx']);
    expect(planOf({ packageManager: 'none' }, [named]).problem?.code).toBe('no-package-manager');
  });
});

describe('a plan in stages, once packages are there', () => {
  it('begins with the first stage in which anything is to be done', () => {
    const plan = planOf(installed);
    expect(stageOf(plan)).toMatchObject({ number: 2, name: 'files' });
    expect(words(plan)).toEqual([`2 modify ${defaults}`]);
  });

  it('has nothing to do where all is as it should be', () => {
    const plan = planOf({ ...installed, files: { ...installed.files, [defaults]: configured } });
    expect(words(plan)).toEqual([]);
    // The last one, to settle earlier runs with.
    expect(plan.stages).toMatchObject([{ number: 2, name: 'files', ledger: { cluster: 'prod' } }]);
  });

  it('keeps what later stages look after while an earlier one is carried out, and lets go in the last', () => {
    const plan = planOf(installed);
    const done = { ...installed, files: { ...installed.files, [defaults]: configured } };
    const ledger = stageOf(plan).ledger ?? never();
    expect(ledger.items.map(({ step }) => step)).toEqual(['configuration', 'defaults', 'running', 'running']);
    // The package was taken away by hand: what its files are is not known, so nothing of them is given back.
    const without = planOf({ ...done, packages: {}, ledger });
    expect(words(without)).toEqual(['1 do install haproxy']);
    expect(stageOf(without).ledger?.items).toEqual(ledger.items);
    // A step that left the playbook.
    const fewer = planOf({ ...done, ledger }, steps.slice(0, 2));
    expect(words(fewer)).toEqual([`2 modify ${defaults}`]);
    expect(stageOf(fewer).ledger?.items.map(({ step }) => step)).toEqual(['configuration']);
  });

  it('gives no file back that another step will write once it is known what', () => {
    const file: Step = [2, 'named', 'file', { path: configuration, content: 'named\n' }];
    const before = { ...installed, files: { [defaults]: configured } };
    const plan = planOf(before, [packagesStep, file]);
    expect(words(plan)).toEqual([`2 create /etc/haproxy`, `2 create ${configuration}`]);
    const ledger = stageOf(plan).ledger ?? never();
    const done = { ...before, files: { ...before.files, [configuration]: 'named\n' }, ledger };
    expect(words(planOf(done, [packagesStep]))).toContain(`only delete ${configuration}`);
    const waiting: StepModule = {
      ...moduleOf('file'),
      apply: () => {
        throw new NotYetKnown(configuration, 'certificate');
      },
    };
    const given = [packagesStep, [2, 'certified', waiting, { path: configuration, content: '' }]] as const;
    const next = planOf(done, given);
    expect(words(next)).toEqual([`2 see ${configuration} after certificate`]);
    expect(stageOf(next).ledger?.items.map(({ step }) => step)).toEqual(['named']);
  });

  it('gives back whether a unit was enabled and ran', () => {
    const running: Step = [1, 'running', 'unit', { name: 'haproxy.service', enabled: false, active: false }];
    const plan = planOf(installed, [running]);
    expect(stageOf(plan).changes.map(({ before, after }) => [before, after])).toEqual([
      [
        { kind: 'unit', enabled: 'enabled', active: 'active' },
        { kind: 'unit', enabled: 'disabled', active: 'inactive' },
      ],
    ]);
    const other: readonly Step[] = [[1, 'other', 'file', { path: '/etc/x', absent: true }]];
    const snapshot = look({ ...installed, ledger: stageOf(plan).ledger ?? never() }, other);
    const stopped = { load: 'loaded', active: 'inactive', sub: 'dead', enabled: 'disabled' };
    const units = new Map([['haproxy.service', stopped]]);
    const [given] = planCluster(inputOf({ ...snapshot, units }, other));
    expect(stageOf(given).changes.map(({ path, after }) => [path, after])).toEqual([
      ['unit:haproxy.service', { kind: 'unit', enabled: 'enabled', active: 'active' }],
    ]);
  });
});

describe('an action', () => {
  const fetch: HostAction = {
    name: 'certificate example.com',
    run: { kind: 'command', argv: ['certbot', 'certonly'] },
    unless: { kind: 'certificate', args: ['/etc/ssl/x.pem', '30', 'example.com'] },
    provides: { ...providesNothing, paths: ['/etc/ssl/x.pem'] },
    timeout: 60,
    notes: [],
  };
  const module = (action: HostAction): StepModule => ({
    ...moduleOf('file'),
    parameters: { parse: () => ({}) } as never,
    reads: () => ({
      paths: [...action.provides.paths],
      queries: action.unless === undefined ? [] : [action.unless],
    }),
    apply: (host) => {
      host.action(action);
    },
  });

  it('is done unless the host says that there is nothing to do', () => {
    const step: Step = [1, 'certificate', module(fetch), {}];
    expect(words(planOf({}, [step]))).toEqual(['only do certificate example.com']);
    const answers = [[fetch.unless, { status: 0, output: '' }]] as unknown as NonNullable<
      FakeHost['answers']
    >;
    expect(words(planOf({ answers }, [step]))).toEqual([]);
  });

  it('has to know itself when it was done', () => {
    const step: Step = [1, 'certificate', module({ ...fetch, unless: undefined }), {}];
    expect(planOf({}, [step]).problem).toMatchObject({ code: 'not-idempotent', step: 'certificate' });
  });
});

describe('what is left after a stage', () => {
  const behind = (plan: HostPlan): HostPlan => ({ ...plan, stages: plan.stages.slice(1) });
  function again(host: FakeHost, given = steps): { readonly agreed: HostPlan; readonly now: HostPlan } {
    const agreed = planOf({}, given);
    const [now] = planCluster(inputOf(look(host, given), given), new Set(['a']));
    if (now === undefined) throw new Error('no plan');
    return { agreed, now };
  }

  it('is planned from what the host is like then', () => {
    const { now } = again({ ...installed, files: { ...installed.files, [configuration]: 'listen stock\n' } });
    expect(words(now)).toEqual([`2 modify ${configuration}`, `2 modify ${defaults}`]);
  });

  it('is as it was agreed on, whatever the package brought', () => {
    const { agreed, now } = again({
      ...installed,
      files: { ...installed.files, [configuration]: 'stock\n' },
    });
    expect(stageDifferences(behind(agreed), now)).toEqual([]);
  });

  it('is otherwise where a file that was shown becomes something else, or another action is needed', () => {
    const { agreed } = again(installed);
    const other: readonly Step[] = [
      ...steps.slice(0, 1),
      [2, 'more', 'package', { names: ['nginx'] }],
      [2, 'configuration', 'file', { path: configuration, content: 'global\n  maxconn 1\n' }],
      ...steps.slice(2),
    ];
    const now = planOf(installed, other);
    expect(stageDifferences(behind(agreed), now)).toEqual([
      `${configuration} would become something other than planned`,
      'install nginx would be done, which was not planned',
    ]);
  });
});
