import type { Places, YamlPath } from '../../document/yaml-document.ts';
import type { Problem } from '../../model/operator-error.ts';
import { LayeredPlaces } from './layered-places.ts';
import { type Kept, leaveOut, missing, type RoleExtension } from './leave-out.ts';
import type { ExtensionData, PlaybookData, RoleData } from './schema.ts';

/** Valid data, and the places of its parts. */
export interface Source<Data> {
  readonly data: Data;
  readonly places: Places;
}

export interface Extended extends Source<PlaybookData> {
  /** what the extension leaves out although the base doesn't have it */
  readonly problems: readonly Problem[];
}

/**
 * A playbook with an extension applied to it. Things with a name (variables, roles, facts, symptoms, guards;
 * recipes, steps, handlers, checks from outside and troubles by name or id) replace the base's thing of that
 * name as a whole, or are appended; lists of things without names (health, warnings, units, cross-checks) are
 * concatenated. Leaving something out also removes what depends on it alone: a step for no other recipe, a
 * mention of a handler.
 */
export function extend(base: Source<PlaybookData>, own: Source<ExtensionData>): Extended {
  const places = new LayeredPlaces(base.places, own.places);
  const problems: Problem[] = [];
  const roles = Object.entries(own.data.roles ?? {}).map(([name, role]) => {
    const path = ['roles', name];
    const known = Object.hasOwn(base.data.roles, name) ? base.data.roles[name] : undefined;
    problems.push(...missing(own.places, path, role.without, known));
    if (known === undefined) places.own(path);
    return [name, known === undefined ? newRole(role) : extendRole(places, path, known, role)] as const;
  });
  const { extends: _, roles: _roles, modules: _modules, ...rest } = own.data;
  for (const key of ['extends', ...Object.keys(rest)]) if (!merged.has(key)) places.own([key]);
  const data = {
    ...base.data,
    ...rest,
    names: { ...base.data.names, ...own.data.names },
    variables: byName(places, ['variables'], base.data.variables, own.data.variables),
    roles: { ...base.data.roles, ...Object.fromEntries(roles) },
    'cross-checks': behind(places, ['cross-checks'], base.data['cross-checks'], own.data['cross-checks']),
  };
  return { data, places, problems };
}

/** Keys of a playbook whose parts each have their own origin. */
const merged = new Set(['variables', 'cross-checks']);

/** Missing parts are found by the schema of a whole playbook. */
function newRole({ without: _, ...role }: RoleExtension): RoleData {
  return role as RoleData;
}

function extendRole(
  places: LayeredPlaces,
  path: YamlPath,
  base: RoleData,
  { without = {}, ...own }: RoleExtension,
): RoleData {
  const {
    facts,
    guards,
    recipes,
    steps,
    handlers,
    health,
    verify,
    symptoms,
    troubles,
    server_lists: lists,
    refuse,
    warnings,
    units,
    ports,
    ...single
  } = own;
  for (const key of Object.keys(single)) places.own([...path, key]);
  const left = leaveOut(base, without);
  return {
    ...base,
    asked: left.asked,
    every_look: left.everyLook,
    ...(single as Partial<RoleData>),
    facts: byName(places, [...path, 'facts'], base.facts, facts),
    guards: byName(places, [...path, 'guards'], base.guards, guards),
    recipes: byId(places, [...path, 'recipes'], left.recipes, recipes, ({ name }) => name),
    steps: byId(places, [...path, 'steps'], left.steps, steps, ({ id }) => id),
    handlers: byId(places, [...path, 'handlers'], left.handlers, handlers, ({ id }) => id),
    health: behind(places, [...path, 'health'], base.health, health),
    verify: byId(places, [...path, 'verify'], left.verify, verify, ({ id }) => id),
    symptoms: byName(places, [...path, 'symptoms'], base.symptoms, symptoms),
    troubles: byId(places, [...path, 'troubles'], left.troubles, troubles, ({ id }) => id),
    server_lists: byId(places, [...path, 'server_lists'], left.serverLists, lists, ({ id }) => id),
    refuse: listed(places, [...path, 'refuse'], left.refuse, refuse),
    warnings: listed(places, [...path, 'warnings'], left.warnings, warnings),
    units: listed(places, [...path, 'units'], left.units, units),
    ports: behind(places, [...path, 'ports'], base.ports, ports),
  };
}

function byName<Item>(
  places: LayeredPlaces,
  path: YamlPath,
  base: Readonly<Record<string, Item>> | undefined,
  own: Readonly<Record<string, Item>> | undefined,
): Record<string, Item> {
  for (const name of Object.keys(own ?? {})) places.own([...path, name]);
  return { ...base, ...own };
}

function byId<Item>(
  places: LayeredPlaces,
  path: YamlPath,
  base: readonly Kept<Item>[],
  own: readonly Item[] = [],
  idOf: (item: Item) => string,
): Item[] {
  const replaced = base.map(({ item, index }) => {
    const position = own.findIndex((one) => idOf(one) === idOf(item));
    const mine = own[position];
    return mine === undefined ? { item, index, isOwn: false } : { item: mine, index: position, isOwn: true };
  });
  const added = own
    .map((item, index) => ({ item, index, isOwn: true }))
    .filter(({ item }) => !base.some((one) => idOf(one.item) === idOf(item)));
  return [...replaced, ...added].map(({ item, index, isOwn }, position) => {
    places.moved([...path, position], { path: [...path, index], isOwn });
    return item;
  });
}

function listed<Item>(
  places: LayeredPlaces,
  path: YamlPath,
  base: readonly Kept<Item>[],
  own: readonly Item[] = [],
): Item[] {
  base.forEach(({ index }, position) => {
    places.moved([...path, position], { path: [...path, index], isOwn: false });
  });
  own.forEach((_, index) => {
    places.moved([...path, base.length + index], { path: [...path, index], isOwn: true });
  });
  return [...base.map(({ item }) => item), ...own];
}

function behind<Item>(
  places: LayeredPlaces,
  path: YamlPath,
  base: readonly Item[] = [],
  own: readonly Item[] | undefined = [],
): Item[] {
  const kept = base.map((item, index) => ({ item, index }));
  return listed(places, path, kept, own);
}
