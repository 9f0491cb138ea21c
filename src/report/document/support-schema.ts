import { z } from 'zod';
import { checkOutcomes } from '../../model/outside-check.ts';
import { statuses } from './host-schema.ts';

const listOf = <Item extends z.ZodType>(item: Item) => z.array(item).readonly();
const word = z.string();

const change = z.object({ path: word, kind: word, action: word, steps: listOf(word) });

const texts = z.object({
  known: listOf(z.string()).describe('those that come with the program, word for word'),
  others: z.number().describe('how many others there are'),
});

const machine = z.object({
  os: word,
  osVersion: word,
  systemd: z.number().optional(),
  packageManager: word,
  isRoot: z.boolean(),
  isLookOnly: z.boolean(),
  clockOffset: z.number().describe("seconds by which the host's clock is ahead"),
  freeSpace: listOf(z.object({ path: word, percent: z.number() })),
  failedUnits: texts,
});

const host = z.object({
  host: word,
  role: word,
  retired: z.boolean(),
  status: z.enum(statuses),
  recipe: word.optional(),
  isRecipeForced: z.boolean(),
  connection: z.object({ transport: word, become: word, jumps: z.boolean() }),
  machine: machine.optional(),
  facts: listOf(z.object({ name: word, value: word })),
  packages: listOf(z.object({ name: word, version: word })),
  units: listOf(z.object({ unit: word, load: word, active: word, sub: word, enabled: word })),
  keys: listOf(
    z.object({
      ...{ step: word, path: word, format: word, key: listOf(word) },
      first: word.describe('what was there before'),
      isPlanned: z.boolean().describe('whether a run would change it'),
    }),
  ),
  planned: listOf(change),
  handlers: listOf(z.object({ handler: word, owed: z.boolean() })),
  guards: listOf(z.object({ guard: word, state: z.enum(['idle', 'busy', 'unknown']), sessions: z.number() })),
  warnings: texts,
  unsettled: listOf(z.object({ run: word, state: word, alive: z.boolean() })),
  nginx: listOf(z.object({ path: word, lines: listOf(z.string()) })).describe(
    'directives and how they are nested; `…` stands for what is not told',
  ),
});

const run = z.object({
  ...{ run: word, command: word, version: word, operator: word, from: word },
  undoes: word.optional(),
  undoneBy: word.optional(),
  hosts: listOf(
    z.object({
      ...{ host: word, role: word, state: word },
      changes: listOf(change),
      handlers: listOf(word),
      error: word.optional().describe('code of an error'),
      warnings: z.number(),
      seconds: z.number().optional(),
    }),
  ),
});

/** A support bundle. Every text in it comes with the program or is a placeholder such as `host-1`. */
export const supportSchema = z.object({
  program: z.object({ version: word, node: word, platform: word }),
  cluster: z
    .object({
      playbook: word,
      isOwnPlaybook: z.boolean(),
      roles: listOf(
        z.object({
          role: word,
          hosts: z.number().optional().describe('how many there are; left out where the role is external'),
        }),
      ),
      variables: listOf(z.object({ name: word, value: word.optional() })),
    })
    .optional()
    .describe('left out if the inventory could not be used'),
  hosts: listOf(host),
  runs: listOf(run).describe('the latest first'),
  checks: listOf(z.object({ host: word, check: word, outcome: z.enum(checkOutcomes) })),
  errors: listOf(
    z.object({
      code: word,
      host: word.optional(),
      step: word.optional(),
      line: z.number().optional(),
      column: z.number().optional(),
      stack: listOf(word).describe('places in the program'),
    }),
  ),
});
