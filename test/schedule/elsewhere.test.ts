import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { textsFor } from '../../src/schedule/elsewhere/print.ts';
import type { Scheduler } from '../../src/schedule/elsewhere/schedulers.ts';
import type { When } from '../../src/schedule/when.ts';

const given = {
  ...{
    name: 'prod-1a2b3c4d',
    cluster: 'prod',
    policy: 'fix' as const,
    when: { kind: 'hours', every: 6 } as When,
  },
  ...{ spread: 600, zone: 'Europe/Berlin', program: ['/usr/bin/node', '/opt/100% sure/main.js'] },
  words: ['schedule', 'run', '--inventory', '/home/ops/prod.yaml', '--policy', 'fix'],
  manager: { kind: 'user' },
  ...{ records: '/home/ops/x', credentials: new Map(), image: 'registry.example.com/clusterproxy:1' },
  ...{ secrets: ['DB_PASSWORD'], inventory: 'prod.yaml' },
} as const;

function textOf(scheduler: Scheduler, more: object = {}): string {
  const [first, ...others] = textsFor(scheduler, { ...given, ...more });
  expect(others).toHaveLength(scheduler === 'systemd' ? 1 : 0);
  return first?.text ?? '';
}

const cron = z.string().regex(/^[\d*/]+( [\d*/]+){4}$/);
/** CronJob, batch/v1: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/cron-job-v1/ */
const cronJob = z.strictObject({
  apiVersion: z.literal('batch/v1'),
  kind: z.literal('CronJob'),
  metadata: z.strictObject({
    name: z
      .string()
      .max(52)
      .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/),
  }),
  spec: z.strictObject({
    schedule: cron,
    timeZone: z.string(),
    concurrencyPolicy: z.literal('Forbid'),
    startingDeadlineSeconds: z.int().min(10),
    successfulJobsHistoryLimit: z.int(),
    failedJobsHistoryLimit: z.int(),
    jobTemplate: z.strictObject({
      spec: z.strictObject({
        backoffLimit: z.literal(0),
        template: z.strictObject({
          spec: z.looseObject({
            restartPolicy: z.enum(['Never', 'OnFailure']),
            containers: z.array(
              z.looseObject({ name: z.string(), image: z.string(), args: z.array(z.string()) }),
            ),
            volumes: z.array(z.looseObject({ name: z.string() })),
          }),
        }),
      }),
    }),
  }),
});

it('a CronJob has the structure that Kubernetes demands, and never two at once', () => {
  const job = cronJob.parse(parse(textOf('kubernetes', { name: `Prod_${'x'.repeat(80)}` })));
  const [container] = job.spec.jobTemplate.spec.template.spec.containers;
  expect(container?.args).toEqual([
    ...['schedule', 'run', '--inventory', '/cluster/prod.yaml', '--policy', 'fix', '--state', '/records'],
  ]);
  expect(container?.env).toContainEqual({
    name: 'DB_PASSWORD',
    valueFrom: { secretKeyRef: { name: `${job.metadata.name}-secrets`, key: 'DB_PASSWORD' } },
  });
  const { volumes } = job.spec.jobTemplate.spec.template.spec;
  const mounts = (container?.volumeMounts ?? []) as readonly { readonly name: string }[];
  expect(mounts.map(({ name }) => name)).toEqual(volumes.map(({ name }) => name));
});

/** The keys of jobs that are used, see https://docs.gitlab.com/ci/yaml/ */
const gitlabJob = z.strictObject({
  stage: z.enum(['plan', 'apply']),
  rules: z.array(z.looseObject({ if: z.string() })),
  script: z.array(z.string()),
  allow_failure: z.strictObject({ exit_codes: z.array(z.int()) }).optional(),
  artifacts: z
    .strictObject({
      when: z.literal('always'),
      paths: z.array(z.string()),
      access: z.enum(['all', 'developer', 'none']),
      expire_in: z.string(),
    })
    .optional(),
  needs: z.array(z.strictObject({ job: z.literal('plan'), artifacts: z.literal(true) })).optional(),
  environment: z.strictObject({ name: z.string() }).optional(),
  resource_group: z.string().optional(),
  interruptible: z.boolean().optional(),
});
const gitlab = z.strictObject({
  stages: z.tuple([z.literal('plan'), z.literal('apply')]),
  default: z.strictObject({
    image: z.strictObject({ name: z.string(), entrypoint: z.array(z.string()) }),
    before_script: z.array(z.string()),
  }),
  plan: gitlabJob,
  apply: gitlabJob,
});

it('a pipeline of GitLab applies exactly the plan that somebody has approved', () => {
  const { plan, apply } = gitlab.parse(parse(textOf('gitlab')));
  expect(plan.script).toEqual([
    'clusterproxy plan --inventory prod.yaml --out plan.json --detailed-exitcode',
  ]);
  expect(plan.artifacts?.paths).toEqual(['plan.json']);
  expect(apply.script).toEqual(['clusterproxy apply --inventory prod.yaml --plan plan.json --yes']);
  expect(apply.rules.every((rule) => rule.when === 'manual')).toBe(true);
});

