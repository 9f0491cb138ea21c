import type { Places, YamlPath } from '../../document/yaml-document.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { PlaybookData, RoleData } from '../read/schema.ts';
import { FilledPlaces, literalTemplates } from './literal-templates.ts';
import { scopeProblems, type TemplateScope } from './template-scope.ts';

/**
 * Checks every template of a playbook in the scope of its place, i.e. against what is known when it is filled
 * in.
 */
export function checkTemplates(document: Places, data: PlaybookData): readonly Problem[] {
  const filled = new FilledPlaces();
  const problems = Object.entries(data.roles).flatMap(([name, role]) => {
    const path = ['roles', name];
    const scopes = scopesOf(data, role);
    const check = (place: YamlPath, value: unknown, scope: TemplateScope) => {
      filled.add([...path, ...place]);
      return scopeProblems(document, [...path, ...place], value, scope);
    };
    return [
      ...check(['unknown'], role.unknown, scopes.withFacts),
      ...(role.recipes ?? []).flatMap((recipe, index) => [
        ...check(['recipes', index, 'reason'], recipe.reason, scopes.withFacts),
        ...check(['recipes', index, 'vars'], recipe.vars, scopes.withFacts),
      ]),
      ...role.steps.flatMap((step, index) => {
        const {
          id: _,
          stage: _stage,
          recipes,
          when: _when,
          notify: _notify,
          folder_of: _of,
          ...module
        } = step;
        return Object.entries(module).flatMap(([name, parameters]) =>
          checkStep(
            (place, value, scope) => check(['steps', index, name, ...place], value, scope),
            parameters,
            scopes.forRecipes(recipes),
          ),
        );
      }),
      ...(role.handlers ?? []).flatMap((handler, index) => {
        const { when: _when, ...texts } = handler;
        return check(['handlers', index], texts, scopes.forHandlers);
      }),
      ...Object.entries(role.guards ?? {}).flatMap(([id, { when: _when, ...texts }]) =>
        check(['guards', id], texts, scopes.base),
      ),
      ...check(['hand_over', 'args'], role.hand_over?.args, scopes.base),
      ...check(['hand_over', 'address'], role.hand_over?.address, scopes.base),
      ...(role.ports ?? []).flatMap(({ when: _when, ...texts }, index) =>
        check(['ports', index], texts, scopes.vars),
      ),
      ...(role.health ?? []).flatMap(({ when: _when, ...texts }, index) =>
        check(['health', index], texts, scopes.base),
      ),
      ...(role.verify ?? []).flatMap(({ when: _when, recipes, ...texts }, index) =>
        check(['verify', index], texts, scopes.forRecipes(recipes)),
      ),
      ...check(['asked', 'fix'], role.asked?.fix, scopes.base),
      ...Object.entries(role.symptoms ?? {}).flatMap(([id, symptom]) =>
        check(['symptoms', id], symptom, scopes.base),
      ),
      ...(role.troubles ?? []).flatMap(({ recipes, ...texts }, index) =>
        check(['troubles', index], texts, withSymptoms(scopes.forRecipes(recipes), role)),
      ),
      ...(role.server_lists ?? []).flatMap(({ at, ask }, index) => [
        ...check(['server_lists', index, 'at'], at, scopes.base),
        ...check(['server_lists', index, 'ask', 'address'], ask.address, scopes.base),
      ]),
      ...(role.refuse ?? []).flatMap(({ text, next }, index) =>
        check(['refuse', index], { text, next }, scopes.withFacts),
      ),
      ...(role.warnings ?? []).flatMap((warning, index) =>
        check(['warnings', index, 'text'], warning.text, scopes.withFacts),
      ),
      ...check(['units'], role.units, scopes.base),
    ];
  });
  return [...problems, ...literalTemplates(document, data, filled)];
}

function withSymptoms({ groups, later }: TemplateScope, { symptoms = {} }: RoleData): TemplateScope {
  return { groups: { ...groups, symptoms: Object.keys(symptoms) }, later };
}

/** A step's `path` is read before facts are known. */
function checkStep(
  check: (place: YamlPath, value: unknown, scope: TemplateScope) => readonly Problem[],
  parameters: unknown,
  scope: TemplateScope,
): readonly Problem[] {
  if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) {
    return check([], parameters, scope);
  }
  const { facts: _, ...groups } = scope.groups;
  const early = { groups, later: { ...scope.later, facts: beforeFacts } };
  const { path, ...rest } = parameters as Record<string, unknown>;
  return [...check(['path'], path, early), ...check([], rest, scope)];
}

const beforeFacts = 'this is read from the host together with its facts';

const withoutHost = 'the table of ports depends only on variables';

function scopesOf(data: PlaybookData, role: RoleData) {
  const base = {
    cluster: ['name', 'hostname', 'url', 'virtual_address', 'virtual_address_by', 'vrrp'],
    host: ['name', 'role', 'address', 'state', 'hostname', 'same_site'],
    vars: Object.keys(data.variables ?? {}),
  };
  const facts = Object.keys(role.facts ?? {});
  const recipes = role.recipes ?? [];
  const hosts = Object.keys(data.roles);
  const recipeVars = (recipe: (typeof recipes)[number]) => ['name', ...Object.keys(recipe.vars ?? {})];
  const full = (recipe: readonly string[] | undefined): TemplateScope => ({
    groups: { ...base, facts, hosts, ...(recipe === undefined ? {} : { recipe }) },
    later: {},
  });
  const any = full(recipes.length === 0 ? undefined : [...new Set(recipes.flatMap(recipeVars))]);
  return {
    /** what is known without any host */
    vars: {
      groups: { vars: base.vars },
      later: {
        cluster: withoutHost,
        host: withoutHost,
        facts: withoutHost,
        recipe: withoutHost,
        hosts: withoutHost,
      },
    },
    base: { groups: base, later: { facts: beforeFacts, recipe: beforeFacts, hosts: beforeFacts } },
    withFacts: {
      groups: { ...base, facts },
      later: { recipe: 'the recipe is chosen by this', hosts: 'the other hosts are read later' },
    },
    /** the names that all recipes of the step have in common */
    forRecipes: (names: readonly string[] | undefined) => {
      const named = recipes.filter(({ name }) => names?.includes(name));
      // Unknown recipes have already been reported.
      if (names !== undefined && named.length === 0) return any;
      const meant = (names === undefined ? recipes : named).map(recipeVars);
      const [first] = meant;
      return full(first?.filter((name) => meant.every((known) => known.includes(name))));
    },
    /**
     * a handler runs only if a step of the host's recipe requested it, so a name that any recipe has is
     * accepted
     */
    forHandlers: any,
  } satisfies Record<string, TemplateScope | ((names: readonly string[] | undefined) => TemplateScope)>;
}
