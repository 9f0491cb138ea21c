import { isDeepStrictEqual } from 'node:util';
import { knownNamesHint } from '../../document/nearest-name.ts';
import type { Places, YamlPath } from '../../document/yaml-document.ts';
import { variableMistake } from '../../inventory/variables.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { Variable } from '../../model/playbook.ts';
import { kindOf } from '../facts/kinds.ts';
import { listOf } from '../read/build-parts.ts';
import { portUsers } from '../read/port-schema.ts';
import type { PlaybookData, RoleData } from '../read/schema.ts';
import { checkAsked } from './check-asked.ts';
import { checkConditions } from './check-conditions.ts';
import { checkDrains, checkHandOver } from './check-drains.ts';
import { hasTemplateWithin } from './check-parameters.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkServerLists } from './check-server-lists.ts';
import { checkTemplates } from './check-templates.ts';

/**
 * Checks what a playbook's schema can't express: names that refer to nothing, duplicate ids, patterns,
 * defaults, conditions and templates.
 */
export function checkMeaning(document: Places, data: PlaybookData): readonly Problem[] {
  return [
    ...checkVariables(document, data),
    ...Object.entries(data.roles).flatMap(([name, role]) => [
      ...checkNames(document, ['roles', name], role),
      ...checkStages(document, ['roles', name], role),
      ...checkPorts(document, ['roles', name], role, Object.keys(data.roles)),
      ...checkFacts(document, ['roles', name], role),
      ...checkAsked(document, ['roles', name], role, data.roles),
      ...checkDrains(document, ['roles', name], role, data.roles),
      ...checkHandOver(document, ['roles', name], role),
      ...checkServerLists(document, ['roles', name], role, data.variables),
    ]),
    ...checkConditions(document, data),
    ...checkTemplates(document, data),
    ...checkSecrets(document, data),
  ];
}

/** An empty default of these types says that there need not be one. */
const optional: ReadonlySet<string> = new Set(['secret', 'url']);

function checkVariables(document: Places, data: PlaybookData): readonly Problem[] {
  return Object.entries(data.variables ?? {}).flatMap(([name, declared]) => {
    const path = ['variables', name];
    const mayHaveValues = declared.type === 'enum' || declared.type === 'list';
    if (declared.values === undefined ? declared.type === 'enum' : !mayHaveValues) {
      const message =
        declared.type === 'enum'
          ? 'an enum needs values'
          : `only an enum and a list have values; the type here is ${declared.type}`;
      const next = declared.type === 'enum' ? 'add values: [ … ]' : 'remove values, or write type: enum';
      return [document.problem(path, { part: 'key', code: 'wrong-value', message, next })];
    }
    if (declared.default === undefined) return [];
    if (declared.default === '' && optional.has(declared.type)) return [];
    const place = [...path, 'default'];
    if (hasTemplateWithin(declared.default)) {
      const message = "a default can't hold a template";
      const next = 'use cluster, host and facts in the steps instead';
      return [document.problem(place, { code: 'invalid-template', message, next })];
    }
    if (declared.type === 'secret') {
      const message = "a secret can't have a default: anyone who has the playbook would know it";
      const next = "remove it, or write default: '' if the secret is optional";
      return [document.problem(place, { code: 'wrong-value', message, next })];
    }
    const variable: Variable = {
      type: declared.type,
      values: declared.values ?? [],
      default: undefined,
      perHost: true,
      description: declared.description,
    };
    const found = variableMistake(variable, declared.default, document.plain(place));
    return found === undefined ? [] : [document.problem(place, found)];
  });
}

function checkNames(document: Places, path: YamlPath, role: RoleData): readonly Problem[] {
  const recipes = (role.recipes ?? []).map(({ name }) => name);
  const handlers = (role.handlers ?? []).map(({ id }) => id);
  const guards = Object.keys(role.guards ?? {});
  const meetings = (role.verify ?? []).flatMap(({ id, meeting }) => (meeting === undefined ? [] : [id]));
  const known = (place: YamlPath, name: string, among: { kind: string; names: readonly string[] }) =>
    among.names.includes(name)
      ? []
      : [
          document.problem(place, {
            code: `unknown-${among.kind}`,
            message: `the role has no ${among.kind} ${name}`,
            next: knownNamesHint(name, among.names),
          }),
        ];
  return [
    ...twice(document, [...path, 'recipes'], 'name', recipes),
    ...twice(
      document,
      [...path, 'steps'],
      'id',
      role.steps.map(({ id }) => id),
    ),
    ...twice(document, [...path, 'handlers'], 'id', handlers),
    ...twice(
      document,
      [...path, 'verify'],
      'id',
      (role.verify ?? []).map(({ id }) => id),
    ),
    ...twice(
      document,
      [...path, 'troubles'],
      'id',
      (role.troubles ?? []).map(({ id }) => id),
    ),
    ...twice(
      document,
      [...path, 'server_lists'],
      'id',
      (role.server_lists ?? []).map(({ id }) => id),
    ),
    ...(role.troubles ?? []).flatMap(({ recipes: named = [] }, index) =>
      named.flatMap((name, item) =>
        known([...path, 'troubles', index, 'recipes', item], name, { kind: 'recipe', names: recipes }),
      ),
    ),
    ...(role.verify ?? []).flatMap((check, index) => [
      ...(check.recipes ?? []).flatMap((name, item) =>
        known([...path, 'verify', index, 'recipes', item], name, { kind: 'recipe', names: recipes }),
      ),
      ...listOf(check.during).flatMap((id) =>
        known([...path, 'verify', index, 'during'], id, { kind: 'meeting', names: meetings }),
      ),
    ]),
    ...role.steps.flatMap((step, index) => [
      ...(step.recipes ?? []).flatMap((name, item) =>
        known([...path, 'steps', index, 'recipes', item], name, { kind: 'recipe', names: recipes }),
      ),
      ...listOf(step.notify).flatMap((id, item) =>
        known([...path, 'steps', index, 'notify', ...(Array.isArray(step.notify) ? [item] : [])], id, {
          kind: 'handler',
          names: handlers,
        }),
      ),
    ]),
    ...(role.handlers ?? []).flatMap((handler, index) =>
      (handler.guards ?? []).flatMap((id, item) =>
        known([...path, 'handlers', index, 'guards', item], id, { kind: 'guard', names: guards }),
      ),
    ),
  ];
}

