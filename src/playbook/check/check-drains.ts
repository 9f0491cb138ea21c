import { knownNamesHint } from '../../document/nearest-name.ts';
import type { Places, YamlPath } from '../../document/yaml-document.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { PlaybookData, RoleData } from '../read/schema.ts';

/**
 * A program that keeps people away runs on the hosts of a role. Handlers while which a balancer hears nothing
 * of a host must exist, and ask who is there.
 */
export function checkDrains(
  document: Places,
  path: YamlPath,
  { guards = {}, handlers = [] }: RoleData,
  roles: PlaybookData['roles'],
): readonly Problem[] {
  const names = Object.keys(roles);
  const ids = handlers.map(({ id }) => id);
  return Object.entries(guards).flatMap(([guard, { drain }]) => {
    if (drain === undefined) return [];
    const place = [...path, 'guards', guard, 'drain'];
    const named = (drain.polls ?? []).flatMap(({ silent }, index) =>
      silent.map((id, number) => ({ id, at: [...place, 'polls', index, 'silent', number] })),
    );
    return [
      ...(names.includes(drain.on)
        ? []
        : [
            document.problem([...place, 'on'], {
              code: 'unknown-role',
              message: `the playbook has no role ${drain.on}`,
              next: knownNamesHint(drain.on, names),
            }),
          ]),
      ...named.flatMap(({ id, at }) => {
        if (!ids.includes(id)) return noHandler(document, at, id, ids);
        if (handlers.find((one) => one.id === id)?.guards?.includes(guard)) return [];
        return document.problem(at, {
          code: 'wrong-value',
          message: `the handler ${id} doesn't ask the guard ${guard}, so nobody knows who is there while the host is silent`,
          next: `add ${guard} to the guards of ${id}`,
        });
      }),
    ];
  });
}

/** Handlers before which something is handed over must exist. */
export function checkHandOver(
  document: Places,
  path: YamlPath,
  { hand_over: handOver, handlers = [] }: RoleData,
): readonly Problem[] {
  const ids = handlers.map(({ id }) => id);
  return (handOver?.handlers ?? []).flatMap((id, index) =>
    ids.includes(id) ? [] : [noHandler(document, [...path, 'hand_over', 'handlers', index], id, ids)],
  );
}

function noHandler(document: Places, at: YamlPath, id: string, ids: readonly string[]): Problem {
  return document.problem(at, {
    code: 'unknown-handler',
    message: `the role has no handler ${id}`,
    next: knownNamesHint(id, ids),
  });
}
