import { valueAt } from '../document/found-value.ts';
import type { YamlDocument, YamlPath } from '../document/yaml-document.ts';
import type { Problem } from '../model/operator-error.ts';
import type { Playbook } from '../model/playbook.ts';
import { secrecyOf } from '../secrets/name-rules.ts';
import { isSecretReference } from '../secrets/reference.ts';
import { hostEntries, mapOf } from './host-entries.ts';
import { sshKeys } from './secret-use.ts';

/**
 * Texts of an inventory that are secrets themselves, even if the inventory has mistakes: no message may show
 * them.
 */
export function literalSecrets(document: YamlDocument, playbook: Playbook | undefined): readonly string[] {
  return literals(document, playbook).flatMap(({ path, value }) => {
    const plain = typeof value === 'number' ? document.plain(path) : undefined;
    return [...writtenIn(value), ...(plain === undefined ? [] : [plain])];
  });
}

/** Warnings about secrets written in the inventory itself, each with how to move it out. */
export function literalWarnings(document: YamlDocument, playbook: Playbook): readonly Problem[] {
  return literals(document, playbook).map(({ path, place }) =>
    document.problem(path, {
      code: 'literal-secret',
      message: `${place} is written in the inventory itself, and so gets into backups, mails and version control`,
      next:
        place.startsWith('ssh.') || place.startsWith('the secret')
          ? 'replace it with a reference: {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}'
          : `declare it with "type: secret" in the playbook; then the inventory can hold a reference: {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}`,
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

/** Values below a name that marks them as secret. */
function namedSecrets(path: YamlPath, name: string, value: unknown): readonly Literal[] {
  const secrecy = secrecyOf(name);
  if (secrecy !== 'none' && !isSecretReference(value)) {
    const texts = writtenIn(value).filter((text) => secrecy === 'always' || !isPlain(text));
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

/** Every text and number within a value, as text. */
function writtenIn(value: unknown): readonly string[] {
  if (isText(value)) return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(writtenIn) : [];
}
