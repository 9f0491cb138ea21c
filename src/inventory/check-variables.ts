import { valueAt } from '../document/found-value.ts';
import { knownNamesHint } from '../document/nearest-name.ts';
import type { YamlDocument, YamlPath } from '../document/yaml-document.ts';
import type { Problem } from '../model/operator-error.ts';
import type { Playbook } from '../model/playbook.ts';
import { type HostEntry, mapOf } from './host-entries.ts';
import { variableMistake } from './variables.ts';

/** Check the inventory's values against the variables that the playbook declares. */
export function checkVariables(
  document: YamlDocument,
  playbook: Playbook,
  hosts: readonly HostEntry[],
): readonly Problem[] {
  return [
    ...checkValues(document, playbook, [], { isHost: false }),
    ...hosts.flatMap(({ path }) => checkValues(document, playbook, path, { isHost: true })),
    ...checkMissing(document, playbook, hosts),
  ];
}

function checkValues(
  document: YamlDocument,
  playbook: Playbook,
  holder: YamlPath,
  { isHost }: { isHost: boolean },
): readonly Problem[] {
  return Object.entries(mapOf(valueAt(document.value, [...holder, 'vars']))).flatMap(([name, value]) => {
    const path = [...holder, 'vars', name];
    const variable = Object.hasOwn(playbook.variables, name) ? playbook.variables[name] : undefined;
    if (variable === undefined) {
      const message = `the playbook ${playbook.name} has no variable ${name}`;
      const next = knownNamesHint(name, Object.keys(playbook.variables));
      return [document.problem(path, { part: 'key', code: 'unknown-variable', message, next })];
    }
    if (isHost && !variable.perHost) {
      return [
        document.problem(path, {
          part: 'key',
          code: 'variable-not-per-host',
          message: `the variable ${name} applies to the whole cluster; it can't be set on a host`,
          next: 'move it to the vars at the top',
        }),
      ];
    }
    const found = variableMistake(variable, value, document.plain(path));
    if (found === undefined) return [];
    const { code, message, next } = found;
    return [document.problem(path, { code, message: `variable ${name}: ${message}`, next })];
  });
}

/** A variable without a default needs a value in the inventory, or on every host. */
function checkMissing(
  document: YamlDocument,
  playbook: Playbook,
  hosts: readonly HostEntry[],
): readonly Problem[] {
  return Object.entries(playbook.variables).flatMap(([name, variable]) => {
    if (variable.default !== undefined) return [];
    if (valueAt(document.value, ['vars', name]) !== undefined) return [];
    const without = hosts.filter(({ data }) => valueAt(data, ['vars', name]) === undefined);
    if (without.length === 0 && hosts.length > 0) return [];
    const next = `add ${name}: … (${variable.type}): ${variable.description}`;
    if (!variable.perHost || without.length === hosts.length) {
      const message = `the variable ${name} has no default and no value`;
      return [document.problem(['vars', name], { code: 'missing-variable', message, next })];
    }
    return without.map(({ path }) =>
      document.problem(path, {
        code: 'missing-variable',
        message: `the variable ${name} has no value on this host`,
        next,
      }),
    );
  });
}
