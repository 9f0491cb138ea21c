import { z } from 'zod';
import { decisionOutcomes } from '../../model/deciding-check.ts';
import { left } from './accepted-schema.ts';
import { author } from './author-schema.ts';
import { error } from './error-schema.ts';
import { forecast } from './forecast-schema.ts';
import { queued } from './queued-schema.ts';

// The parts of the report document (schema.ts) that tell of one host.

export const statuses = [
  ...([
    'in-sync',
    'would-change',
    'drifted',
    'changed',
    'done',
    'deferred',
    'owed',
    'rolled-back',
    'failed',
  ] as const),
  ...([
    'unreachable',
    'off',
    'damaged',
    'unknown',
    'open',
    'not-started',
    'kept',
    'conflict',
    'stuck',
    'skipped',
    'queued',
  ] as const),
] as const;

export const state = z
  .object({
    sha256: z
      .string()
      .optional()
      .describe("hex, of a regular file's bytes; not of one that holds a secret of the inventory"),
    mode: z.string().optional().describe('octal, four digits'),
    owner: z.string().optional().describe('user:group'),
    target: z.string().optional().describe('of a symbolic link'),
    enabled: z.string().optional().describe('of a unit: enabled, disabled, masked, …'),
    active: z.string().optional().describe('of a unit: active or inactive'),
  })
  .nullable()
  .describe('null where nothing is at the path; empty where it is not known (yet)');

export const atTheEnd = z
  .literal(true)
  .describe('done at the end of the run, once the hosts that leave the cluster were given back');

export const change = z.object({
  step: z.string().describe('the first step that asks for it'),
  steps: z.array(z.string()).describe('all steps that ask for it'),
  stage: z.int().describe('counts from 1'),
  kind: z.enum(['file', 'directory', 'symlink', 'unit', 'action']),
  action: z.enum(['create', 'modify', 'delete']),
  path: z.string().describe("of a unit its name, of an action what it's about"),
  diff: z.string().describe('unified diff with secrets hidden; notes in lines that begin with #'),
  before: state,
  after: state,
  knownAfter: z
    .string()
    .optional()
    .describe('the stage after which it is known for sure: actions of that stage may bring what is there'),
  author: author.optional(),
  guards: z
    .array(z.string())
    .optional()
    .describe('what must be idle before an action begins, or a unit is stopped'),
  last: atTheEnd.optional(),
});

export const handler = z.object({
  id: z.string(),
  stage: z.int().describe('counts from 1; the last one takes away what others were kept for'),
  actions: z.array(z.string()).describe('in words'),
  because: z.array(z.string()).describe('steps whose changes ask for it'),
  owed: z.string().optional().describe('why it runs although nothing else changes'),
  guards: z.array(z.string()).describe('what must be idle before it starts'),
  ran: z.boolean(),
  kinds: z
    .array(z.enum(['daemon-reload', 'reload', 'restart', 'command']))
    .optional()
    .describe('what each of the actions is'),
  validate: z.string().optional().describe('the command that has to accept the new files before it starts'),
  checks: z.array(z.string()).optional().describe('what must hold afterwards, in words'),
  timeout: z.number().optional().describe('seconds within which the checks must hold'),
  last: atTheEnd.optional(),
});

export const guard = z.object({
  guard: z.string(),
  state: z.enum(['idle', 'busy', 'unknown']),
  sessions: z
    .array(z.string())
    .describe('an entry for each session, in words: how many people, since when; by name only with --names'),
  summary: z.string().optional().describe('how many there are in all, in words'),
  people: z.number().optional().describe('how many people are there, as far as it is known'),
  oldestSeconds: z.number().optional().describe("how old the oldest session is, by the host's clock"),
  ignored: z.array(z.string()).optional().describe('sessions that do not count, in words'),
  notes: z.array(z.string()).optional().describe('what else the guard says of the host'),
  why: z.string().optional().describe('why it is not known'),
});

export const unsettled = z.object({
  run: z.string(),
  state: z.string(),
  who: z.string().optional().describe('who, from where, with which command'),
  alive: z.boolean().optional().describe('it is at work on the host at this moment'),
  cluster: z.string().optional().describe('whose it is, where that is another cluster'),
  outcome: z
    .enum(['commit', 'revert', 'keep'])
    .optional()
    .describe('what was decided already, although it is not carried out yet'),
});

const lease = z.object({
  run: z.string(),
  command: z.string(),
  by: z.string(),
  from: z.string(),
  since: z.string().describe('ISO 8601, UTC'),
  until: z.string().optional().describe('unless the run goes on, which renews it'),
});

export const run = z.object({
  run: z.string(),
  command: z.string(),
  operator: z.string(),
  from: z.string().describe('name of the machine that it was started on'),
  version: z.string(),
  startedAt: z.string().describe('ISO 8601, UTC'),
});

const upgradedPackage = z.object({
  name: z.string(),
  before: z.string().describe('its version; empty where it was not installed'),
  after: z.string().describe('its version; empty where it is not installed any more'),
});

