import { type JsonSchema, jsonSchemas } from '../playbook/read/json-schema.ts';
import { fleetJsonSchema } from '../report/document/fleet-schema.ts';
import { reportJsonSchema } from '../report/document/schema.ts';
import { eventsJsonSchema } from '../report/events/schema.ts';

/** The JSON Schemas of everything that is read or written, by their names in schema/. */
export function publishedSchemas(): Readonly<Record<string, JsonSchema>> {
  return {
    ...jsonSchemas(),
    'report.schema.json': reportJsonSchema() as JsonSchema,
    'fleet.schema.json': fleetJsonSchema() as JsonSchema,
    'events.schema.json': eventsJsonSchema() as JsonSchema,
  };
}
