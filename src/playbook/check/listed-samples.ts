import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { knownNamesHint } from '../../document/nearest-name.ts';
import { schemaProblems } from '../../document/schema-problems.ts';
import { readSourceFile } from '../../document/source-file.ts';
import { YamlDocument } from '../../document/yaml-document.ts';
import { OperatorErrors } from '../../model/operator-error.ts';

/** A folder with a host's files, as a list of samples names it. */
export interface ListedSample {
  readonly role: string;
  /** the folder's name */
  readonly name: string;
  /** the name that the files were written for; undefined if they hold none */
  readonly hostname: string | undefined;
  /** the host has these as well, whose unit files are not among its files */
  readonly units: readonly string[];
  /** that are installed */
  readonly packages: readonly string[];
}

const hosts = z.record(
  z.string(),
  z.array(
    z.strictObject({
      name: z.string().regex(/^[^/]+$/, 'expected the name of a folder beside this file'),
      hostname: z.string().optional(),
      units: z.array(z.string()).default([]),
      packages: z.array(z.string()).default([]),
    }),
  ),
);

/**
 * The hosts that `hosts.yaml` in a folder of samples lists by role, as an inventory would; undefined without
 * such a file. Throws OperatorErrors if it isn't of that form, or names what isn't there.
 */
export async function listedSamples(
  folder: string,
  roles: readonly string[],
): Promise<readonly ListedSample[] | undefined> {
  const source = await readSourceFile(join(folder, 'hosts.yaml'), '').catch(() => undefined);
  if (source === undefined) return undefined;
  const document = new YamlDocument(source);
  const problems =
    document.problems.length > 0 ? document.problems : schemaProblems(document, hosts, document.value);
  if (problems.length > 0) throw new OperatorErrors([...problems]);
  const listed = Object.entries(hosts.parse(document.value)).flatMap(([role, entries]) =>
    entries.map(({ name, hostname, units, packages }, index) => ({
      role,
      name,
      hostname,
      units,
      packages,
      index,
    })),
  );
  const missing = listed.flatMap(({ role, name, index }) => {
    if (!roles.includes(role)) {
      const message = `the playbook has no role ${role}`;
      const mistake = { code: 'unknown-role', message, next: knownNamesHint(role, roles) };
      return [document.problem([role], { part: 'key', ...mistake })];
    }
    if (existsSync(join(folder, name))) return [];
    const message = `there is no folder ${name} beside this file`;
    const mistake = { code: 'wrong-value', message, next: 'correct the name, or remove the entry' };
    return [document.problem([role, index, 'name'], mistake)];
  });
  if (missing.length > 0) throw new OperatorErrors(missing);
  return listed;
}