function twice(document: Places, path: YamlPath, key: string, names: readonly string[]): readonly Problem[] {
  return names.flatMap((name, index) => {
    const first = names.indexOf(name);
    if (first === index) return [];
    const { line } = document.location([...path, first, key]);
    return [
      document.problem([...path, index, key], {
        code: 'duplicate-id',
        message: `${name} appears twice in ${String(path.at(-1))}; the first is on line ${line}`,
        next: 'give each its own name',
      }),
    ];
  });
}

/** Checks that each port is for an existing role or a known group of users. */
function checkPorts(
  document: Places,
  path: YamlPath,
  role: RoleData,
  roles: readonly string[],
): readonly Problem[] {
  const known = [...portUsers, ...roles];
  return (role.ports ?? []).flatMap(({ from }, index) =>
    listOf(from).flatMap((name, item) => {
      if (known.includes(name)) return [];
      const place = [...path, 'ports', index, 'from', ...(Array.isArray(from) ? [item] : [])];
      const message = `a port is for ${name}, which is not a role of this playbook`;
      return [document.problem(place, { code: 'unknown-role', message, next: knownNamesHint(name, known) })];
    }),
  );
}

/**
 * If a role has stages, each of its steps must name one, unless the role says which one is meant: a step
 * without a stage could run too early or too late.
 */
function checkStages(document: Places, path: YamlPath, role: RoleData): readonly Problem[] {
  const { stages, usual_stage: usual } = role;
  return [
    ...(usual === undefined || stages?.includes(usual)
      ? []
      : [document.problem([...path, 'usual_stage'], unknownStage(usual, stages))]),
    ...(stages ?? []).flatMap((name, index) =>
      stages?.indexOf(name) === index
        ? []
        : [
            document.problem([...path, 'stages', index], {
              code: 'duplicate-id',
              message: `the stage ${name} appears twice`,
              next: 'give each its own name',
            }),
          ],
    ),
    ...(role.stage_orders ?? []).flatMap(({ stages: order }, index) =>
      isSameSet(order, stages ?? [])
        ? []
        : [
            document.problem([...path, 'stage_orders', index, 'stages'], {
              code: 'unknown-stage',
              message: 'this order has not the same stages as the role',
              next:
                stages === undefined
                  ? 'add stages to the role, or remove stage_orders'
                  : `name each of ${stages.join(', ')} once`,
            }),
          ],
    ),
    ...role.steps.flatMap(({ id, stage }, index) => {
      const place = [...path, 'steps', index];
      if (stage === undefined) {
        if (stages === undefined || usual !== undefined) return [];
        const message = `the step ${id} doesn't name its stage`;
        const next = `add stage: one of ${stages.join(', ')}`;
        return [document.problem([...place, 'id'], { code: 'unknown-stage', message, next })];
      }
      if (stages?.includes(stage)) return [];
      return [document.problem([...place, 'stage'], unknownStage(stage, stages))];
    }),
  ];
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return isDeepStrictEqual([...one].sort(), [...other].sort());
}

function unknownStage(stage: string, stages: readonly string[] | undefined) {
  const message = stages === undefined ? 'the role has no stages' : `the role has no stage ${stage}`;
  const next =
    stages === undefined
      ? `add stages: [… ${stage} …] to the role, or remove the stage here`
      : knownNamesHint(stage, stages);
  return { code: 'unknown-stage', message, next };
}

function checkFacts(document: Places, path: YamlPath, role: RoleData): readonly Problem[] {
  return (['facts', 'introduction', 'symptoms'] as const).flatMap((kind) =>
    Object.entries(role[kind] ?? {}).flatMap(([name, fact]) => {
      if (fact === undefined) return [];
      const mistake = kindOf(fact).mistake?.(fact);
      if (mistake === undefined) return [];
      const { key, ...words } = mistake;
      return [document.problem([...path, kind, name, key], { code: 'invalid-pattern', ...words })];
    }),
  );
}
