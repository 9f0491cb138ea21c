import { valueAt } from '../document/schema-problems.ts';
import type { YamlDocument, YamlPath } from '../document/yaml-document.ts';
import type { Value } from '../formats/keyed-format.ts';
import type { Location, Problem } from '../model/operator-error.ts';
import type { Playbook } from '../model/playbook.ts';
import { isSecretReference, type SecretReference } from '../secrets/reference.ts';
import { referenceId } from '../secrets/resolve.ts';
import { secrecyOf } from '../secrets/secret-name.ts';
import { hostEntries, mapOf } from './host-entries.ts';
import type { Inventory } from './inventory.ts';

/** The keys below `ssh` that hold a secret, and their names in SshSettings. */
const sshKeys = { password: 'password', passphrase: 'passphrase', sudo_password: 'sudoPassword' } as const;
type SshKey = keyof typeof sshKeys;

/** A secret that a host, or the cluster as a whole, gets from the inventory. */
export interface SecretUse {
  /** undefined: the cluster's, where nothing else is said for a host */
  readonly host: string | undefined;
  readonly for:
    | { readonly kind: 'variable'; readonly name: string }
    | { readonly kind: 'ssh'; readonly key: SshKey };
  /** where it is to be had, or the secret itself */
  readonly value: SecretReference | string;
  readonly location: Location;
}

/** Texts of an inventory that are secrets themselves, whatever else is wrong with it: nobody may see them in a message. */
export function literalSecrets(document: YamlDocument, playbook: Playbook | undefined): readonly string[] {
  return literals(document, playbook).flatMap(({ value }) => textsWithin(value));
}

/** Secrets that stand in the inventory itself, each with how to move it out. */
export function literalWarnings(document: YamlDocument, playbook: Playbook): readonly Problem[] {
  return literals(document, playbook).map(({ path, place }) =>
    document.problem(path, {
      code: 'literal-secret',
      message: `${place} stands in the inventory itself, where backups, mails and version control find it`,
      next:
        place.startsWith('ssh.') || place.startsWith('the secret')
          ? 'write where it is to be had instead: {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}'
          : `let the playbook declare it with "type: secret"; then the inventory can say where it is to be had: {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}`,
    }),
  );
}

interface Literal {
  readonly path: YamlPath;
  readonly place: string;
  readonly value: unknown;
}

function literals(document: YamlDocument, playbook: Playbook | undefined): readonly Literal[] {
  const holders: readonly YamlPath[] = [[], ...hostEntries(document.value).map(({ path }) => path)];
  return holders.flatMap((holder) => [
    ...Object.entries(mapOf(valueAt(document.value, [...holder, 'vars']))).flatMap(([name, value]) => {
      const path = [...holder, 'vars', name];
      const variable =
        playbook !== undefined && Object.hasOwn(playbook.variables, name)
          ? playbook.variables[name]
          : undefined;
      if (variable?.type === 'secret') {
        return isText(value) ? [{ path, place: `the secret ${name}`, value }] : [];
      }
      const types = ['string', 'list', 'map', undefined];
      return types.includes(variable?.type) ? namedSecrets(path, name, value) : [];
    }),
    ...Object.keys(sshKeys).flatMap((key) => {
      const path = [...holder, 'ssh', key];
      const value = valueAt(document.value, path);
      return isText(value) ? [{ path, place: `ssh.${key}`, value }] : [];
    }),
  ]);
}

/** Values below a name that says that they are secret. */
function namedSecrets(path: YamlPath, name: string, value: unknown): readonly Literal[] {
  const secrecy = secrecyOf(name);
  if (secrecy !== 'none' && !isSecretReference(value)) {
    const texts = textsWithin(value).filter((text) => secrecy === 'always' || !isPlain(text));
    return texts.length === 0 ? [] : [{ path, place: `the value of ${name}`, value: texts }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    namedSecrets(
      [...path, Array.isArray(value) ? Number(key) : key],
      Array.isArray(value) ? name : key,
      item,
    ),
  );
}

function isText(value: unknown): boolean {
  return (typeof value === 'string' && value.trim() !== '') || typeof value === 'number';
}

/** A setting rather than a secret. */
function isPlain(text: string): boolean {
  return /^(?:true|false|yes|no|on|off|none|\d{1,5}|\/.*)$/i.test(text);
}

function textsWithin(value: unknown): readonly string[] {
  if (isText(value)) return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsWithin) : [];
}

