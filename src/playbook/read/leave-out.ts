import { knownNamesHint } from '../../document/nearest-name.ts';
import type { Places, YamlPath } from '../../document/yaml-document.ts';
import type { Problem } from '../../model/operator-error.ts';
import { listOf } from './build-parts.ts';
import type { ExtensionData, RoleData } from './schema.ts';

export type RoleExtension = NonNullable<ExtensionData['roles']>[string];
type Without = NonNullable<RoleExtension['without']>;

/** An item of a list and its original position. */
export interface Kept<Item> {
  readonly item: Item;
  readonly index: number;
}

/** The lists of a role without what is left out, and without what depends on that alone. */
export function leaveOut(role: RoleData, without: Without) {
  const recipes = new Set(without.recipes);
  const handlers = new Set(without.handlers);
  const steps = new Set(without.steps);
  const units = new Set(without.units);
  const verify = new Set(without.verify);
  const troubles = new Set(without.troubles);
  const narrowed = <Item extends Conditional>(items: readonly Kept<Item>[]) =>
    items
      .filter(({ item }) => isLeft(item, recipes))
      .map(({ item, index }) => ({ item: narrow(item, recipes), index }));
  return {
    recipes: kept(role.recipes, ({ name }) => !recipes.has(name)),
    steps: narrowed(kept(role.steps, ({ id }) => !steps.has(id))).map(({ item, index }) => ({
      item: notifying(item, handlers),
      index,
    })),
    handlers: narrowed(kept(role.handlers, ({ id }) => !handlers.has(id))),
    verify: narrowed(kept(role.verify, ({ id }) => !verify.has(id))),
    troubles: narrowed(kept(role.troubles, ({ id }) => !troubles.has(id))),
    serverLists: kept(role.server_lists, () => true),
    refuse: narrowed(kept(role.refuse, () => true)),
    warnings: narrowed(kept(role.warnings, () => true)),
    units: kept(role.units, (unit) => !units.has(unit)),
    asked: askedWithout(role.asked, verify),
    everyLook: role.every_look?.filter((one) => !verify.has(typeof one === 'string' ? one : one.warning)),
  };
}

/** What is asked by other hosts, without the checks that are left out. */
function askedWithout(asked: RoleData['asked'], left: ReadonlySet<string>): RoleData['asked'] {
  const checks = (asked?.checks ?? []).filter((id) => !left.has(id));
  return asked === undefined || checks.length === 0 ? undefined : { ...asked, checks };
}

function kept<Item>(items: readonly Item[] | undefined, isKept: (item: Item) => boolean): Kept<Item>[] {
  return (items ?? []).map((item, index) => ({ item, index })).filter(({ item }) => isKept(item));
}

type Step = RoleData['steps'][number];
type When = Step['when'];

/** Something that may be for some recipes only. */
interface Conditional {
  readonly recipes?: string[] | undefined;
  readonly when?: When;
}

function isLeft({ recipes, when }: Conditional, left: ReadonlySet<string>): boolean {
  const isThere = (names: unknown) => [names].flat().some((name) => !left.has(String(name)));
  return [recipes, when?.['recipe.name']].every((names) => names === undefined || isThere(names));
}

function narrow<Item extends Conditional>(item: Item, left: ReadonlySet<string>): Item {
  const { recipes, when } = item;
  const names = when?.['recipe.name'];
  return {
    ...item,
    ...(recipes === undefined ? {} : { recipes: recipes.filter((name) => !left.has(name)) }),
    ...(Array.isArray(names)
      ? { when: { ...when, 'recipe.name': names.filter((name) => !left.has(String(name))) } }
      : {}),
  };
}

function notifying(step: Step, left: ReadonlySet<string>): Step {
  const { notify, ...rest } = step;
  const ids = listOf(notify).filter((id) => !left.has(id));
  return ids.length === 0 ? rest : { ...rest, notify: ids };
}

/** What should be left out but doesn't exist. */
export function missing(
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
    verify: base?.verify?.map(({ id }) => id) ?? [],
    troubles: base?.troubles?.map(({ id }) => id) ?? [],
  };
  return (['recipes', 'steps', 'handlers', 'units', 'verify', 'troubles'] as const).flatMap((kind) =>
    (without?.[kind] ?? []).flatMap((name, index) => {
      if (known[kind].includes(name)) return [];
      const one = kind === 'verify' ? 'check' : kind.replace(/s$/, '');
      const problem = {
        code: 'nothing-to-leave-out',
        message: `the playbook that is extended has no ${one} ${name} in ${path.join('.')}`,
        next: knownNamesHint(name, known[kind]),
      };
      return [own.problem([...path, 'without', kind, index], problem)];
    }),
  );
}
