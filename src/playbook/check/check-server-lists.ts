import { knownNamesHint } from '../../document/nearest-name.ts';
import type { Places, YamlPath } from '../../document/yaml-document.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { PlaybookData, RoleData } from '../read/schema.ts';

/** Checks that each server list of a role is read by a secret of the whole cluster. */
export function checkServerLists(
  document: Places,
  path: YamlPath,
  { server_lists: lists = [] }: RoleData,
  variables: PlaybookData['variables'] = {},
): readonly Problem[] {
  return lists.flatMap(({ secret }, index) => {
    const place = [...path, 'server_lists', index, 'secret'];
    const variable = Object.hasOwn(variables, secret) ? variables[secret] : undefined;
    if (variable?.type === 'secret' && variable.perHost === false) return [];
    if (variable !== undefined) {
      const message = `${secret} can't be the secret of a server list, which is one for the whole cluster`;
      const next = `declare it with "type: secret" and "perHost: false"`;
      return [document.problem(place, { code: 'wrong-value', message, next })];
    }
    const names = Object.entries(variables).flatMap(([name, { type }]) => (type === 'secret' ? [name] : []));
    const message = `the playbook declares no variable ${secret}`;
    return [
      document.problem(place, {
        code: 'unknown-variable',
        message,
        next: names.length === 0 ? 'declare it below `variables:`' : knownNamesHint(secret, names),
      }),
    ];
  });
}
