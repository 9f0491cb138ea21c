import { z } from 'zod';
import { driftPolicies } from '../../model/accepted.ts';
import { variableTypes } from '../../model/playbook.ts';
import type { StepModule } from '../../steps/step-module.ts';
import { factSchema, symptomSchema } from '../facts/kinds.ts';
import { conditionSchema } from './condition-schema.ts';
import { guardSchema } from './guard-schema.ts';
import { handOverSchema } from './hand-over-schema.ts';
import { handlerSchema } from './handler-schema.ts';
import { id, namesSchema, packagePattern, roleName, word } from './name-schema.ts';
import { askingOnce, during, questionKeys } from './outside-check-schema.ts';
import { portSchema } from './port-schema.ts';
import { serverListSchema } from './server-list-schema.ts';
import { oneOrMore, text } from './texts.ts';
import { triedSchema } from './tried-schema.ts';

const texts = z.array(text);
const folderAccount = z
  .string()
  .regex(
    /^(?:[A-Za-z_][A-Za-z0-9_.-]*\$?)?(?::[A-Za-z_][A-Za-z0-9_.-]*\$?)?$/,
    'expected USER, USER:GROUP or :GROUP, as chown(1) has them',
  )
  .min(1);

const variable = z.strictObject({
  type: z.enum(variableTypes),
  values: z
    .array(text)
    .min(1)
    .optional()
    .meta({ description: 'the values of an enum, or of the items of a list' }),
  default: z.unknown().optional().meta({ description: 'if left out, the inventory must set the variable' }),
  perHost: z.boolean().optional().meta({ description: 'may also be set on a host; default: true' }),
  description: text,
});

const recipe = z.strictObject({
  name: text,
  title: text.optional().meta({
    description: 'what people are told, where several recipes are the same to them; default: its name',
  }),
  when: conditionSchema.optional(),
  reason: text.meta({ description: 'template; shown in the plan' }),
  vars: z.record(word, z.unknown()).optional(),
});

const health = z
  .strictObject({
    when: conditionSchema.optional(),
    units: z.array(text).min(1).optional(),
    http: text.optional(),
  })
  .superRefine((given, context) => {
    if ((given.units === undefined) !== (given.http === undefined)) return;
    context.addIssue({ code: 'custom', message: 'expected one of: units, http' });
  });

const outsideCheck = z
  .strictObject({
    id,
    title: text.meta({ description: 'what is checked, in a few words' }),
    recipes: z.array(text).min(1).optional(),
    when: conditionSchema.optional(),
    needs: oneOrMore.optional().meta({
      description: 'templates, none of which may be empty, false or 0: otherwise it does not apply',
    }),
    during,
    ...questionKeys,
    fix: text.meta({ description: 'what to do if it fails' }),
  })
  .superRefine(askingOnce);

const asked = z
  .strictObject({
    by: roleName.meta({ description: 'the role whose hosts ask' }),
    when: conditionSchema.optional(),
    checks: z
      .array(id)
      .min(1)
      .meta({ description: 'ids of http checks in `verify`; the first that applies to a host counts' }),
    fix: text.meta({ description: 'what to do if no host of the role answers as it should' }),
  })
  .meta({ description: 'what another role asks itself for each host of this one, in every look' });

const trouble = z.strictObject({
  id,
  title: text.meta({ description: 'what is wrong, in a few words' }),
  recipes: z.array(text).min(1).optional(),
  when: conditionSchema.optional().meta({ description: 'where it is looked for' }),
  shows: conditionSchema.optional().meta({ description: 'all of it holds where the trouble is' }),
  unless: conditionSchema.optional().meta({ description: 'none of it holds where the trouble is' }),
  note: z
    .strictObject({ when: conditionSchema, text })
    .optional()
    .meta({ description: 'what is worth a word where the trouble is not there' }),
  found: text.meta({ description: 'the fact that shows it' }),
  means: text.meta({ description: 'what follows from it, in one sentence' }),
  fix: text.meta({ description: 'what to do about it: a command, if there is one' }),
});

const warning = z.strictObject({ when: conditionSchema, text });
const stageOrder = z.strictObject({ when: conditionSchema, stages: z.array(id).min(2).max(8) });
const refusal = z.strictObject({ when: conditionSchema, text, next: text });

/** What a step has beside the key that is a step module's name. */
const stepKeys = {
  id,
  stage: id.optional().meta({ description: 'one of the stages of its role' }),
  recipes: z.array(text).min(1).optional(),
  when: conditionSchema.optional(),
  notify: oneOrMore.optional(),
  folder_of: z
    .union([folderAccount, z.array(folderAccount).min(1)])
    .optional()
    .meta({
      description:
        'who besides root may create or rename entries in the folders of its files: USER, USER:GROUP or :GROUP',
    }),
  on_drift: z.enum(driftPolicies).optional().meta({
    description:
      'what is done where something is no longer as it was last written: fix it (default), report it as drift and leave it as it is, or keep it without calling it drift',
  }),
};

/**
 * Supplies the schema of a step module's parameters; a schema for editors says more about them than the check
 * of a file.
 */
type Parameters = (module: StepModule) => z.ZodType;

/**
 * The form of a playbook that uses these step modules. Their parameters are not checked here, since they may
 * contain templates; see check-parameters.ts. `parameters` supplies what the schema for editors says about
 * them.
 */
export function playbookSchema(modules: Iterable<StepModule>, parameters: Parameters = () => z.unknown()) {
  return z.strictObject({
    name: id,
    description: text,
    names: namesSchema.optional(),
    modules: texts
      .optional()
      .meta({ description: 'files beside this one that contain your own step modules' }),
    variables: z.record(word, variable).optional(),
    roles: z.record(roleName, roleSchema(modules, parameters)),
    'cross-checks': texts.optional(),
    tried: triedSchema.optional(),
  });
}

