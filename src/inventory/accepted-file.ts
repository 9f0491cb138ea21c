import { access, readFile, realpath, stat } from 'node:fs/promises';
import { z } from 'zod';
import { takeLock } from '../document/brief-lock.ts';
import { reasonOf } from '../document/reason.ts';
import { replaceFile } from '../document/replace-file.ts';
import { schemaProblems } from '../document/schema-problems.ts';
import { readSourceFile } from '../document/source-file.ts';
import { YamlDocument } from '../document/yaml-document.ts';
import type { Value } from '../formats/keyed-format.ts';
import { yaml } from '../formats/yaml.ts';
import type { Accepted } from '../model/accepted.ts';
import { OperatorError, OperatorErrors, type Problem } from '../model/operator-error.ts';

/** The differences that people have accepted, as the file beside the inventory has them. */
export interface AcceptedFile {
  readonly file: string;
  readonly text: string;
  readonly entries: readonly Accepted[];
}

const line = z.string().regex(/^[^\u0000-\u001f\u007f]+$/, 'expected one line of text');
const moment = z.iso.datetime({ error: 'expected a time in UTC such as 2026-12-31T16:00:00Z' });
const entry = z.strictObject({
  host: line,
  path: line,
  key: line.optional(),
  value: z.string().regex(/^scrypt:[0-9a-f]{64}$/, 'expected the hash that clusterproxy accept wrote'),
  who: line,
  reason: line,
  since: moment,
  until: moment,
});

/** The form of the file: one list. */
export const acceptedSchema = z.strictObject({ accepted: z.array(entry).nullable() });

/** `prod.accepted.yaml`, beside `prod.yaml`. */
export function acceptedFileOf(inventoryFile: string): string {
  return `${inventoryFile.replace(/\.ya?ml$/, '')}.accepted.yaml`;
}

/**
 * The file beside an inventory; undefined if there is none. Throws OperatorErrors with its mistakes, each at
 * its place.
 */
export async function readAccepted(inventoryFile: string): Promise<AcceptedFile | undefined> {
  const file = acceptedFileOf(inventoryFile);
  const isThere = await access(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
  );
  if (!isThere) return undefined;
  const source = await readSourceFile(file, 'clusterproxy accept writes it');
  if (isBlank(source.text)) return { ...source, entries: [] };
  const document = new YamlDocument(source);
  const parsed = document.problems.length > 0 ? undefined : acceptedSchema.safeParse(document.value);
  if (parsed?.success) return { ...source, entries: parsed.data.accepted ?? [] };
  throw new OperatorErrors([
    ...document.problems,
    ...(parsed === undefined
      ? []
      : schemaProblems(document, acceptedSchema, document.value, {
          at: [],
          hint: () => 'see docs/accept.md',
        })),
  ]);
}

function isBlank(text: string): boolean {
  return text.split(/\r?\n/).every((one) => /^\s*(?:#.*)?$/.test(one));
}

/** Entries for hosts that the inventory doesn't have, or that leave the cluster. */
export function withoutHosts(
  accepted: AcceptedFile | undefined,
  hosts: readonly { readonly name: string; readonly state: string }[],
): readonly Problem[] {
  return (accepted?.entries ?? []).flatMap(({ host, path, who }): readonly Problem[] => {
    const known = hosts.find(({ name }) => name === host);
    if (known !== undefined && known.state !== 'retired') return [];
    const entry = `${accepted?.file}: ${who} accepted ${path} on ${host}`;
    return known === undefined
      ? [
          {
            code: 'accepted-host-unknown',
            message: `${entry}, which is not in the inventory`,
            next: 'take the entry out, or correct the name of the host',
          },
        ]
      : [
          {
            code: 'accepted-host-retired',
            message: `${entry}, which is retired and gets everything back as it was`,
            next: 'take the entry out: it would count again if the host came back',
          },
        ];
  });
}

/**
 * Writes the entries into the file, which is read anew; whatever else is in it, such as comments, stays. Two
 * who do that at once wait for each other.
 * Atomic: others see the old file or the new one. Throws an OperatorError `accepted-not-written`.
 */
export async function writeAccepted(
  inventoryFile: string,
  change: (entries: readonly Accepted[]) => readonly Accepted[],
): Promise<void> {
  const file = acceptedFileOf(inventoryFile);
  const place = await realpath(file).catch(() => file);
  const lock = await takeLock(place).catch((error: unknown) => {
    throw notWritten(file, error);
  });
  try {
    const now = await readAccepted(inventoryFile);
    const bytes = now === undefined ? undefined : await readFile(place, 'utf8');
    const text = editedText(bytes ?? preface, change(now?.entries ?? []));
    if (text === bytes) return;
    const former = now === undefined ? undefined : await stat(place);
    await replaceFile(place, text, {
      mode: former === undefined ? 0o644 : former.mode & 0o777,
      owner: former,
    });
  } catch (error) {
    if (error instanceof OperatorError || error instanceof OperatorErrors) throw error;
    throw notWritten(file, error);
  } finally {
    await lock.release();
  }
}

function notWritten(file: string, error: unknown): OperatorError {
  return new OperatorError({
    code: 'accepted-not-written',
    message: `${file} can't be written: ${reasonOf(error)}`,
    next: 'check the owner and the mode of the file and of its folder, and what is in it; nothing has changed',
  });
}

const preface =
  '# Differences on hosts that people have accepted for a while; written by `clusterproxy accept`.\n';

/** The text with these entries as its list. */
export function editedText(text: string, entries: readonly Accepted[]): string {
  return yaml.set(text, ['accepted'], entries.map(written));
}

function written({ host, path, key, value, who, reason, since, until }: Accepted): Value {
  return { host, path, ...(key === undefined ? {} : { key }), value, who, reason, since, until };
}
