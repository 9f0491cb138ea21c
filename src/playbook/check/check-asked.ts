import { knownNamesHint } from '../../document/nearest-name.ts';
import type { Places, YamlPath } from '../../document/yaml-document.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { PlaybookData, RoleData } from '../read/schema.ts';

/**
 * Checks what a role is `asked` by another one: that the other role exists, that what is asked are questions
 * over HTTP of `verify`, and that a handler waits only for a role that is asked through its own.
 */
export function checkAsked(
  document: Places,
  path: YamlPath,
  role: RoleData,
  roles: PlaybookData['roles'],
): readonly Problem[] {
  const names = Object.keys(roles);
  const asking = names.filter((name) => roles[name]?.asked?.by === path.at(-1));
  const questions = (role.verify ?? []).flatMap(({ id, http }) => (http === undefined ? [] : [id]));
  const { by, checks = [] } = role.asked ?? {};
  return [
    ...(by === undefined || names.includes(by)
      ? []
      : [
          document.problem([...path, 'asked', 'by'], {
            code: 'unknown-role',
            message: `${by} is not a role of this playbook`,
            next: knownNamesHint(by, names),
          }),
        ]),
    ...checks.flatMap((id, index) =>
      questions.includes(id)
        ? []
        : [
            document.problem([...path, 'asked', 'checks', index], {
              code: 'unknown-check',
              message: `the role's \`verify\` has no check ${id} that asks over HTTP`,
              next: knownNamesHint(id, questions),
            }),
          ],
    ),
    ...(role.handlers ?? []).flatMap(({ ready = [] }, handler) =>
      ready.flatMap((check, index) => {
        if (typeof check === 'string' || check.through === undefined || asking.includes(check.through))
          return [];
        return [
          document.problem([...path, 'handlers', handler, 'ready', index, 'through'], {
            code: 'unknown-role',
            message: `no role ${check.through} is asked by ${String(path.at(-1))}`,
            next: knownNamesHint(check.through, asking),
          }),
        ];
      }),
    ),
  ];
}
