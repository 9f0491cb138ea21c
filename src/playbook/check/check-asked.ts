import { knownNamesHint } from '../../document/nearest-name.ts';
import type { Places, YamlPath } from '../../document/yaml-document.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { PlaybookData, RoleData } from '../read/schema.ts';

/** Kinds of checks that a look at the host answers by asking something there. */
const answeredByLooks = [
  'haproxy-servers',
  'haproxy-agents',
  'agent',
  'rtmp-servers',
  'command',
  'session-ids',
] as const;
/** Those that it answers by the host's files alone, which are known as the plan leaves them. */
const answeredByFiles = ['nginx-passes', 'nginx-headers'] as const;

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
  const answeredBy = (kinds: readonly (typeof answeredByLooks | typeof answeredByFiles)[number][]) =>
    (role.verify ?? []).flatMap(({ id, ...check }) =>
      kinds.some((kind) => check[kind] !== undefined) ? [id] : [],
    );
  const faults = answeredBy([...answeredByLooks, ...answeredByFiles]);
  const warnings = answeredBy(answeredByFiles);
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
    ...(role.every_look ?? []).flatMap((entry, index) => {
      const isFault = typeof entry === 'string';
      const [id, known] = isFault ? [entry, faults] : [entry.warning, warnings];
      if (known.includes(id)) return [];
      const how = isFault
        ? 'a look at the host answers'
        : "a look at the host answers by the host's files alone";
      return [
        document.problem([...path, 'every_look', index, ...(isFault ? [] : ['warning'])], {
          code: 'unknown-check',
          message: `the role's \`verify\` has no check ${id} that ${how}`,
          next: knownNamesHint(id, known),
        }),
      ];
    }),
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
