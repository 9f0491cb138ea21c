import type { z } from 'zod';
import type { Role } from '../model/playbook.ts';
import type { LoadedPlaybook } from '../steps/loaded-playbook.ts';
import { hostEntries, mapOf, textOf } from './host-entries.ts';
import { type HostData, hostSchema, type InventoryData, inventorySchema, sshSchema } from './schema.ts';

/** What is right in an inventory with mistakes. */
export interface Salvaged {
  readonly data: InventoryData;
  /** with a role for each that hosts have; of a product that isn't known, nothing is known of its roles */
  readonly playbook: LoadedPlaybook;
}

/**
 * Takes what is right in an inventory with mistakes: every host that has a name, with those of its keys that
 * can be used. Where a value is wrong that says where the host is, who logs in or whom to trust, it is left
 * out: what stands in for it would lead to another host, or by another way. Without a valid cluster name
 * nothing can be said of its product, so that its playbook counts for nothing. Undefined if there is no host.
 */
export function salvage(value: unknown, playbook: LoadedPlaybook | undefined): Salvaged | undefined {
  const given = mapOf(value);
  // A wrong time zone leads to no other host, and neither does an address that ssh never connects to.
  const { time_zone: _, virtual_address: _address, ...named } = mapOf(given.cluster);
  const cluster = inventorySchema.shape.cluster.safeParse(named);
  const ssh = usable(sshSchema, mapOf(given.ssh), ([key]) => isHarmless(['ssh', key]));
  if (ssh === undefined) return undefined;
  const names = new Set<string>();
  const entries = hostEntries(value).flatMap(({ role, data }): { role: string; host: HostData }[] => {
    const name = textOf(data, 'name') ?? textOf(data, 'hostname') ?? textOf(data, 'address');
    const host = name === undefined ? undefined : usable(hostSchema, { ...data, name }, isHarmless);
    if (host === undefined || names.has(host.name)) return [];
    names.add(host.name);
    return [{ role, host }];
  });
  if (entries.length === 0) return undefined;
  const roles = [...new Set(entries.map(({ role }) => role))];
  const known = cluster.success ? playbook : undefined;
  const hosts = Object.fromEntries(
    roles.map((role) => [role, entries.filter((entry) => entry.role === role).map(({ host }) => host)]),
  );
  return {
    data: {
      playbook: known?.name ?? '',
      cluster: cluster.success ? cluster.data : { name: '', hostname: '' },
      ssh,
      vars: { ...mapOf(given.vars) },
      hosts,
    },
    playbook: withRoles(known, roles),
  };
}

/** Whether a host can be asked without this key of its own, whose value is wrong. */
function isHarmless([key, inner]: readonly (PropertyKey | undefined)[]): boolean {
  if (key === 'ssh') return inner === 'connect_timeout';
  return key === 'recipe' || key === 'state' || key === 'vars';
}

/**
 * The value without keys that the schema doesn't know, and without those with a wrong value that it can do
 * without; undefined if there is nothing that can be used.
 */
function usable<Data>(
  schema: z.ZodType<Data>,
  value: Readonly<Record<string, unknown>>,
  canDoWithout: (path: readonly PropertyKey[]) => boolean,
): Data | undefined {
  let rest = value;
  // Each turn takes away at least one key, or is the last.
  for (;;) {
    const checked = schema.safeParse(rest);
    if (checked.success) return checked.data;
    const before = JSON.stringify(rest);
    for (const issue of checked.error.issues) {
      const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
      if (keys.length === 0 && !canDoWithout(issue.path)) return undefined;
      const paths = keys.length > 0 ? keys.map((key) => [...issue.path, key]) : [issue.path];
      for (const path of paths) rest = without(rest, path.slice(0, 2));
    }
    if (JSON.stringify(rest) === before) return undefined;
  }
}

function without(value: Readonly<Record<string, unknown>>, path: readonly PropertyKey[]) {
  const [key, inner] = path;
  if (typeof key !== 'string' || !Object.hasOwn(value, key)) return value;
  const { [key]: item, ...rest } = value;
  if (typeof inner !== 'string' || Object.keys(mapOf(item)).length === 0) return rest;
  const { [inner]: _, ...left } = mapOf(item);
  return { ...rest, [key]: left };
}

function withRoles(playbook: LoadedPlaybook | undefined, roles: readonly string[]): LoadedPlaybook {
  const bare: LoadedPlaybook = {
    ...{ name: '', description: '', file: '', text: '', names: {}, variables: {}, roles: [] },
    ...{ crossChecks: [], modules: new Map() },
  };
  const base = playbook ?? bare;
  const unknown = roles.filter((name) => !base.roles.some((role) => role.name === name));
  return { ...base, roles: [...base.roles, ...unknown.map(bareRole)] };
}

/** A role of which nothing is known. */
function bareRole(name: string): Role {
  return {
    ...{ name, description: '', hosts: { minimum: 0, maximum: Number.POSITIVE_INFINITY } },
    ...{ external: false, shared: false, hostname: 'optional', facts: {}, recipes: [], refuse: [] },
    ...{
      unknown: undefined,
      stages: [],
      stageOrders: [],
      steps: [],
      health: [],
      verify: [],
      symptoms: {},
      troubles: [],
    },
    ...{ serverLists: [], productPackages: [] },
    ...{ asked: undefined, everyLook: [], warnings: [], units: [], ports: [], guards: [], handlers: [] },
  };
}
