import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { readSourceFile } from '../../document/source-file.ts';
import { YamlDocument } from '../../document/yaml-document.ts';
import { findInventory, surroundingsHere } from '../../inventory/default/find.ts';
import { hostNamePattern } from '../../inventory/names.ts';
import { listCodes } from '../../manual/explain-code.ts';
import { findPage } from '../../manual/find-page.ts';
import { headingsOf as pageHeadings } from '../../manual/headings.ts';
import { readManual } from '../../manual/read-manual.ts';
import { packageRoot } from '../../package-root.ts';
import { logsFolder, logsIn } from '../../record/folder.ts';
import { home } from '../../ssh/config/home.ts';
import type { Environment } from '../environment.ts';
import type { Understood, Wanted } from './wanted.ts';

export interface Candidate {
  readonly value: string;
  /** one line, or nothing */
  readonly means: string;
}

/** Nobody reads more. */
const mostRuns = 50;

/** What could stand there. Nothing is connected to, and no code of a playbook or an inventory is run. */
export async function candidatesFor(
  { wanted, inventory }: Understood,
  environment: Environment,
): Promise<readonly Candidate[]> {
  switch (wanted.kind) {
    case 'options':
      return optionsOf(wanted.command);
    case 'commands':
      return commandsOf(wanted.command);
    case 'choices':
      return wanted.values.map((value) => ({ value, means: '' }));
    case 'headings':
      return headingsOf(wanted.page);
    default:
      return named(wanted.kind, inventory, environment);
  }
}

async function named(
  kind: Exclude<Wanted['kind'], 'options' | 'commands' | 'choices' | 'headings'>,
  inventory: string | undefined,
  environment: Environment,
): Promise<readonly Candidate[]> {
  switch (kind) {
    case 'hosts':
    case 'hosts-and-roles': {
      const roles = await rolesIn(inventory, environment);
      const hosts = roles.flatMap(({ role, names }) => names.map((value) => ({ value, means: role })));
      const own = roles.map(({ role: value, names }) => ({ value, means: `role, hosts: ${names.length}` }));
      return kind === 'hosts' ? hosts : [...hosts, ...own];
    }
    case 'clusters': {
      const { clustersNamed } = await import('./clusters-named.ts');
      const clusters = inventory === undefined ? [] : await clustersNamed(inventory);
      return clusters.map(({ name, file }) => ({ value: name, means: file }));
    }
    case 'runs':
      return runs(environment);
    case 'codes':
      return listCodes(await readManual()).map(({ code, section }) => ({ value: code, means: section }));
    case 'pages':
      return (await readManual()).map(({ name, text }) => ({
        value: name.replace(/\.md$/, ''),
        means: /^# (.*)/.exec(text)?.[1] ?? '',
      }));
    case 'playbooks': {
      const files = await readdir(join(packageRoot(), 'playbooks'));
      return files.flatMap((file) =>
        file.endsWith('.yaml') ? [{ value: file.replace(/\.yaml$/, ''), means: '' }] : [],
      );
    }
    default:
      return [];
  }
}

async function headingsOf(wanted: string): Promise<readonly Candidate[]> {
  const { page } = findPage(wanted, undefined, await readManual());
  return pageHeadings(page.text)
    .filter(({ level }) => level > 1)
    .map(({ anchor, title }) => ({ value: anchor, means: title }));
}

function optionsOf(command: Command): readonly Candidate[] {
  const { options } = command;
  const help = { long: '--help', hidden: false, description: 'print help' };
  return [...options, help].flatMap(({ long, hidden, description }) =>
    long === undefined || long === null || hidden ? [] : [{ value: long, means: description }],
  );
}

function commandsOf(command: Command): readonly Candidate[] {
  const own = command.commands.map((one) => ({
    value: one.name(),
    means: /^.*?[.:](?= |$)/.exec(one.description())?.[0].slice(0, -1) ?? one.description(),
  }));
  return [...own, { value: 'help', means: 'print help for a command' }];
}

/**
 * The hosts by role, as the inventory's text has them: its playbook isn't read, since that may have code of
 * its own, and whatever is no proper name is left out.
 */
async function rolesIn(
  given: string | undefined,
  { variables }: Environment,
): Promise<readonly { readonly role: string; readonly names: readonly string[] }[]> {
  const file =
    given === undefined
      ? (await findInventory(surroundingsHere(variables))).path
      : given.replace(/^~(?=\/)/, home());
  // A named pipe would be waited for.
  if (!(await stat(file)).isFile()) return [];
  const { value } = new YamlDocument(await readSourceFile(file, ''));
  const hosts = (value as { readonly hosts?: unknown } | undefined)?.hosts;
  if (typeof hosts !== 'object' || hosts === null) return [];
  return Object.entries(hosts).flatMap(([role, list]) => {
    if (!hostNamePattern.test(role) || !Array.isArray(list)) return [];
    const names = list.flatMap((one: unknown) => {
      const name = typeof one === 'object' && one !== null ? (one as { name?: unknown }).name : undefined;
      return typeof name === 'string' && hostNamePattern.test(name) ? [name] : [];
    });
    return [{ role, names }];
  });
}

async function runs({ variables }: Environment): Promise<readonly Candidate[]> {
  const logs = await logsIn(logsFolder(variables.XDG_STATE_HOME, home()));
  return logs
    .filter(({ name }) => /^\d{8}T\d{6}Z-[0-9a-f]{6}(?:-\d+)?$/.test(name))
    .slice(0, mostRuns)
    .map(({ name, at }) => ({
      value: name,
      means: `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    }));
}