/** Every secret that a host that is in use gets; a variable only where the playbook's text names it. */
export function secretUses(
  document: YamlDocument,
  playbook: Playbook,
  hosts: readonly { readonly name: string; readonly state: 'active' | 'retired' }[],
): readonly SecretUse[] {
  const declared = Object.entries(playbook.variables).flatMap(([name, { type }]) =>
    type === 'secret' && isMentioned(playbook, name) ? [name] : [],
  );
  const at = (host: string | undefined, holder: YamlPath, place: SecretUse['for']): readonly SecretUse[] => {
    const [group, key] = place.kind === 'ssh' ? ['ssh', place.key] : ['vars', place.name];
    const own = [...holder, group, key];
    const path = valueAt(document.value, own) === undefined ? [group, key] : own;
    const value = valueAt(document.value, path);
    if (typeof value !== 'string' && !isSecretReference(value)) return [];
    return [{ host, for: place, value, location: document.location(path) }];
  };
  const variables = declared.map((name) => ({ kind: 'variable', name }) as const);
  const connections = (Object.keys(sshKeys) as SshKey[]).map((key) => ({ kind: 'ssh', key }) as const);
  const entries = hostEntries(document.value);
  return [
    ...(hosts.length === 0 ? variables.flatMap((place) => at(undefined, [], place)) : []),
    ...hosts.flatMap(({ name, state }) => {
      const path = entries.find(({ data }) => data.name === name)?.path ?? [];
      const places = state === 'active' ? [...variables, ...connections] : connections;
      return places.flatMap((place) => at(name, path, place));
    }),
  ];
}

/** Whether anything of a playbook could use a variable: its name stands somewhere behind its declaration. */
function isMentioned({ text, roles }: Playbook, name: string): boolean {
  const word = new RegExp(`(?<![\\w-])${name}(?![\\w-])`, 'g');
  const templates = roles.flatMap((role) => role.steps.flatMap(({ template }) => template?.text ?? []));
  const declarations = 1;
  return (text.match(word)?.length ?? 0) > declarations || templates.some((one) => one.search(word) !== -1);
}

/** The inventory with secrets in place of references; `values` by `referenceId`. What isn't among them stays open. */
export function withSecrets(inventory: Inventory, values: ReadonlyMap<string, string>): Inventory {
  const resolved = ({ value }: SecretUse) =>
    typeof value === 'string' ? value : values.get(referenceId(value));
  const variablesOf = (uses: readonly SecretUse[]): Record<string, Value> =>
    Object.fromEntries(
      uses.flatMap((use) => {
        const value = resolved(use);
        return use.for.kind === 'variable' && value !== undefined ? [[use.for.name, value] as const] : [];
      }),
    );
  const connectionOf = (uses: readonly SecretUse[]) =>
    Object.fromEntries(
      uses.flatMap((use) => {
        const value = resolved(use);
        if (use.for.kind !== 'ssh' || value === undefined) return [];
        return [[sshKeys[use.for.key], () => Promise.resolve(value)] as const];
      }),
    );
  const usesOf = (host: string | undefined) => inventory.secrets.filter((use) => use.host === host);
  return {
    ...inventory,
    vars: { ...inventory.vars, ...variablesOf(usesOf(undefined)) },
    hosts: inventory.hosts.map((host) => {
      const uses = usesOf(host.name);
      return {
        ...host,
        vars: { ...host.vars, ...variablesOf(uses) },
        ssh: { ...host.ssh, ...connectionOf(uses) },
      };
    }),
  };
}
