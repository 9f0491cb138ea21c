import type { Value } from '../../formats/keyed-format.ts';
import { OperatorError } from '../../model/operator-error.ts';
import type { Recipe, Role } from '../../model/playbook.ts';
import { holds } from './conditions.ts';
import { render, renderText, type TemplateContext } from './templates.ts';

/** The variant of a role that a host gets. */
export interface ChosenRecipe {
  readonly name: string;
  /** what people are told, where that isn't its name */
  readonly title?: string | undefined;
  /** why this recipe was chosen, for the plan */
  readonly reason: string;
  /** the recipe's own variables, filled in */
  readonly vars: Readonly<Record<string, Value>>;
}

/**
 * Throws OperatorError `unsuitable-host` for a host that the role is not for, unless the inventory forces a
 * recipe.
 */
function refuseUnsuitable(
  { refuse }: Role,
  host: { readonly name: string; readonly recipe: string | undefined },
  context: TemplateContext,
): void {
  const found = host.recipe === undefined ? refuse.find(({ when }) => holds(when, context)) : undefined;
  if (found === undefined) return;
  const [message, next] = [found.text, found.next].map((text) => renderText(text, context).trim());
  throw new OperatorError({ code: 'unsuitable-host', message: message ?? '', next, host: host.name });
}

/**
 * The recipe for a host: the one forced by the inventory, or else the first whose condition holds for its
 * facts. Undefined if the role has no recipes. Throws OperatorError `unknown-version` if none holds: no
 * change is better than a guess.
 */
export function chooseRecipe(
  role: Role,
  host: { readonly name: string; readonly recipe: string | undefined },
  context: TemplateContext,
): ChosenRecipe | undefined {
  refuseUnsuitable(role, host, context);
  if (role.recipes.length === 0) return undefined;
  const forced = role.recipes.find(({ name }) => name === host.recipe);
  const recipe = forced ?? role.recipes.find(({ when }) => holds(when, context));
  if (recipe === undefined) {
    const known = role.recipes.map(({ name }) => name).join(', ');
    const message =
      role.unknown === undefined ? 'no recipe fits this host' : renderText(role.unknown, context).trim();
    throw new OperatorError({
      code: 'unknown-version',
      message: `${message}; known recipes: ${known}`,
      next: "update clusterproxy, or force one of them with the host's `recipe:` and check the plan closely",
      host: host.name,
    });
  }
  const reason = forced === undefined ? renderText(recipe.reason, context) : 'forced by the inventory';
  return {
    name: recipe.name,
    title: recipe.title,
    reason,
    vars: recipeVars(recipe, (value) => render(value, context)),
  };
}

/** The variables of a recipe, filled in. */
export function recipeVars(recipe: Recipe, filled: (value: Value) => Value): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(recipe.vars).map(([name, value]) => [name, filled(value)]));
}
