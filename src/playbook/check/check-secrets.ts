import type { Places, YamlPath } from '../../document/yaml-document.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { PlaybookData, RoleData } from '../read/schema.ts';
import { TemplateError, variablesOf } from '../resolve/templates.ts';

/** Whether a template's variable is a secret, or contains one. */
type IsSecret = (variable: string) => boolean;

/**
 * Checks that secrets are used only in the content of files. Anybody on a host can read the arguments and
 * environments of processes (proc(5)), `systemctl show` shows the contents of units to everybody
 * (systemd.exec(5), "Environment="), paths and reasons are shown, and a condition would reveal the secret.
 */
export function checkSecrets(document: Places, data: PlaybookData): readonly Problem[] {
  const names = Object.entries(data.variables ?? {}).flatMap(([name, { type }]) =>
    type === 'secret' ? [name] : [],
  );
  if (names.length === 0) return [];
  const isSecret = secretAmong(names);
  return Object.entries(data.roles).flatMap(([name, role]) => {
    const path = ['roles', name];
    const refuse = (place: YamlPath, value: unknown, where: string) =>
      secretsWithin(value, isSecret).map(({ at, part, variable }) =>
        refusal(document, { path: [...path, ...place, ...at], part, variable, where }),
      );
    return [
      ...refuse(['unknown'], role.unknown, 'a message'),
      ...(role.recipes ?? []).flatMap(({ reason, vars }, index) => [
        ...refuse(['recipes', index, 'reason'], reason, 'a reason, which is shown in plans'),
        ...refuse(['recipes', index, 'vars'], vars, "a recipe's variable, which can be used anywhere"),
      ]),
      ...role.steps.flatMap((step, index) => checkStep(step, ['steps', index], refuse)),
      ...(role.handlers ?? []).flatMap(({ when: _when, ...texts }, index) =>
        refuse(
          ['handlers', index],
          texts,
          'a handler: its commands and questions are arguments of processes',
        ),
      ),
      ...refuse(['guards'], role.guards, 'a guard: its questions are arguments of processes'),
      ...refuse(['hand_over', 'address'], role.hand_over?.address, 'an address that a host has'),
      ...refuse(
        ['hand_over', 'args'],
        role.hand_over?.args,
        'a hand-over: its arguments are those of a process',
      ),
      ...(role.verify ?? []).flatMap(({ when: _when, ...texts }, index) =>
        refuse(['verify', index], texts, 'a check from outside, which is shown'),
      ),
      ...refuse(['symptoms'], role.symptoms, 'a symptom: its questions are arguments of processes'),
      ...refuse(['troubles'], role.troubles, 'a trouble, which is shown'),
      ...refuse(
        ['server_lists'],
        role.server_lists,
        'an address, which is shown: `secret` names its variable',
      ),
      ...refuse(['health'], role.health, 'a health check: its questions are arguments of processes'),
      ...refuse(
        ['refuse'],
        (role.refuse ?? []).map(({ text, next }) => ({ text, next })),
        'a message',
      ),
      ...(role.warnings ?? []).flatMap(({ text }, index) =>
        refuse(['warnings', index, 'text'], text, 'a warning'),
      ),
      ...refuse(['units'], role.units, 'the name of a unit'),
      ...conditions(role).flatMap(([place, subject]) =>
        isSecret(subject)
          ? [
              refusal(document, {
                path: [...path, ...place],
                part: 'key',
                variable: subject,
                where: 'a condition',
              }),
            ]
          : [],
      ),
    ];
  });
}

function checkStep(
  step: RoleData['steps'][number],
  place: YamlPath,
  refuse: (place: YamlPath, value: unknown, where: string) => readonly Problem[],
): readonly Problem[] {
  const { id: _id, recipes: _recipes, when: _when, notify: _notify, folder_of: _folderOf, ...modules } = step;
  return Object.entries(modules).flatMap(([module, parameters]) => {
    const at = [...place, module];
    if (module === 'systemd-dropin') {
      return refuse(
        at,
        parameters,
        'a unit, which `systemctl show` shows to everybody on the host: use EnvironmentFile=',
      );
    }
    if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) return [];
    const { path, link, user, group, ...rest } = parameters as Readonly<Record<string, unknown>>;
    const places = Object.entries({ path, link, user, group }).flatMap(([key, value]) =>
      refuse([...at, key], value, key === 'path' || key === 'link' ? 'a path' : 'the name of an account'),
    );
    return [...places, ...refuse(at, keysOf(rest), 'the name of a key')];
  });
}

/** The value reduced to its keys. */
function keysOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Array.isArray(value)
    ? value.map(keysOf)
    : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, keysOf(item)]));
}

function conditions(role: RoleData): readonly (readonly [YamlPath, string])[] {
  const of = (kind: 'recipes' | 'refuse' | 'steps' | 'handlers' | 'warnings' | 'verify') =>
    (role[kind] ?? []).flatMap(({ when }, index) =>
      Object.keys(when ?? {}).map((subject) => [[kind, index, 'when', subject], subject] as const),
    );
  return [
    ...of('recipes'),
    ...of('refuse'),
    ...of('steps'),
    ...of('handlers'),
    ...of('warnings'),
    ...of('verify'),
  ];
}

interface FoundSecret {
  readonly at: YamlPath;
  readonly part: 'key' | 'value';
  readonly variable: string;
}

function secretsWithin(value: unknown, isSecret: IsSecret): readonly FoundSecret[] {
  const inText = (text: string, part: 'key' | 'value', at: YamlPath) =>
    variables(text)
      .filter(isSecret)
      .map((variable) => ({ at, part, variable }));
  if (typeof value === 'string') return inText(value, 'value', []);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const at = [Array.isArray(value) ? Number(key) : key];
    return [
      ...inText(key, 'key', at),
      ...secretsWithin(item, isSecret).map((found) => ({ ...found, at: [...at, ...found.at] })),
    ];
  });
}

/** Malformed templates are reported elsewhere. */
function variables(text: string): readonly string[] {
  try {
    return variablesOf(text);
  } catch (error) {
    if (error instanceof TemplateError) return [];
    throw error;
  }
}

/** Matches `vars.NAME`, including that of another host (`hosts.node[0].vars.NAME`), and `vars` as a whole. */
function secretAmong(names: readonly string[]): IsSecret {
  return (variable) => {
    const parts = variable.split(/[.[\]]+/);
    const group = parts.indexOf('vars');
    const name = parts[group + 1];
    return group !== -1 && (name === undefined || name === '' || names.includes(name));
  };
}

function refusal(
  document: Places,
  { path, part, variable, where }: { path: YamlPath; part: 'key' | 'value'; variable: string; where: string },
): Problem {
  return document.problem(path, {
    part,
    code: 'secret-in-command',
    message: `${variable} is a secret, which can't be used in ${where}`,
    next: 'use secrets only in the content of files: let a step write it into a file that the program reads',
  });
}
