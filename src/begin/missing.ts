import type { Problem } from '../model/operator-error.ts';
import type { Role } from '../model/playbook.ts';
import { type DraftHost, type NamedHost, placeOf } from './draft.ts';
import { entryForm } from './entry.ts';

/** What an inventory can't do without, and which option says it. */
export interface Wanted {
  readonly playbook?: string | undefined;
  readonly hostname?: string | undefined;
  readonly external: readonly string[];
  readonly hosts: readonly NamedHost[];
}

/** What nobody has said yet; `roles`: those of the playbook, undefined where that isn't known either. */
export function missing(
  { playbook, hostname, external, hosts }: Wanted,
  roles: readonly Role[] | undefined,
): readonly Problem[] {
  return [
    ...(playbook === undefined
      ? [problem("which product the nodes have isn't known", '--playbook, such as --playbook bigbluebutton')]
      : []),
    ...(hostname === undefined
      ? [
          problem(
            "the DNS name that browsers see isn't known",
            '--hostname, such as --hostname bbb.example.com',
          ),
        ]
      : []),
    ...(roles ?? []).flatMap(({ name, description, hosts: { minimum }, external: mayBe }) => {
      const number = hosts.filter(({ role }) => role === name).length;
      if (number >= minimum || external.includes(name)) return [];
      const orExternal = mayBe ? `, or --${name} external if somebody else runs it` : '';
      return [problem(`no ${name} is named: ${description}`, `--${name} ${entryForm}${orExternal}`)];
    }),
  ];
}

/** Hosts whose public name is needed and isn't known. */
export function withoutHostname(hosts: readonly DraftHost[], roles: readonly Role[]): readonly Problem[] {
  return hosts
    .filter(({ role, hostname }) => {
      return hostname === undefined && roles.find(({ name }) => name === role)?.hostname === 'required';
    })
    .map((host) =>
      problem(
        `the public DNS name of ${placeOf(host)} isn't known`,
        `--${host.role} ${host.name}.example.com=${placeOf(host)}, with its own name`,
      ),
    );
}

/** What can't be in an inventory of this playbook. */
export function misplaced(
  { external, hosts }: Pick<Wanted, 'external' | 'hosts'>,
  { name: playbook, roles }: { readonly name: string; readonly roles: readonly Role[] },
): readonly Problem[] {
  const given = [...new Set([...external, ...hosts.map(({ role }) => role)])];
  return given.flatMap((name): Problem[] => {
    const role = roles.find((one) => one.name === name);
    if (role === undefined) {
      const known = roles.map((one) => `--${one.name}`).join(', ');
      return [
        { code: 'usage', message: `${playbook} has no ${name}`, next: `its hosts are named by ${known}` },
      ];
    }
    return external.includes(name) && !role.external
      ? [
          {
            code: 'usage',
            message: `${playbook} has to reach its ${name}`,
            next: `name it: --${name} ${entryForm}`,
          },
        ]
      : [];
  });
}

function problem(message: string, option: string): Problem {
  return { code: 'init-incomplete', message, next: `give ${option}; on a terminal, init asks for it` };
}
