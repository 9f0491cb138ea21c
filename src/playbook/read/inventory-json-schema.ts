import { z } from 'zod';
import type { Playbook, Role, Variable } from '../../model/playbook.ts';
import { secretSetting } from '../../secrets/reference.ts';
import type { JsonSchema } from './json-schema.ts';

/**
 * The schema of inventories for one playbook, made of the general one: with the playbook's roles, and its
 * variables with their types, defaults and descriptions. It asks for nothing that `clusterproxy validate`
 * wouldn't. `name`: as inventories name the playbook; undefined: by a path, which depends on where they are.
 */
export function inventorySchemaFor(
  general: JsonSchema,
  playbook: Playbook,
  name: string | undefined,
): JsonSchema {
  const properties = general.properties as Readonly<Record<string, JsonSchema>>;
  const variables = Object.entries(playbook.variables);
  const missing = variables.flatMap(([key, { default: usual, perHost }]) =>
    usual === undefined && !perHost ? [key] : [],
  );
  return {
    ...general,
    title: `clusterproxy inventory for the playbook ${playbook.name}`,
    properties: {
      ...properties,
      ...(name === undefined ? {} : { playbook: { ...properties.playbook, const: name } }),
      vars: variablesSchema(properties.vars, variables, missing),
      hosts: hostsSchema(properties.hosts as JsonSchema, playbook),
    },
    required: [...(general.required as readonly string[]), ...(missing.length === 0 ? [] : ['vars'])],
  };
}

type Named = readonly (readonly [string, Variable])[];

function variablesSchema(
  general: JsonSchema | undefined,
  variables: Named,
  missing: readonly string[],
): JsonSchema {
  return {
    description: general?.description,
    type: 'object',
    properties: Object.fromEntries(variables.map(([key, variable]) => [key, variableSchema(variable)])),
    ...(missing.length === 0 ? {} : { required: missing }),
    additionalProperties: false,
  };
}

function variableSchema(variable: Variable): JsonSchema {
  return {
    ...typeSchema(variable),
    description: variable.description,
    ...(variable.default === undefined ? {} : { default: variable.default }),
  };
}

/** The form only: what `variableMistake` says of a value is finer. */
function typeSchema({ type, values }: Variable): JsonSchema {
  switch (type) {
    case 'integer':
    case 'number':
    case 'boolean':
      return { type };
    case 'enum':
      return { type: 'string', enum: values };
    case 'port':
      return { type: 'integer', minimum: 1, maximum: 65_535 };
    case 'duration':
      return { anyOf: [{ const: 0 }, { type: 'string' }] };
    case 'secret': {
      const { $schema: _, ...secret } = z.toJSONSchema(secretSetting, { io: 'input', reused: 'inline' });
      return secret as JsonSchema;
    }
    case 'list':
      return values.length === 0
        ? { type: 'array' }
        : { type: 'array', items: { type: 'string', enum: values }, uniqueItems: true };
    case 'map':
      return { type: 'object' };
    case 'path':
      return { type: 'string', pattern: '^/' };
    default:
      return { type: 'string' };
  }
}

/** Each role by its name, with the variables that its hosts may have. */
function hostsSchema(general: JsonSchema, { roles, variables }: Playbook): JsonSchema {
  const perHost = Object.entries(variables).filter(([, variable]) => variable.perHost);
  const [external, list] = (general.additionalProperties as { anyOf: readonly JsonSchema[] }).anyOf;
  const host = list?.items as JsonSchema;
  const properties = host.properties as Readonly<Record<string, JsonSchema>>;
  const roleSchema = (role: Role): JsonSchema => {
    const items = {
      ...host,
      properties: { ...properties, vars: variablesSchema(properties.vars, perHost, []) },
      ...(role.hostname === 'required'
        ? { required: [...((host.required ?? []) as readonly string[]), 'hostname'] }
        : {}),
    };
    const forms = [...(role.external ? [external] : []), { ...list, items }];
    return { description: role.description, anyOf: forms };
  };
  return {
    description: general.description,
    type: 'object',
    properties: Object.fromEntries(roles.map((role) => [role.name, roleSchema(role)])),
    additionalProperties: false,
  };
}
