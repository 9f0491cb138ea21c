import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readSourceFile } from '../../document/source-file.ts';
import { YamlDocument } from '../../document/yaml-document.ts';
import type { Value } from '../../formats/keyed-format.ts';
import type { Inventory, InventoryHost } from '../../inventory/inventory.ts';
import { toValue, variableMistake } from '../../inventory/variables.ts';
import { OperatorErrors, type Problem } from '../../model/operator-error.ts';
import type { PackageManager } from '../../model/package-manager.ts';
import type { Playbook, Role, Variable } from '../../model/playbook.ts';
import { type Answer, type Query, queriesIn, queryKey } from '../../model/reads.ts';
import { type Snapshot, stateIn } from '../../model/snapshot.ts';
import type { LoadedPlaybook } from '../../steps/loaded-playbook.ts';
import { readsOf } from '../resolve/reads.ts';
import { type ListedSample, listedSamples } from './listed-samples.ts';
import { snapshotOf } from './sample-snapshot.ts';

/** A host on which a playbook is tried. */
export interface Sample {
  readonly name: string;
  readonly role: string;
  /** the host's root; undefined if the host is made up, with nothing on it */
  readonly folder: string | undefined;
  /** for a made-up host, whose facts would choose no recipe */
  readonly recipe: string | undefined;
  /** the name that its files were written for; undefined if they hold none */
  readonly hostname: string | undefined;
  /** in addition to those whose unit files are there */
  readonly units: readonly string[];
  /** in addition to those in its var/lib/dpkg/status */
  readonly packages: readonly string[];
  /** false: its files are an excerpt, so that a step may lack what it needs */
  readonly isWhole: boolean;
  readonly manager: PackageManager;
}

/**
 * The sample hosts of a playbook: the folders `samples/ROLE/NAME` beside it, each the root of a host; for a
 * playbook that shares its folder with others, those that `samples/PLAYBOOK/hosts.yaml` lists. A role without
 * any gets made-up hosts with nothing on them, one for each recipe and family of systems.
 */
export async function samplesOf(playbook: Playbook): Promise<readonly Sample[]> {
  const folder = samplesBeside(playbook);
  const roles = playbook.roles.map(({ name }) => name);
  const listed = await listedSamples(join(folder, playbook.name), roles);
  const found = await Promise.all(
    playbook.roles.map(async (role) => {
      const samples =
        listed === undefined
          ? await samplesIn(role, join(folder, role.name))
          : listed
              .filter((one) => one.role === role.name)
              .map((one) => excerpt(one, join(folder, playbook.name, one.name)));
      return samples.length > 0 ? samples : madeUpHosts(role);
    }),
  );
  return found.flat();
}

/** What is known of a sample beside its files. */
const nothingMore = { recipe: undefined, hostname: undefined, units: [], packages: [] } as const;

function samplesBeside({ file }: Playbook): string {
  return join(dirname(file), 'samples');
}

async function samplesIn({ name: role }: Role, folder: string): Promise<readonly Sample[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return names.sort().map((name) => ({
    ...{ ...nothingMore, name: `${role}-${name}`, role, folder: join(folder, name) },
    ...{ isWhole: true, manager: managerIn(join(folder, name)) },
  }));
}

function excerpt({ role, name, ...more }: ListedSample, folder: string): Sample {
  return {
    name: name.startsWith(role) ? name : `${role}-${name}`,
    ...{ ...nothingMore, ...more, role, folder, isWhole: false, manager: managerIn(folder) },
  };
}

function managerIn(folder: string): PackageManager {
  return existsSync(join(folder, 'etc/redhat-release')) ? 'dnf' : 'apt-get';
}

function madeUpHosts(role: Role): readonly Sample[] {
  // Nothing is done to its hosts.
  if (role.steps.length === 0) return [];
  const recipes = role.recipes.length === 0 ? [undefined] : role.recipes.map(({ name }) => name);
  return recipes.flatMap((recipe) =>
    families.map(([family, manager]) => ({
      name: [role.name, ...(recipe === undefined ? [] : [recipe]), family].join('-'),
      ...{ ...nothingMore, role: role.name, folder: undefined, recipe, isWhole: false, manager },
    })),
  );
}

const families = [
  ['debian', 'apt-get'],
  ['rhel', 'dnf'],
] as const;

/**
 * The values with which it is tried: those of `samples/vars.yaml`, or else the playbook's defaults, or else
 * values made up by type. Throws OperatorErrors if a value in that file is wrong.
 */
export async function sampleVariables(playbook: Playbook): Promise<Readonly<Record<string, Value>>> {
  const own = await ownValues(playbook, join(samplesBeside(playbook), 'vars.yaml'));
  return Object.fromEntries(
    Object.entries(playbook.variables).map(([name, variable]) => [
      name,
      own[name] ?? variable.default ?? madeUp(variable),
    ]),
  );
}

