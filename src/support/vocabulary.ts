import type { Value } from '../formats/keyed-format.ts';
import type { Playbook, Role } from '../model/playbook.ts';

/**
 * The words of the playbooks that come with the program. Whatever isn't among them may tell whose cluster it
 * is: an operator's own playbook can have a school's name in a step's id.
 */
export interface Vocabulary {
  /** names of playbooks */
  readonly playbooks: ReadonlySet<string>;
  /** ids and names: roles, recipes, steps, handlers, guards, checks, facts, variables, units, packages */
  readonly names: ReadonlySet<string>;
  readonly facts: ReadonlySet<string>;
  /** what variables can be that have a list of values */
  readonly values: ReadonlySet<string>;
  /** keys and values that steps write, as far as they stand in a playbook */
  readonly keys: ReadonlySet<string>;
  /** parts of paths, between their slashes */
  readonly segments: ReadonlySet<string>;
  /** whole sentences, such as warnings */
  readonly sentences: ReadonlySet<string>;
}

/** `paths` are further ones that come with the program: those in its samples of hosts. */
export function vocabularyOf(playbooks: readonly Playbook[], paths: readonly string[] = []): Vocabulary {
  const roles = playbooks.flatMap((playbook) => playbook.roles);
  const literals = [...new Set(roles.flatMap(literalsOf))];
  return {
    playbooks: new Set(playbooks.map(({ name }) => name)),
    names: new Set([
      ...playbooks.flatMap(({ variables, crossChecks }) => [...Object.keys(variables), ...crossChecks]),
      ...roles.flatMap(namesOf),
      ...literals,
      ...systemPackages,
      'rollback',
    ]),
    facts: new Set(roles.flatMap(({ facts }) => Object.keys(facts))),
    values: new Set(
      playbooks.flatMap(({ variables }) => Object.values(variables).flatMap(({ values }) => values)),
    ),
    keys: new Set(literals),
    segments: new Set([...systemFolders, ...literals, ...[...literals, ...paths].flatMap(segmentsOf)]),
    sentences: new Set(roles.flatMap(({ warnings }) => warnings.map(({ text }) => text)).filter(isLiteral)),
  };
}

/** Those of which step modules ask for the version. */
const systemPackages = ['nginx', 'haproxy', 'caddy', 'certbot', 'xinetd', 'curl'];

/** Parts of paths that every host has, and the files of nginx and systemd. */
const systemFolders = [
  ...[
    'etc',
    'usr',
    'var',
    'lib',
    'lib64',
    'share',
    'local',
    'sbin',
    'bin',
    'opt',
    'run',
    'srv',
    'cache',
    'log',
  ],
  ...['systemd', 'system', 'default', 'nginx', 'conf.d', 'sites-available', 'sites-enabled', 'snippets'],
  ...[
    'modules-enabled',
    'modules-available',
    'modules',
    'nginx.conf',
    'clusterproxy',
    'ssl',
    'certs',
    'private',
  ],
  ...[
    'haproxy',
    'haproxy.cfg',
    'letsencrypt',
    'live',
    'fullchain.pem',
    'privkey.pem',
    'services',
    'xinetd.d',
  ],
];

function namesOf(role: Role): readonly string[] {
  return [
    role.name,
    ...role.stages,
    ...role.units,
    ...Object.keys(role.facts),
    ...role.recipes.map(({ name }) => name),
    ...role.steps.map(({ id }) => id),
    ...role.handlers.map(({ id }) => id),
    ...role.guards.flatMap(({ id, description }) => [id, description]),
    ...role.verify.map(({ id }) => id),
    ...role.health.flatMap((check) => (check.kind === 'units' ? check.units : [])),
    ...role.handlers.flatMap(({ actions }) =>
      actions.flatMap((action) => ('unit' in action ? [action.unit] : [])),
    ),
  ].filter(isLiteral);
}

/** Every text in what steps get, recipes say and facts ask that has nothing to be filled in. */
function literalsOf({ steps, recipes, facts }: Role): readonly string[] {
  const written: Value[] = [
    ...steps.map(({ parameters }) => parameters),
    ...recipes.map(({ vars }) => ({ ...vars })),
    ...Object.values(facts).map((fact) => ({ ...fact })),
  ];
  return written.flatMap(textsIn);
}

function textsIn(value: Value): readonly string[] {
  if (typeof value === 'string') return isLiteral(value) ? [value] : segmentsOf(value).filter(isLiteral);
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [...keyTexts(key), ...textsIn(inner)]);
}

/** A key may be a path of keys, as `properties` and `yaml` take it. */
function keyTexts(key: string): readonly string[] {
  return isLiteral(key) ? [key, ...key.split('.')] : [];
}

function segmentsOf(text: string): readonly string[] {
  return text.includes('/') ? text.split('/').filter((segment) => segment !== '') : [];
}

function isLiteral(text: string): boolean {
  return !text.includes('{{') && !text.includes('{%') && text !== '';
}