/** The form of a playbook that extends another one: everything is optional, since the base may have it. */
export function extensionSchema(modules: Iterable<StepModule>, parameters: Parameters = () => z.unknown()) {
  const without = z
    .strictObject({
      recipes: texts.optional(),
      steps: texts.optional(),
      handlers: texts.optional(),
      verify: texts.optional(),
      troubles: texts.optional(),
      units: texts.optional(),
    })
    .optional()
    .meta({ description: 'parts of the extended playbook that this one leaves out' });
  return z.strictObject({
    extends: text.meta({ description: 'name or path of a playbook; this one says what is different' }),
    name: id,
    description: text,
    names: namesSchema.optional(),
    modules: texts
      .optional()
      .meta({ description: 'files beside this one that contain your own step modules' }),
    variables: z.record(word, variable).optional(),
    roles: z.record(roleName, roleSchema(modules, parameters).partial().extend({ without })).optional(),
    'cross-checks': texts.optional(),
    tried: triedSchema.optional(),
  });
}

function roleSchema(modules: Iterable<StepModule>, parameters: Parameters) {
  const moduleKeys = Object.fromEntries(
    [...modules].map((module) => [
      module.name,
      parameters(module).optional().meta({ description: module.description }),
    ]),
  );
  const known = Object.keys(moduleKeys);
  const step = z.strictObject({ ...moduleKeys, ...stepKeys }).superRefine((given, context) => {
    const used = known.filter((name) => Object.hasOwn(given, name));
    // An unknown key is most likely a misspelt module, which has already been reported.
    if (used.length === 1 || context.issues.some(({ code }) => code === 'unrecognized_keys')) return;
    const message =
      used.length === 0
        ? 'the step has no step module'
        : `the step has several step modules: ${used.join(', ')}`;
    const next = used.length === 0 ? `add one of ${known.join(', ')}` : 'make a step of each';
    context.addIssue({ code: 'custom', message, params: { code: 'step-module', next } });
  });
  return z.strictObject({
    description: text,
    hosts: z
      .strictObject({ minimum: z.int().min(0).optional(), maximum: z.int().min(1).optional() })
      .optional(),
    external: z.boolean().optional(),
    shared: z.boolean().optional().meta({
      description:
        'its hosts may serve other clusters as well: every file that its steps write as a whole is named after the cluster, or is one that only one cluster can have',
    }),
    hostname: z.enum(['required', 'optional']).optional(),
    facts: z.record(word, factSchema).optional(),
    introduction: z
      .strictObject({
        installed: factSchema.meta({ description: 'true, or not empty, where the product is on the host' }),
        version: factSchema.optional(),
        hostname: factSchema.optional().meta({ description: 'the public name that the product itself has' }),
      })
      .optional()
      .meta({ description: 'facts that only `clusterproxy init` reads, to say what a host is' }),
    recipes: z.array(recipe).optional(),
    refuse: z.array(refusal).optional().meta({
      description: 'hosts that the role is not for: what is wrong with them, and what to do about it',
    }),
    unknown: text.optional(),
    // With the one at the end of a run, in which hosts let go of others, nine: see src/run/run-id.ts.
    stages: z.array(id).min(2).max(8).optional().meta({
      description: 'names, in order; a host is inspected again after each stage that changed something',
    }),
    stage_orders: z.array(stageOrder).min(1).optional().meta({
      description: 'other orders of the stages; the first whose condition holds',
    }),
    usual_stage: id.optional().meta({
      description: 'the stage of steps that name none; without it, each step of a role with stages names one',
    }),
    steps: z.array(step),
    health: z.array(health).optional(),
    verify: z.array(outsideCheck).optional().meta({
      description: 'what is asked from outside, as a browser would, by `clusterproxy verify`',
    }),
    asked: asked.optional(),
    every_look: z
      .array(z.union([id, z.strictObject({ warning: id })]))
      .min(1)
      .optional()
      .meta({
        description:
          'ids of checks in `verify` that the look at the host answers: `check`, `plan` and `apply` ask them too; `{warning: ID}`: a wrong answer is only warned of',
      }),
    symptoms: z.record(word, symptomSchema).optional().meta({
      description: 'by name: facts that only `clusterproxy doctor` reads',
    }),
    troubles: z.array(trouble).optional().meta({
      description: 'known troubles that `clusterproxy doctor` looks for',
    }),
    server_lists: z.array(serverListSchema).optional().meta({
      description: "others' lists of its hosts, of which `clusterproxy doctor` asks the first that applies",
    }),
    warnings: z.array(warning).optional(),
    units: texts.optional(),
    product_packages: z.array(packagePattern).min(1).optional().meta({
      description:
        "names of the product's packages on its hosts, as dpkg-query -W takes them: `forecast --to` looks for their versions",
    }),
    guards: z.record(id, guardSchema).optional(),
    hand_over: handOverSchema.optional(),
    ports: z
      .array(portSchema)
      .optional()
      .meta({ description: 'what a firewall must let through to its hosts' }),
    handlers: z.array(handlerSchema).optional(),
  });
}

export type PlaybookData = z.infer<ReturnType<typeof playbookSchema>>;
export type ExtensionData = z.infer<ReturnType<typeof extensionSchema>>;
export type RoleData = PlaybookData['roles'][string];
export type OutsideCheckData = NonNullable<RoleData['verify']>[number];
export type TroubleData = NonNullable<RoleData['troubles']>[number];
export type GuardData = NonNullable<RoleData['guards']>[string];
export type HandlerData = NonNullable<RoleData['handlers']>[number];
export type StepData = RoleData['steps'][number] & Record<string, unknown>;