async function ownValues(playbook: Playbook, file: string): Promise<Readonly<Record<string, Value>>> {
  const source = await readSourceFile(file, '').catch(() => undefined);
  if (source === undefined) return {};
  const document = new YamlDocument(source);
  const values = (document.value ?? {}) as Readonly<Record<string, unknown>>;
  const problems: Problem[] = [...document.problems];
  for (const [name, value] of Object.entries(values)) {
    const variable = playbook.variables[name];
    const mistake =
      variable === undefined
        ? { code: 'unknown-variable', message: `the playbook has no variable ${name}`, next: 'remove it' }
        : variableMistake(variable, value, document.plain([name]));
    if (mistake !== undefined) problems.push(document.problem([name], mistake));
  }
  if (problems.length > 0) throw new OperatorErrors(problems);
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toValue(value)]));
}

function madeUp({ type, values }: Variable): Value {
  switch (type) {
    case 'integer':
    case 'number':
      return 1;
    case 'port':
      return 8080;
    case 'duration':
      return '1m';
    case 'boolean':
      return false;
    case 'list':
      return [];
    case 'map':
      return {};
    case 'enum':
      return values[0] ?? '';
    case 'hostname':
      return 'host.example.com';
    case 'path':
      return '/srv/example';
    case 'url':
      return 'https://example.com/';
    case 'secret':
      return 'made-up-secret';
    case 'string':
      return 'example';
  }
}

/** An inventory of the sample hosts, with these variables. No connection is made to any of them. */
export function sampleInventory(
  playbook: LoadedPlaybook,
  vars: Readonly<Record<string, Value>>,
  samples: readonly Sample[],
): Inventory {
  const hosts = samples.map(
    ({ name, role, recipe, hostname }, index): InventoryHost => ({
      ...{
        name,
        role,
        recipe,
        vars,
        hostname: hostname ?? `${name}.example.com`.replaceAll('_', '-'),
        address: `192.0.2.${(index % 254) + 1}`,
      },
      state: 'active',
      ssh: nowhere,
    }),
  );
  return {
    file: join(dirname(playbook.file), 'inventory.yaml'),
    ...{ text: '', playbook, playbookText: playbook.text, vars, external: new Set<string>(), hosts },
    cluster: { name: 'sample', hostname: 'cluster.example.com' },
    whenBusy: { all: undefined, roles: new Map() },
    maxUnavailable: { all: undefined, roles: new Map() },
    secrets: [],
    listSecrets: new Map(),
    warnings: [],
  };
}

const nowhere: InventoryHost['ssh'] = {
  ...{ host: '192.0.2.1', port: 22, user: 'root', become: undefined, connectTimeout: 1 },
  ...{ identityFiles: [], hostKeys: [], knownHostsFiles: [] },
};

/** What a probe would find on a sample host. */
export function sampleSnapshot(inventory: Inventory, host: InventoryHost, sample: Sample): Snapshot {
  const reads = readsOf(inventory, host);
  const folders = sample.folder === undefined ? [] : [sample.folder];
  const os =
    sample.manager === 'dnf'
      ? { id: 'rhel', name: 'a made-up Red Hat' }
      : { id: 'debian', name: 'a made-up Debian' };
  const { manager: packageManager, units } = sample;
  const bare = snapshotOf({ name: host.name, folders, os, packageManager, units }, reads);
  const answers = new Map(bare.answers);
  for (const query of queriesIn(reads)) {
    const answer = answerFrom(bare, query);
    if (!answers.has(queryKey(query)) && answer !== undefined) answers.set(queryKey(query), answer);
  }
  const known = [...folders.flatMap(statusOf), ...sample.packages.map((name) => [name, ''] as const)];
  const packages = new Map(known.filter(([name]) => reads.packages.includes(name)));
  const snapshot = { ...bare, answers, packages };
  if (sample.isWhole) return snapshot;
  // If a step lacks something on it, that isn't the step's mistake: it is "known after" there is something on
  // the host.
  return { ...snapshot, pending: { after: nothing, packages: new Set(), units: new Set() } };
}

const nothing = 'something is on the host';

/**
 * What can be answered without a host: nobody is connected, nothing runs, and the files are those of the
 * sample.
 */
function answerFrom(snapshot: Snapshot, { kind, args }: Query): Answer | undefined {
  if (kind === 'certificate') return { status: 1, output: 'it is not there' };
  const [program, option, path = ''] = args;
  if (kind !== 'command' || program !== 'test' || option === undefined) return { status: 0, output: '' };
  const state = stateIn(snapshot, path);
  if (state === undefined) return undefined;
  return { status: state.kind === 'absent' ? 1 : 0, output: '' };
}

/** The packages in a sample's var/lib/dpkg/status, with their versions. */
function statusOf(folder: string): readonly (readonly [string, string])[] {
  const text = readText(join(folder, 'var/lib/dpkg/status'));
  return text.split('\n\n').flatMap((paragraph) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1];
    const name = field('Package');
    return name === undefined || !field('Status')?.endsWith(' installed')
      ? []
      : [[name, field('Version') ?? ''] as const];
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
