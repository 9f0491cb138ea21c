import { json } from './json.ts';
import type { KeyedFormat } from './keyed-format.ts';
import { properties } from './properties.ts';
import { services } from './services.ts';
import { shellEnv } from './shell-env.ts';
import { unit } from './unit.ts';
import { yaml } from './yaml.ts';

/** Every format of files that several step modules, or a playbook's own modules, may edit. */
export const formats = { properties, yaml, json, shellEnv, unit, services } as const satisfies Readonly<
  Record<string, KeyedFormat>
>;
