import { knownNamesHint } from '../../document/nearest-name.ts';
import type { Places, YamlPath } from '../../document/yaml-document.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { PlaybookData, RoleData } from '../read/schema.ts';

/** Kinds of checks that a look at the host answers; those of nginx read a configuration as a whole. */
const answeredByLooks = [
  'haproxy-servers',
  'haproxy-agents',
  'agent',
  'rtmp-servers',
  'command',
  'session-ids',
] as const;

/**
 * Checks what a role is `asked` by another one: that the other role exists, that what is asked are questions
 * over HTTP of `verify`, and that a handler waits only for a role that is asked through its own. Likewise,
 * that a look can answer what `every_look` names.
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
  const answered = (role.verify ?? []).flatMap(({ id, ...check }) =>
    answeredByLooks.some((kind) => check[kind] !== undefined) ? [id] : [],
  );
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
    ...(role.every_look ?? []).flatMap((id, index) =>
      answered.includes(id)
        ? []
        : [
            document.problem([...path, 'every_look', index], {
              code: 'unknown-check',
              message: `the role's \`verify\` has no check ${id} that a look at the host answers`,
              next: knownNamesHint(id, answered),
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
