import { describeValue, quotesHint } from '../../document/found-value.ts';
import { knownNamesHint } from '../../document/nearest-name.ts';
import type { Places, YamlPath } from '../../document/yaml-document.ts';
import type { Problem } from '../../model/operator-error.ts';
import { kindOf } from '../facts/kinds.ts';
import type { PlaybookData, RoleData } from '../read/schema.ts';
import { splitSubject } from '../resolve/conditions.ts';
import { addressMovers } from '../resolve/contexts.ts';

/** The type of a condition's subject, and its possible values if they are known. */
interface Subject {
  readonly type: 'string' | 'number' | 'boolean' | undefined;
  readonly values?: readonly string[] | undefined;
}

type Subjects = ReadonlyMap<string, Subject>;

/**
 * Checks that conditions name existing things, and values that these can have. A condition that compares the
 * number 2.4 to the text '2.4' would never hold, and nobody would know why.
 */
export function checkConditions(document: Places, data: PlaybookData): readonly Problem[] {
  return Object.entries(data.roles).flatMap(([name, role]) => {
    const path = ['roles', name];
    const early = subjectsOf(data, role);
    const recipes = (role.recipes ?? []).map((recipe) => recipe.name);
    const all = new Map(early);
    if (recipes.length > 0) all.set('recipe.name', { type: 'string', values: recipes });
    return [
      ...each(document, [...path, 'recipes'], role.recipes, early),
      ...each(document, [...path, 'refuse'], role.refuse, early),
      // The order stays as it is while the stages change the host.
      ...each(document, [...path, 'stage_orders'], role.stage_orders, withoutFacts(early)),
      ...each(document, [...path, 'steps'], role.steps, all),
      ...each(document, [...path, 'handlers'], role.handlers, all),
      ...each(document, [...path, 'health'], role.health, all),
      ...each(document, [...path, 'warnings'], role.warnings, all),
      ...each(document, [...path, 'verify'], role.verify, all),
      // Asked in the look at the other host, before anything is known of this one.
      ...inCondition(document, [...path, 'asked', 'when'], role.asked?.when, withoutFacts(early)),
      // Firewalls are set up before anybody has looked at a host.
      ...each(document, [...path, 'ports'], role.ports, variablesOf(early)),
      // Asked beside the look at the hosts.
      ...each(document, [...path, 'server_lists'], role.server_lists, withoutFacts(early)),
      ...Object.entries(role.guards ?? {}).flatMap(([id, { when, drain }]) => [
        ...inCondition(document, [...path, 'guards', id, 'when'], when, all),
        ...each(document, [...path, 'guards', id, 'drain', 'polls'], drain?.polls, withoutFacts(early)),
      ]),
      ...inCondition(document, [...path, 'hand_over', 'when'], role.hand_over?.when, withoutFacts(early)),
      ...troubleConditions(document, [...path, 'troubles'], role, all),
    ];
  });
}

function subjectsOf(data: PlaybookData, role: RoleData): Subjects {
  const subjects = new Map<string, Subject>([
    ['host.name', { type: 'string' }],
    ['host.state', { type: 'string', values: ['active', 'off', 'retired'] }],
    ['host.same_site', { type: 'boolean' }],
    ['cluster.virtual_address_by', { type: 'string', values: addressMovers }],
  ]);
  for (const [name, variable] of Object.entries(data.variables ?? {})) {
    const { type } = variable;
    const isNumber = type === 'integer' || type === 'number' || type === 'port';
    const plain = isNumber ? 'number' : type === 'boolean' ? 'boolean' : 'string';
    // A list whose items are known has one of them.
    const isCompound = type === 'map' || (type === 'list' && variable.values === undefined);
    subjects.set(`vars.${name}`, { type: isCompound ? undefined : plain, values: variable.values });
  }
  for (const [name, fact] of Object.entries(role.facts ?? {})) {
    subjects.set(`facts.${name}`, { type: kindOf(fact).answers });
  }
  return subjects;
}

type ConditionData = RoleData['steps'][number]['when'];

function each(
  document: Places,
  path: YamlPath,
  holders: readonly { readonly when?: ConditionData }[] | undefined,
  subjects: Subjects,
): readonly Problem[] {
  return (holders ?? []).flatMap(({ when }, index) =>
    inCondition(document, [...path, index, 'when'], when, subjects),
  );
}

/** Those of troubles may compare with what a template becomes, and with symptoms. */
function troubleConditions(
  document: Places,
  path: YamlPath,
  { troubles = [], symptoms = {} }: RoleData,
  known: Subjects,
): readonly Problem[] {
  const subjects = new Map(known);
  for (const [name, symptom] of Object.entries(symptoms))
    subjects.set(`symptoms.${name}`, { type: kindOf(symptom).answers });
  return troubles.flatMap(({ when, shows, unless, note }, index) => [
    ...Object.entries({ when, shows, unless }).flatMap(([key, condition]) =>
      inCondition(document, [...path, index, key], condition, subjects),
    ),
    ...inCondition(document, [...path, index, 'note', 'when'], note?.when, subjects),
  ]);
}

function inCondition(
  document: Places,
  path: YamlPath,
  condition: ConditionData,
  subjects: Subjects,
): readonly Problem[] {
  return Object.entries(condition ?? {}).flatMap(([name, value]) => {
    const place = [...path, name];
    const subject = subjects.get(name);
    if (subject === undefined) return [unknownSubject(document, place, name, subjects)];
    const values = Array.isArray(value) ? value : [value];
    return values.flatMap((item, position) => {
      const at = Array.isArray(value) ? [...place, position] : place;
      const found = valueMistake(name, subject, item, document.plain(at));
      if (found === undefined) return [];
      return [document.problem(at, { code: 'invalid-condition', ...found })];
    });
  });
}

function withoutFacts(subjects: Subjects): Subjects {
  return new Map([...subjects].filter(([name]) => !name.startsWith('facts.')));
}

function variablesOf(subjects: Subjects): Subjects {
  return new Map([...subjects].filter(([name]) => name.startsWith('vars.')));
}

function unknownSubject(document: Places, place: YamlPath, name: string, subjects: Subjects): Problem {
  const [group] = splitSubject(name);
  const same = [...subjects.keys()].filter((known) => known.startsWith(`${group}.`));
  return document.problem(place, {
    part: 'key',
    code: 'invalid-condition',
    message: `there is no ${name} to compare`,
    next: knownNamesHint(name, same.length > 0 ? same : subjects.keys()),
  });
}

function valueMistake(
  name: string,
  { type, values }: Subject,
  value: unknown,
  plain: string | undefined,
): { message: string; next: string } | undefined {
  if (type === undefined) {
    return {
      message: `${name} is a map, or a list without \`values\`, which can't be compared`,
      next: 'remove the condition, or say with `values` which items the list may have',
    };
  }
  if (typeof value !== type) {
    const words = { string: 'text', number: 'a number', boolean: 'true or false' };
    return {
      message: `${name} is ${words[type]}; found ${describeValue(value, plain)}, to which it is never equal`,
      next: (type === 'string' ? quotesHint(value, plain) : undefined) ?? `write ${words[type]}`,
    };
  }
  if (values === undefined || values.includes(String(value))) return undefined;
  return {
    message: `${name} is never ${describeValue(value, plain)}`,
    next: knownNamesHint(String(value), values),
  };
}
