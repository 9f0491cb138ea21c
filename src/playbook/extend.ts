import { knownNamesHint } from '../inventory/nearest-name.ts';
import { type PlacedMistake, type Places, placed, type YamlPath } from '../inventory/yaml-document.ts';
import type { Location, Problem } from '../model/operator-error.ts';
import { listOf } from './build.ts';
import type { ExtensionData, PlaybookData, RoleData } from './schema.ts';

/** Data of the right form, and where its parts stand. */
export interface Source<Data> {
  readonly data: Data;
  readonly places: Places;
}

export interface Extended extends Source<PlaybookData> {
  /** what the extension leaves out and isn't there */
  readonly problems: readonly Problem[];
}

type RoleExtension = NonNullable<ExtensionData['roles']>[string];
type Without = NonNullable<RoleExtension['without']>;

/**
 * A playbook with an extension laid over it. Things with a name (variables, roles, facts, guards; recipes, steps and
 * handlers by name or id) take the place of the base's thing of that name as a whole, or come behind the others; lists
 * of things without names (health, warnings, units, cross-checks) get longer. What is left out takes along what is for
 * it alone: a step for no other recipe, a mention of a handler.
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
  const { extends: _, roles: _roles, ...rest } = own.data;
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

/** Keys of a playbook of which each part has its own origin. */
const merged = new Set(['variables', 'cross-checks']);

/** What it lacks is found by the schema of a whole playbook. */
function newRole({ without: _, ...role }: RoleExtension): RoleData {
  return role as RoleData;
}

function extendRole(
  places: LayeredPlaces,
  path: YamlPath,
  base: RoleData,
  { without = {}, ...own }: RoleExtension,
): RoleData {
  const { facts, guards, recipes, steps, handlers, health, warnings, units, ...single } = own;
  for (const key of Object.keys(single)) places.own([...path, key]);
  const left = leaveOut(base, without);
  return {
    ...base,
    ...(single as Partial<RoleData>),
    facts: byName(places, [...path, 'facts'], base.facts, facts),
    guards: byName(places, [...path, 'guards'], base.guards, guards),
    recipes: byId(places, [...path, 'recipes'], left.recipes, recipes, ({ name }) => name),
    steps: byId(places, [...path, 'steps'], left.steps, steps, ({ id }) => id),
    handlers: byId(places, [...path, 'handlers'], left.handlers, handlers, ({ id }) => id),
    health: behind(places, [...path, 'health'], base.health, health),
    warnings: listed(places, [...path, 'warnings'], left.warnings, warnings),
    units: listed(places, [...path, 'units'], left.units, units),
  };
}

/** An item of a list and where it stood in it. */
interface Kept<Item> {
  readonly item: Item;
  readonly index: number;
}

/** The lists of a role without what is left out, and without what is for that alone. */
function leaveOut(role: RoleData, without: Without) {
  const recipes = new Set(without.recipes);
  const handlers = new Set(without.handlers);
  const isLeft = <Item extends { readonly recipes?: readonly string[] | undefined; readonly when?: When }>(
    item: Item,
  ) => {
    const asked = [item.recipes, item.when?.['recipe.name']].flatMap((names) =>
      names === undefined ? [] : [[names].flat()],
    );
    return asked.every((names) => names.some((name) => !recipes.has(String(name))));
  };
  const narrowed = <Item extends { readonly recipes?: string[] | undefined; readonly when?: When }>(
    item: Item,
  ): Item => ({
    ...item,
    ...(item.recipes === undefined ? {} : { recipes: item.recipes.filter((name) => !recipes.has(name)) }),
    ...(item.when === undefined ? {} : { when: narrowWhen(item.when, recipes) }),
  });
  const kept = <Item extends { readonly recipes?: string[] | undefined; readonly when?: When }>(
    items: readonly Item[] | undefined,
    dropped: ReadonlySet<string>,
    nameOf: (item: Item) => string | undefined,
  ) =>
    (items ?? [])
      .map((item, index) => ({ item, index }))
      .filter(({ item }) => !dropped.has(nameOf(item) ?? '') && isLeft(item))
      .map(({ item, index }) => ({ item: narrowed(item), index }));
  return {
    recipes: (role.recipes ?? [])
      .map((item, index) => ({ item, index }))
      .filter(({ item }) => !recipes.has(item.name)),
    steps: kept(role.steps, new Set(without.steps), ({ id }) => id).map(({ item, index }) => ({
      item: { ...item, notify: listOf(item.notify).filter((id) => !handlers.has(id)) },
      index,
    })),
    handlers: kept(role.handlers, handlers, ({ id }) => id),
    warnings: kept(role.warnings, new Set(), () => undefined),
    units: (role.units ?? [])
      .map((item, index) => ({ item, index }))
      .filter(({ item }) => !(without.units ?? []).includes(item)),
  };
}

type When = RoleData['steps'][number]['when'];

function narrowWhen(when: NonNullable<When>, recipes: ReadonlySet<string>): NonNullable<When> {
  const names = when['recipe.name'];
  if (!Array.isArray(names)) return when;
  return { ...when, 'recipe.name': names.filter((name) => !recipes.has(String(name))) };
}

function missing(
  own: Places,
  path: YamlPath,
  without: Without | undefined,
  base: RoleData | undefined,
): readonly Problem[] {
  const known = {
    recipes: base?.recipes?.map(({ name }) => name) ?? [],
    steps: base?.steps.map(({ id }) => id) ?? [],
    handlers: base?.handlers?.map(({ id }) => id) ?? [],
    units: base?.units ?? [],
  };
  return (['recipes', 'steps', 'handlers', 'units'] as const).flatMap((kind) =>
    (without?.[kind] ?? []).flatMap((name, index) => {
      if (known[kind].includes(name)) return [];
      const one = kind.replace(/s$/, '');
      const problem = {
        code: 'nothing-to-leave-out',
        message: `the playbook that is extended has no ${one} ${name} in ${path.join('.')}`,
        next: knownNamesHint(name, known[kind]),
      };
      return [own.problem([...path, 'without', kind, index], problem)];
    }),
  );
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

interface Origin {
  readonly path: YamlPath;
  readonly isOwn: boolean;
}

/** Where the parts of an extended playbook stand: in the extension what is said to, all else in the base. */
class LayeredPlaces implements Places {
  readonly #base: Places;
  readonly #own: Places;
  readonly #origins = new Map<string, Origin>();

  constructor(base: Places, own: Places) {
    this.#base = base;
    this.#own = own;
  }

  /** The part at `path` is the extension's. */
  own(path: YamlPath): void {
    this.moved(path, { path, isOwn: true });
  }

  moved(path: YamlPath, origin: Origin): void {
    this.#origins.set(path.join('\0'), origin);
  }

  location(path: YamlPath, part?: 'key' | 'value'): Location {
    for (let length = path.length; length > 0; length--) {
      const origin = this.#origins.get(path.slice(0, length).join('\0'));
      if (origin === undefined) continue;
      const source = origin.isOwn ? this.#own : this.#base;
      return source.location([...origin.path, ...path.slice(length)], part);
    }
    return (path.length === 0 ? this.#own : this.#base).location(path, part);
  }

  problem(path: YamlPath, what: PlacedMistake): Problem {
    return placed(this, path, what);
  }
}