export const pastRun = run.extend({
  now: z
    .literal(true)
    .optional()
    .describe('the operator said that people may be interrupted outside a window, or by day'),
  despitePolls: z
    .literal(true)
    .optional()
    .describe('the operator said that a balancer may take hosts with people for dead meanwhile'),
  undoes: z.string().optional().describe('the run that it undid'),
  undoneBy: z.string().optional().describe('the run that undid it, on every host that it changed'),
  hosts: z.array(
    z.object({
      name: z.string(),
      role: z.string(),
      state: z
        .string()
        .describe(
          'queued, committed, reverted, deferred, refused, abandoned, kept, conflict or stuck; else it is not finished',
        ),
      changes: z.array(change.pick({ path: true, kind: true, action: true, steps: true, stage: true })),
      handlers: z.array(z.string()).describe('ids of those that were started'),
      undoneBy: z.string().optional().describe('the run that undid it on this host'),
      queued: queued.optional().describe('what it waits for, in the state queued'),
      error: error.optional(),
      warnings: z.array(z.string()),
      upgraded: z.array(upgradedPackage).optional().describe('what an upgrade made of packages'),
      durationMs: z.int().optional(),
    }),
  ),
});

export const hostKey = z.object({
  type: z.string().describe('as in known_hosts'),
  fingerprint: z.string().describe('SHA256:..., as ssh-keygen -l prints it'),
  state: z
    .enum(['known', 'new', 'contradicts', 'revoked', 'unneeded'])
    .describe('what it was before this run; unneeded: the host is known through an authority or another key'),
  pinned: z.boolean().describe('this run wrote it down'),
});

const knownKey = z.object({
  type: z.string(),
  fingerprint: z.string(),
  file: z.string(),
  line: z.int().describe('counts from 1'),
});

export const host = z.object({
  name: z.string(),
  role: z.string(),
  recipe: z.string().nullable(),
  recipeReason: z.string().nullable(),
  status: z.enum(statuses),
  retires: z.literal(true).optional().describe('it leaves the cluster and is given back'),
  otherClusters: z.array(z.string()).optional().describe('clusters beside this one that the host serves'),
  error: error.optional(),
  warnings: z.array(z.string()),
  changes: z.array(change),
  handlers: z.array(handler),
  guards: z.array(guard),
  unsettled: z.array(unsettled).describe('earlier runs that are not finished on this host or need a person'),
  queued: z
    .array(queued)
    .optional()
    .describe('runs that wait on this host until nobody is there; left out where there is none'),
  lease: lease.optional().describe('the run over many hosts that has reserved this host'),
  lastRun: run.optional().describe('of status: the latest run that changed this host and was kept'),
  address: z.string().optional().describe('of trust: where the host is, and the hosts on the way'),
  hostKeys: z.array(hostKey).optional().describe('of trust: the public keys that the host shows'),
  contradicted: z.array(knownKey).optional().describe('of trust: known keys that those contradict'),
  durationMs: z.int(),
  hostname: z.string().optional().describe('its public name, as the inventory has it'),
  doneBy: z
    .string()
    .optional()
    .describe('of apply --plan: the run that made the host what the saved plan says'),
  undoes: z.string().optional().describe('of rollback: the run whose changes are given back'),
  drops: z.array(z.string()).optional().describe('what people lose here of hosts that left the inventory'),
  notes: z
    .array(z.string())
    .optional()
    .describe('what is worth knowing of its changes, although nothing is wrong'),
  leftovers: z
    .literal(true)
    .optional()
    .describe('what is remembered of earlier runs on the host is removed at the end of the run'),
  stages: z
    .array(
      z.object({
        number: z.int().describe('counts from 1'),
        name: z.string().optional().describe('of a role whose playbook names its stages'),
        last: atTheEnd.optional(),
      }),
    )
    .optional()
    .describe('the stages to which changes and handlers belong, in order'),
  last: z
    .object({ error: error.optional().describe("why it can't be done; everything else is") })
    .optional()
    .describe('something is taken away at the end of the run: changes and handlers that are marked `last`'),
  ran: z
    .array(z.string())
    .optional()
    .describe('ids of the handlers that ran, in the order in which they did'),
  upgraded: z
    .array(upgradedPackage)
    .optional()
    .describe('of upgrade: the packages whose versions are not what they were'),
  inventoryKeys: z.array(z.string()).optional().describe('of trust: fingerprints that the inventory pins'),
  deciding: z
    .array(
      z.object({
        host: z.string().describe("whose check it is: this host's own, or that of a host reached through it"),
        id: z.string(),
        title: z.string(),
        always: z
          .boolean()
          .describe('it has to pass in any case; otherwise only if it passed right before the change'),
        outcome: z
          .enum(decisionOutcomes)
          .optional()
          .describe(
            'how it came out; failed-before: it had failed before the change as well, so it had no say; gone: its host stopped answering at its own address too, so it had none either',
          ),
      }),
    )
    .optional()
    .describe('with --confirm outside or browser: the checks that decide whether the host stays changed'),
  sample: z
    .object({
      folder: z.string().optional().describe('where its files come from; a made-up host has none'),
      untried: z.array(z.string()).describe('steps that need something that is not on it'),
    })
    .optional()
    .describe('of playbook check: what the host is'),
  balancers: z
    .array(
      z.object({
        on: z.string().describe('the host that tells the balancer'),
        state: z
          .string()
          .describe(
            "enabled: people are sent there; cordoned: they are not; unknown: the balancer doesn't know it; not told; or a word of its own",
          ),
        byHand: z.string().optional().describe('what is left to be done on that host by people'),
      }),
    )
    .optional()
    .describe('of join and leave: what the balancers do with the host'),
  left: z.array(left).optional().describe('what differs and stays as it is'),
  forecast: forecast.optional().describe('of forecast: what the packages change before anything is planned'),
});
