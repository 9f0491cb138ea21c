import { z } from 'zod';
import { inventorySchema } from '../../inventory/schema.ts';
import { stepModules } from '../../steps/registry.ts';
import { extensionSchema, playbookSchema } from './schema.ts';

/** A JSON Schema, draft 2020-12, as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The schemas that editors use for completion and checks, by their names in schema/. They describe the form
 * only; whether the parts of a file fit together is checked by `clusterproxy validate` alone.
 */
export function jsonSchemas(): Readonly<Record<string, JsonSchema>> {
  const extension = extensionSchema(stepModules.values(), (module) => module.parameters);
  return {
    'inventory.schema.json': {
      ...convert(inventorySchema),
      title: 'clusterproxy inventory',
    },
    'playbook.schema.json': {
      ...withTemplates(eitherForm(convert(extension))),
      title: 'clusterproxy playbook',
    },
  };
}

/**
 * A playbook that extends another one and a standalone one differ only in which keys are required. This form
 * is used because writing out both would be twice as long.
 */
function eitherForm(extension: JsonSchema): JsonSchema {
  const whole = convert(playbookSchema([]));
  const role = (whole.properties as Record<string, JsonSchema>).roles?.additionalProperties as JsonSchema;
  const { required, ...rest } = extension;
  return {
    ...rest,
    required: (required as readonly string[]).filter((key) => key !== 'extends'),
    if: { required: ['extends'] },
    else: {
      required: whole.required,
      properties: {
        roles: {
          additionalProperties: { required: role.required, properties: { without: false } },
        },
      },
    },
  };
}

function convert(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' });
}

/** Wherever a step's parameter isn't text, a template that becomes the value is allowed. */
const template = { type: 'string', pattern: String.raw`\{\{.*\}\}` };

/** Parameters of steps may be templates at any depth; the rest of a playbook may not. */
function withTemplates(schema: JsonSchema): JsonSchema {
  const modules = new Set(stepModules.keys());
  const steps = (value: unknown, key: string): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => steps(item, ''));
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [
        name,
        key === 'properties' && modules.has(name) ? orTemplate(inner) : steps(inner, name),
      ]),
    );
  };
  return steps(schema, '') as JsonSchema;
}

function orTemplate(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return schema;
  const deep = Object.fromEntries(
    Object.entries(schema).map(([name, inner]) => [name, deepTemplates(name, inner)]),
  );
  const isFreeText = deep.type === 'string' && deep.pattern === undefined;
  if (isFreeText || Object.keys(deep).length === 0) return deep;
  const { description, default: otherwise, ...rest } = deep;
  return {
    ...(description === undefined ? {} : { description }),
    ...(otherwise === undefined ? {} : { default: otherwise }),
    anyOf: [rest, template],
  };
}

/** Descends where a schema contains schemas, not where it contains text. */
function deepTemplates(keyword: string, inner: unknown): unknown {
  switch (keyword) {
    case 'properties':
      return Object.fromEntries(
        Object.entries(inner as object).map(([name, property]) => [name, orTemplate(property)]),
      );
    case 'items':
    case 'additionalProperties':
      return orTemplate(inner);
    case 'anyOf':
    case 'oneOf':
    case 'allOf':
      return (inner as readonly unknown[]).map(orTemplate);
    default:
      return inner;
  }
}
