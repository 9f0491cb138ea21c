import type { Condition } from '../../model/playbook-parts.ts';
import type { RoleData } from './schema.ts';

/** A condition with a list of values for each subject. */
export function buildCondition(data: RoleData['steps'][number]['when']): Condition {
  return mapValues(data, (value) => (Array.isArray(value) ? value : [value]));
}

/** One text, or several, as a list. */
export function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

/** A map with each of its values built; empty where there is none. */
export function mapValues<From, To>(
  data: Readonly<Record<string, From>> | undefined,
  build: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(data ?? {}).map(([name, value]) => [name, build(value)]));
}