/** https://docs.github.com/en/actions/reference/workflow-syntax-for-github-actions */
const step = z.union([
  z.strictObject({
    uses: z.string().regex(/^actions\/.+@v\d+$/),
    if: z.string().optional(),
    with: z.looseObject({}).optional(),
  }),
  z.strictObject({ id: z.string().optional(), shell: z.literal('sh'), run: z.string() }),
]);
const job = z.strictObject({
  'runs-on': z.string(),
  container: z.strictObject({ image: z.string() }),
  env: z.record(z.string(), z.string().regex(/^\$\{\{ secrets\.\w+ \}\}$/)),
  needs: z.literal('plan').optional(),
  if: z.string().optional(),
  environment: z.string().optional(),
  outputs: z.record(z.string(), z.string()).optional(),
  steps: z.array(step),
});
const github = z.strictObject({
  name: z.string(),
  on: z.strictObject({
    schedule: z.array(z.strictObject({ cron })),
    workflow_dispatch: z.strictObject({}),
  }),
  permissions: z.strictObject({ contents: z.literal('read') }),
  concurrency: z.strictObject({ group: z.string(), 'cancel-in-progress': z.literal(false) }),
  jobs: z.strictObject({ plan: job, apply: job }),
});

it('a workflow of GitHub does as well, and its shell is sh', () => {
  const text = textOf('github');
  // Anchors are not for everybody's runner.
  expect(text).not.toMatch(/[&*]a\d/);
  const { jobs } = github.parse(parse(text));
  expect(jobs.apply).toMatchObject({ needs: 'plan', environment: 'cluster' });
  const programs = [...jobs.plan.steps, ...jobs.apply.steps].flatMap((one) =>
    'run' in one ? [one.run] : [],
  );
  for (const program of programs) {
    const checked = spawnSync('sh', ['-n'], { input: program, encoding: 'utf8' });
    expect([checked.status, checked.stderr], program).toEqual([0, '']);
  }
  expect(programs.at(-1)).toBe('clusterproxy apply --inventory prod.yaml --plan plan.json --yes\n');
});

it.each([
  [0, 'differs=false', 0],
  [2, 'differs=true', 0],
  [1, '', 1],
  [3, '', 3],
])('its plan that exits with %i says %j', (status, said, exit) => {
  const { jobs } = github.parse(parse(textOf('github')));
  const plan = jobs.plan.steps.flatMap((one) => ('id' in one && one.id === 'plan' ? [one.run] : []))[0];
  const program = `clusterproxy() { return ${status}; }\nGITHUB_OUTPUT=$(mktemp)\ntrap 'cat "$GITHUB_OUTPUT"; rm "$GITHUB_OUTPUT"' EXIT\n${plan}`;
  const done = spawnSync('sh', ['-e'], { input: program, encoding: 'utf8' });
  expect([done.status, done.stdout.trim()]).toEqual([exit, said]);
});

/** https://developer.hashicorp.com/nomad/api-docs/json-jobs */
const nomad = z.strictObject({
  Job: z.strictObject({
    ...{
      ID: z.string(),
      Name: z.string(),
      Type: z.literal('batch'),
      Datacenters: z.array(z.string()).min(1),
    },
    Periodic: z.strictObject({
      ...{ Enabled: z.literal(true), SpecType: z.literal('cron'), Spec: cron },
      ...{ ProhibitOverlap: z.literal(true), TimeZone: z.string() },
    }),
    TaskGroups: z
      .array(
        z.strictObject({
          ...{ Name: z.string(), Count: z.literal(1), Volumes: z.record(z.string(), z.looseObject({})) },
          RestartPolicy: z.strictObject({ Attempts: z.literal(0), Mode: z.literal('fail') }),
          ReschedulePolicy: z.strictObject({ Attempts: z.literal(0), Unlimited: z.literal(false) }),
          Tasks: z.array(
            z.looseObject({
              Name: z.string(),
              Driver: z.string(),
              Config: z.looseObject({ image: z.string() }),
            }),
          ),
        }),
      )
      .length(1),
  }),
});

it('a job of Nomad is periodic, and never runs twice at once', () => {
  const { Job } = nomad.parse(JSON.parse(textOf('nomad')));
  expect(Job.Periodic).toMatchObject({
    Spec: expect.stringMatching(/^\d+ \*\/6 /),
    TimeZone: 'Europe/Berlin',
  });
});

it('a line of crontab has five fields and a command of sh without a bare percent sign', () => {
  const lines = textOf('cron').trim().split('\n');
  const [, fields = '', command = ''] = /^((?:\S+ ){5})(.*)$/.exec(lines[1] ?? '') ?? [];
  expect(lines).toHaveLength(2);
  expect(fields.trim()).toMatch(/^\d{1,2} \*\/6 \* \* \*$/);
  expect(command).toBe(
    `/usr/bin/node '/opt/100\\% sure/main.js' schedule run --inventory /home/ops/prod.yaml --policy fix --quiet`,
  );
});
